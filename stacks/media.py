"""The media pipeline: uploads, the state machine they start, and what MediaConvert may touch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeFunction,
    MarqueeStack,
    MarqueeTable,
    Outbox,
    Route,
    acknowledge,
    add_alarm,
    add_routes,
    dead_letter_queue,
    subscribe,
)
from stacks.components.alarms import PERIOD
from stacks.environment import Environment

PIPELINE = Path("statemachines/media_pipeline.asl.json")

UPLOADS = "uploads/*"
PACKAGED = "m/*"
WORK = "work/*"
ART = "art/*"

ABANDONED_UPLOADS = Duration.days(7)
"""A slow upload over a week's line; parts of a dead one cost storage until then."""

COLD_AFTER = Duration.days(30)
"""Mezzanines are read once, and again only to be packaged anew. Glacier Instant Retrieval keeps
that possible without waiting."""

_ASSET_INDEX = ("listing", "asset_id")
_ASSET_SUMMARY = [
    "kind",
    "name",
    "file_name",
    "size_bytes",
    "upload_id",
    "status",
    "created_at",
    "version",
    "checksum",
    "progress_percent",
    "failure",
    "package",
    "episode_of",
    "maturity",
]


class MediaStack(MarqueeStack):
    """From an uploaded file to a packaged, encrypted, verified film in the origin bucket."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        packaged_bucket: s3.IBucket,
        api: HttpApiRef,
        speke_url: str,
        speke_invoke_arn: str,
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        self._env = env
        self._packaged = packaged_bucket
        self._mezzanine = self._mezzanine_bucket()
        self._table = self._media_table()
        mediaconvert_role = self._mediaconvert_role(speke_invoke_arn)
        steps = self._steps(speke_url)
        self.pipeline = self._pipeline(steps, mediaconvert_role)
        self._watch_pipeline()
        self._start_on_upload()
        self._follow_progress()
        self._hear_of_endings()
        self._staff_api(api)
        self._remove_deleted()
        self._acknowledge_grants()

    def _acknowledge_grants(self) -> None:
        for action in ("GetObject", "GetBucket", "List", "Abort"):
            acknowledge(
                self,
                f"AwsSolutions-IAM5[Action::s3:{action}*]",
                "CDK's bucket grants; each is bound to one bucket and one folder of it.",
            )
        for action in ("ReEncrypt", "GenerateDataKey"):
            acknowledge(
                self,
                f"AwsSolutions-IAM5[Action::kms:{action}*]",
                "CDK's grant to write under the mezzanine key, and under no other key.",
            )
        for bucket, folders in (
            (self._mezzanine, (UPLOADS,)),
            (self._packaged, (PACKAGED, WORK, ART)),
        ):
            for folder in folders:
                acknowledge(
                    self,
                    f"AwsSolutions-IAM5[Resource::{self._seen_by_checks(bucket)}/{folder}]",
                    "Films come and go, so roles are given a folder, not objects by name.",
                )
        pipeline = self.resolve(self.pipeline.state_machine_arn)["Ref"]
        acknowledge(
            self,
            f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:{self.region}:{self.account}:"
            'execution:{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"' + pipeline + '"}]}]}:*]',
            "Executions get their names when they start; staff may cancel any of this pipeline's.",
        )
        for resource in ("queues", "jobs"):
            acknowledge(
                self,
                f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:mediaconvert:{self.region}:"
                f"{self.account}:{resource}/*]",
                "Jobs have no names before they are made, and the account's default queue has "
                "none that a template knows.",
            )
        acknowledge(
            self,
            "AwsSolutions-IAM5[Resource::*]",
            "MediaConvert's Probe has no resource to name; nor have X-Ray's segments and the "
            "delivery of the state machine's log.",
        )
        acknowledge(
            self.pipeline,
            "AwsSolutions-SF1",
            "Errors are logged; the history of each film stays in Step Functions for 90 days and "
            "in the asset's own steps.",
        )
        acknowledge(
            self._mezzanine,
            "AwsSolutions-S1",
            "Uploads and reads are by four roles of this stack; each asset records its own.",
        )

    def _seen_by_checks(self, bucket: s3.IBucket) -> str:
        """How cdk-nag writes a bucket's ARN: by logical id, or by export from another stack."""
        owner = Stack.of(bucket)
        if owner is not self:
            return str(self.resolve(owner.export_value(bucket.bucket_arn))["Fn::ImportValue"])
        return f"<{self.resolve(bucket.bucket_arn)['Fn::GetAtt'][0]}.Arn>"

    def _mezzanine_bucket(self) -> s3.Bucket:
        env = self._env
        key = kms.Key(
            self,
            "MezzanineKey",
            alias=f"alias/marquee-{env.name}-mezzanine",
            description="Encrypts films as they were uploaded",
            multi_region=True,
            enable_key_rotation=True,
            removal_policy=env.removal_policy,
        )
        bucket = s3.Bucket(
            self,
            "Mezzanine",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            versioned=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=env.viewer_protocol == "redirect-to-https",
            removal_policy=env.removal_policy,
            cors=[
                s3.CorsRule(
                    allowed_origins=[env.public_origin],
                    allowed_methods=[s3.HttpMethods.PUT],
                    allowed_headers=["content-type", "x-amz-checksum-sha256"],
                    exposed_headers=["ETag", "x-amz-checksum-sha256"],
                    max_age=3600,
                )
            ],
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=ABANDONED_UPLOADS,
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
                            transition_after=COLD_AFTER,
                        )
                    ],
                    noncurrent_version_expiration=COLD_AFTER,
                )
            ],
        )
        # The L2 property would deploy a hidden function to switch this on.
        resource = bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                event_bridge_enabled=True
            )
        )
        return bucket

    @property
    def uploads_url(self) -> str:
        """The folder that signed parts are sent to, as their addresses begin."""
        host = f"https://{self._mezzanine.bucket_regional_domain_name}"
        if self._env.s3_endpoint is not None:
            host = f"{self._env.s3_endpoint}/{self._mezzanine.bucket_name}"
        return f"{host}/{UPLOADS.removesuffix('*')}"

    def _media_table(self) -> MarqueeTable:
        partition, sort = (
            dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
            for name in _ASSET_INDEX
        )
        table = MarqueeTable(
            self,
            "Media",
            env=self._env,
            outbox=True,
            indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="by_creation",
                    partition_key=partition,
                    sort_key=sort,
                    projection_type=dynamodb.ProjectionType.INCLUDE,
                    non_key_attributes=_ASSET_SUMMARY,
                )
            ],
        )
        Outbox(self, "Outbox", env=self._env, table=table, domain="media")
        return table

    def _mediaconvert_role(self, speke_invoke_arn: str) -> iam.Role:
        """What MediaConvert becomes while it works for us."""
        role = iam.Role(
            self, "MediaConvertRole", assumed_by=iam.ServicePrincipal("mediaconvert.amazonaws.com")
        )
        self._mezzanine.grant_read(role, UPLOADS)
        self._packaged.grant_put(role, PACKAGED)
        self._packaged.grant_put(role, WORK)
        role.add_to_policy(
            iam.PolicyStatement(actions=["execute-api:Invoke"], resources=[speke_invoke_arn])
        )
        return role

    def _steps(self, speke_url: str) -> dict[str, MarqueeFunction]:
        """The functions that the state machine calls, by the names its definition uses."""
        record = self._function(
            "Record",
            handler="record",
            table_actions=["GetItem", "Query", "PutItem", "UpdateItem"],
            description="Claims uploads, plans jobs, publishes assets and explains failures",
            environment={
                "PACKAGED_BUCKET": self._packaged.bucket_name,
                "SPEKE_URL": speke_url,
                "MARQUEE_ENVIRONMENT": self._env.name,
            },
        )
        probe = self._function(
            "Probe",
            handler="probe",
            table_actions=["Query", "PutItem", "UpdateItem"],
            timeout=Duration.minutes(4),
            description="Looks into uploaded files",
        )
        # Probe reads S3 with its caller's credentials, not with a role of MediaConvert's.
        self._mezzanine.grant_read(probe, UPLOADS)
        probe.role.add_to_policy(
            # Probe has no resource to name (service authorization reference, MediaConvert).
            iam.PolicyStatement(actions=["mediaconvert:Probe"], resources=["*"])
        )
        package = self._function(
            "Package",
            handler="package",
            table_actions=["PutItem", "UpdateItem"],
            timeout=Duration.minutes(4),
            memory_mb=1024,
            description="Chooses posters, writes manifests and verifies packages",
            environment={
                "PACKAGED_BUCKET": self._packaged.bucket_name,
                "CLEARKEY": str(self._env.clearkey).lower(),
            },
        )
        for pattern in (PACKAGED, WORK):
            self._packaged.grant_read(package, pattern)
        for pattern in (PACKAGED, ART):
            self._packaged.grant_put(package, pattern)
        return {"Record": record, "Probe": probe, "Package": package}

    def _pipeline(
        self, steps: dict[str, MarqueeFunction], mediaconvert_role: iam.Role
    ) -> sfn.StateMachine:
        env = self._env
        role = iam.Role(
            self, "PipelineRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com")
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["mediaconvert:CreateJob"],
                resources=[self._arn("mediaconvert", "queues"), self._arn("mediaconvert", "jobs")],
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["mediaconvert:GetJob", "mediaconvert:CancelJob"],
                resources=[self._arn("mediaconvert", "jobs")],
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[mediaconvert_role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "mediaconvert.amazonaws.com"}},
            )
        )
        # How createJob.sync hears that a job ended: a rule that Step Functions makes itself.
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["events:PutTargets", "events:PutRule", "events:DescribeRule"],
                resources=[
                    self.format_arn(
                        service="events",
                        resource="rule",
                        resource_name="StepFunctionsGetEventsForMediaConvertJobRule",
                    )
                ],
            )
        )
        for step in steps.values():
            step.alias.grant_invoke(role)
        return sfn.StateMachine(
            self,
            "Pipeline",
            state_machine_type=sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_string(PIPELINE.read_text(encoding="utf-8")),
            definition_substitutions={
                "MediaConvertRole": mediaconvert_role.role_arn,
                **{name: step.alias.function_arn for name, step in steps.items()},
            },
            role=role,
            tracing_enabled=True,
            removal_policy=env.removal_policy,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(
                    self,
                    "PipelineLog",
                    # The prefix that keeps CloudWatch's resource policy from growing per group.
                    log_group_name=f"/aws/vendedlogs/states/marquee-{env.name}-media-pipeline",
                    retention=env.log_retention,
                    removal_policy=env.removal_policy,
                ),
                level=sfn.LogLevel.ERROR,
                include_execution_data=False,
            ),
        )

    def _watch_pipeline(self) -> None:
        # Refused films end well; these are failures of ours.
        for construct_id, metric in (
            ("Failed", self.pipeline.metric_failed(period=PERIOD)),
            ("TimedOut", self.pipeline.metric_timed_out(period=PERIOD)),
        ):
            add_alarm(
                self,
                f"Pipeline{construct_id}",
                env=self._env,
                metric=metric,
                says="A film could not be processed for a reason of ours. GET /v1/assets shows "
                "which one and why; POST /v1/assets/{asset_id}/retry runs it again.",
            )

    def _start_on_upload(self) -> None:
        failures = dead_letter_queue(self, "LostUploads", env=self._env)
        events.Rule(
            self,
            "Uploaded",
            description="A film is uploaded",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [self._mezzanine.bucket_name]},
                    # Captions lie beside the film and start nothing.
                    "object": {"key": [{"wildcard": f"{UPLOADS}/source"}]},
                },
            ),
            targets=[
                targets.SfnStateMachine(
                    self.pipeline,
                    dead_letter_queue=failures,
                    max_event_age=Duration.hours(24),
                    retry_attempts=185,
                )
            ],
        )

    def _follow_progress(self) -> None:
        progress = self._function(
            "Progress",
            handler="progress",
            table_actions=["UpdateItem"],
            description="Notes how far transcoding jobs are",
        )
        events.Rule(
            self,
            "TranscodeProgress",
            description="A transcoding job of this environment says how far it is",
            event_pattern=events.EventPattern(
                source=["aws.mediaconvert"],
                detail_type=["MediaConvert Job State Change"],
                detail={
                    "status": ["STATUS_UPDATE"],
                    "userMetadata": {"environment": [self._env.name]},
                },
            ),
            # Progress that is late is worthless: the next event carries more.
            targets=[
                targets.LambdaFunction(
                    progress.alias, max_event_age=Duration.minutes(1), retry_attempts=0
                )
            ],
        )

    def _hear_of_endings(self) -> None:
        """An execution that is stopped or times out as a whole asks none of its steps."""
        ended = self._function(
            "Ended",
            handler="ended",
            table_actions=["Query", "UpdateItem"],
            description="Notes how runs ended that could not say so themselves",
        )
        events.Rule(
            self,
            "RunEnded",
            description="A run of the media pipeline ended badly",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                    "stateMachineArn": [self.pipeline.state_machine_arn],
                },
            ),
            targets=[
                targets.LambdaFunction(
                    ended.alias,
                    dead_letter_queue=dead_letter_queue(self, "LostEndings", env=self._env),
                    max_event_age=Duration.hours(24),
                    retry_attempts=185,
                )
            ],
        )

    def _staff_api(self, api: HttpApiRef) -> None:
        function = self._function(
            "Api",
            handler="api",
            table_actions=[
                "GetItem",
                "Query",
                "PutItem",
                "UpdateItem",
                "DeleteItem",
                "ConditionCheckItem",
            ],
            memory_mb=1024,
            timeout=Duration.seconds(29),
            description="Uploads and assets for staff",
            environment={
                "MEZZANINE_BUCKET": self._mezzanine.bucket_name,
                "MEDIA_PIPELINE": self.pipeline.state_machine_arn,
            },
        )
        self._mezzanine.grant_put(function, UPLOADS)
        # Completing an encrypted multipart upload decrypts its parts; HeadObject reads.
        self._mezzanine.grant_read(function, UPLOADS)
        self.pipeline.grant_start_execution(function)
        self.pipeline.grant_execution(function, "states:StopExecution")
        add_routes(
            self,
            api=api,
            function=function,
            routes=[
                Route("POST /v1/uploads", scope="staff"),
                Route("GET /v1/uploads/{asset_id}/parts", scope="staff"),
                Route("POST /v1/uploads/{asset_id}/parts", scope="staff"),
                Route("PUT /v1/uploads/{asset_id}/captions/{language}", scope="staff"),
                Route("POST /v1/uploads/{asset_id}/complete", scope="staff"),
                Route("GET /v1/assets", scope="staff"),
                Route("GET /v1/assets/{asset_id}", scope="staff"),
                Route("PATCH /v1/assets/{asset_id}", scope="staff"),
                Route("POST /v1/assets/{asset_id}/retry", scope="staff"),
                Route("POST /v1/assets/{asset_id}/cancel", scope="staff"),
                Route("DELETE /v1/assets/{asset_id}", scope="staff"),
            ],
        )

    def _remove_deleted(self) -> None:
        function = self._function(
            "Remove",
            handler="remove",
            table_actions=[],
            timeout=Duration.minutes(10),
            description="Removes the files of assets that were deleted",
            environment={
                "MEZZANINE_BUCKET": self._mezzanine.bucket_name,
                "PACKAGED_BUCKET": self._packaged.bucket_name,
            },
        )
        for bucket, folders in (
            (self._mezzanine, (UPLOADS,)),
            (self._packaged, (PACKAGED, WORK, ART)),
        ):
            function.role.add_to_policy(
                iam.PolicyStatement(
                    actions=["s3:ListBucket"],
                    resources=[bucket.bucket_arn],
                    conditions={"StringLike": {"s3:prefix": list(folders)}},
                )
            )
            function.role.add_to_policy(
                iam.PolicyStatement(
                    # The object alone: versions of a mezzanine stay until their rule.
                    actions=["s3:DeleteObject"],
                    resources=[bucket.arn_for_objects(folder) for folder in folders],
                )
            )
        subscribe(
            self,
            "AssetDeleted",
            function=function,
            source=self._env.event_source("media"),
            detail_types=["AssetDeleted"],
        )

    def _function(
        self,
        construct_id: str,
        *,
        handler: str,
        description: str,
        table_actions: Sequence[str],
        environment: dict[str, str] | None = None,
        memory_mb: int = 512,
        timeout: Duration | None = None,
    ) -> MarqueeFunction:
        function = MarqueeFunction(
            self,
            construct_id,
            env=self._env,
            domain="media",
            handler=handler,
            layers=["web"],
            memory_mb=memory_mb,
            timeout=timeout or Duration.seconds(30),
            environment={"MEDIA_TABLE": self._table.table.table_name, **(environment or {})},
            description=description,
        )
        if table_actions:
            self._table.table.grant(function, *(f"dynamodb:{action}" for action in table_actions))
        return function

    def _arn(self, service: str, resource: str) -> str:
        return self.format_arn(service=service, resource=resource, resource_name="*")
