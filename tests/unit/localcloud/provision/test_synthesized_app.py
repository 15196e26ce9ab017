"""A small app, synthesized by CDK itself, so that the templates are what CDK really writes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from localcloud.assembly import Assembly


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("app")
    # jsii starts `node` from the PATH; the pinned one stands beside this interpreter.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    import aws_cdk as cdk

    (root / "code").mkdir()
    (root / "code" / "index.py").write_text("def handler(event, context): return event\n")
    (root / "layer" / "python").mkdir(parents=True)
    (root / "layer" / "python" / "library.py").write_text("x = 1\n")
    (root / "pipeline.asl.json").write_text(
        json.dumps({"StartAt": "Go", "States": {"Go": {"Type": "Pass", "End": True}}})
    )
    app = cdk.App(outdir=str(root / "cdk.out"))
    place = cdk.Environment(account="123456789012", region="eu-west-1")
    storage = _storage(cdk.Stack(app, "storage", env=place))
    _service(cdk.Stack(app, "service", env=place), root, *storage)
    app.synth()
    return root / "cdk.out"


def _storage(stack: Any) -> tuple[Any, Any]:
    from aws_cdk import Duration, RemovalPolicy
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3

    bucket = s3.Bucket(
        stack,
        "Films",
        encryption=s3.BucketEncryption.KMS,
        encryption_key=kms.Key(stack, "Vault", enable_key_rotation=True),
        enforce_ssl=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        lifecycle_rules=[
            s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(2))
        ],
        removal_policy=RemovalPolicy.RETAIN,
    )
    table = dynamodb.TableV2(
        stack,
        "Titles",
        partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
        sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
        time_to_live_attribute="expires_at",
        dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
        encryption=dynamodb.TableEncryptionV2.aws_managed_key(),
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
    )
    return bucket, table


def _service(stack: Any, root: Path, bucket: Any, table: Any) -> None:
    from aws_cdk import Duration
    from aws_cdk import aws_apigatewayv2 as apigw
    from aws_cdk import aws_apigatewayv2_authorizers as authorizers
    from aws_cdk import aws_apigatewayv2_integrations as integrations
    from aws_cdk import aws_events as events
    from aws_cdk import aws_events_targets as targets
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_lambda_event_sources as sources
    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_sqs as sqs
    from aws_cdk import aws_stepfunctions as stepfunctions

    dead = sqs.Queue(stack, "Dead", enforce_ssl=True)
    function = lambda_.Function(
        stack,
        "Start",
        code=lambda_.Code.from_asset(str(root / "code")),
        handler="index.handler",
        runtime=lambda_.Runtime("python3.13", lambda_.RuntimeFamily.PYTHON),
        layers=[
            lambda_.LayerVersion(stack, "Lean", code=lambda_.Code.from_asset(str(root / "layer")))
        ],
        role=iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")),
        environment={"TABLE": table.table_name},
        timeout=Duration.seconds(5),
        log_group=logs.LogGroup(stack, "Log", retention=logs.RetentionDays.ONE_WEEK),
    )
    live = lambda_.Alias(stack, "Live", alias_name="live", version=function.current_version)
    table.grant_read_write_data(function)
    bucket.grant_read(function)
    function.add_event_source(
        sources.DynamoEventSource(
            table,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            on_failure=sources.SqsDlq(dead),
            report_batch_item_failures=True,
            filters=[lambda_.FilterCriteria.filter({"eventName": ["INSERT"]})],
        )
    )
    api = apigw.HttpApi(stack, "App")
    api.add_routes(
        path="/v1/titles",
        methods=[apigw.HttpMethod.GET],
        integration=integrations.HttpLambdaIntegration("Titles", live),
        authorizer=authorizers.HttpJwtAuthorizer(
            "Tokens", "http://localhost:9080", jwt_audience=["marquee"]
        ),
        authorization_scopes=["member"],
    )
    pipeline = stepfunctions.StateMachine(
        stack,
        "Pipeline",
        definition_body=stepfunctions.DefinitionBody.from_file(str(root / "pipeline.asl.json")),
        definition_substitutions={"bucket": bucket.bucket_name},
    )
    events.Rule(
        stack,
        "Uploaded",
        event_pattern=events.EventPattern(source=["aws.s3"]),
        targets=[targets.SfnStateMachine(pipeline, dead_letter_queue=dead)],
    )


def test_what_cdk_writes_can_be_provisioned(cloud: Any, synthesized: Path) -> None:
    cloud.provisioner.provision(Assembly.load(synthesized))

    assert cloud.stacks_done == ["storage", "service"]
    (spec,) = cloud.functions.created.values()
    (table,) = cloud.registry.by_type("AWS::DynamoDB::GlobalTable")
    assert spec.environment == {"TABLE": table.physical_id}
    assert (spec.code_path / "index.py").exists()
    assert (spec.layer_paths[0] / "python" / "library.py").exists()
    (mapping,) = cloud.registry.by_type("AWS::Lambda::EventSourceMapping")
    assert mapping.properties["EventSourceArn"] == table.attributes["StreamArn"]
    (integration,) = cloud.registry.by_type("AWS::ApiGatewayV2::Integration")
    assert integration.properties["IntegrationUri"] == f"{spec.arn}:live"
    (rule,) = cloud.registry.by_type("AWS::Events::Rule")
    (machine,) = cloud.registry.by_type("AWS::StepFunctions::StateMachine")
    assert rule.properties["Targets"][0]["Arn"] == machine.physical_id
    assert cloud.issuers == ["http://localhost:9080"]
