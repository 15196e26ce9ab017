"""Playing: start, lease, licence and end of a play, and what makes a start one read."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeFunction,
    MarqueeStack,
    MarqueeTable,
    Outbox,
    Route,
    TableFunctions,
    acknowledge,
    add_routes,
    read_beacons,
    run_every,
    subscribe,
)
from stacks.environment import Environment
from stacks.signing import Signing

FILMS = "m"
"""The folder of packaged films."""

SESSION = "/v1/playback/sessions/{session_id}"
DOWNLOAD = "/v1/downloads/{download_id}"

TAKEN_BACK = ("widevine", "fairplay")
"""Systems whose devices prove that a stored licence is gone."""


class PlaybackStack(MarqueeStack):
    """Sessions and licences behind the `app` API."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        api: HttpApiRef,
        signing: Signing,
        vault_key: kms.IKey,
        beacons: kinesis.IStream,
        beacons_url: str,
        films: s3.IBucket,
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        self._env = env
        self._beacons_url = beacons_url
        self._table = MarqueeTable(self, "Playback", env=env, outbox=True, busy=True)
        Outbox(self, "Outbox", env=env, table=self._table, domain="playback")
        self._add_sessions(api, signing, vault_key)
        self._add_licences(api, signing, vault_key)
        if env.licence_server_urls:
            self._add_vendor_licences(api, signing, vault_key)
        self._add_downloads(api, signing, vault_key)
        self._add_projection()
        self._add_heartbeats(signing, beacons)
        self._add_steering(api, signing, films)
        if env.other_cdns:
            self._add_judge(signing, beacons)
        functions = TableFunctions(self, env, "playback", self._table.table, api)
        functions.exports(table_variable="PLAYBACK_TABLE")

    def _add_sessions(self, api: HttpApiRef, signing: Signing, vault_key: kms.IKey) -> None:
        clearkey = {"CLEARKEY": "false"}
        if self._env.clearkey:
            clearkey = {"CLEARKEY": "true", "VAULT_KEY_ID": vault_key.key_arn}
        sessions = self._function(
            "Sessions",
            "Starts, renews and ends plays",
            {
                "PUBLIC_ORIGIN": self._env.public_origin,
                "SIGNING_SECRET": signing.private_key.secret_arn,
                "TICKET_SECRET": signing.ticket_secret.secret_arn,
                "ORIGIN_SECRET": signing.origin_secret.secret_arn,
                "OTHER_CDNS": " ".join(self._env.other_cdns),
                "BEACONS_URL": self._beacons_url,
                "PIN_SECRET": signing.pin_secret.secret_arn,
                **clearkey,
                **self._licence_servers(),
            },
        )
        if self._env.clearkey:
            vault_key.grant(sessions, "kms:Decrypt")
        self._table.table.grant(
            sessions,
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        )
        signing.private_key.grant_read(sessions)
        signing.ticket_secret.grant_read(sessions)
        signing.origin_secret.grant_read(sessions)
        signing.pin_secret.grant_read(sessions)
        add_routes(
            self,
            api=api,
            function=sessions,
            routes=[
                Route("POST /v1/playback/start", scope="member"),
                Route(f"POST {SESSION}/licence-token", scope="member"),
                Route(f"GET {SESSION}", scope="member"),
                Route(f"DELETE {SESSION}", scope="member"),
            ],
        )

    def _add_downloads(self, api: HttpApiRef, signing: Signing, vault_key: kms.IKey) -> None:
        clearkey = {"CLEARKEY": "false"}
        if self._env.clearkey:
            clearkey = {"CLEARKEY": "true", "VAULT_KEY_ID": vault_key.key_arn}
        downloads = self._function(
            "Downloads",
            "Lets members keep films on their devices",
            {
                "PUBLIC_ORIGIN": self._env.public_origin,
                "SIGNING_SECRET": signing.private_key.secret_arn,
                "TICKET_SECRET": signing.ticket_secret.secret_arn,
                "ORIGIN_SECRET": signing.origin_secret.secret_arn,
                **self._licence_servers(),
                **clearkey,
            },
        )
        if self._env.clearkey:
            vault_key.grant(downloads, "kms:Decrypt")
        self._table.table.grant(
            downloads,
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        )
        signing.private_key.grant_read(downloads)
        signing.ticket_secret.grant_read(downloads)
        signing.origin_secret.grant_read(downloads)
        add_routes(
            self,
            api=api,
            function=downloads,
            routes=[
                Route("POST /v1/downloads", scope="member"),
                Route("GET /v1/downloads", scope="member"),
                Route(f"POST {DOWNLOAD}/renewal", scope="member"),
                Route(f"POST {DOWNLOAD}/first-play", scope="member"),
                Route(f"DELETE {DOWNLOAD}", scope="member"),
            ],
        )

    def _add_licences(self, api: HttpApiRef, signing: Signing, vault_key: kms.IKey) -> None:
        licence = self._function(
            "Licence",
            "Answers ClearKey licence requests",
            {
                "TICKET_SECRET": signing.ticket_secret.secret_arn,
                "VAULT_KEY_ID": vault_key.key_arn,
            },
        )
        self._table.table.grant(licence, "dynamodb:GetItem", "dynamodb:UpdateItem")
        signing.ticket_secret.grant_read(licence)
        vault_key.grant(licence, "kms:Decrypt")
        add_routes(
            self,
            api=api,
            function=licence,
            routes=[Route(f"POST {SESSION}/licence/clearkey", own_token=True)],
        )

    def _add_vendor_licences(self, api: HttpApiRef, signing: Signing, vault_key: kms.IKey) -> None:
        secrets = {
            drm: secretsmanager.Secret(
                self,
                f"{drm.title()}Credentials",
                description=f"What {drm}'s licence server knows us by; put there by an operator",
                removal_policy=self._env.removal_policy,
            )
            for drm in self._env.licence_server_urls
        }
        licence = self._function(
            "VendorLicence",
            "Asks vendors for licences of their DRM",
            {
                "TICKET_SECRET": signing.ticket_secret.secret_arn,
                "VAULT_KEY_ID": vault_key.key_arn,
                **self._licence_servers(),
                **{f"{drm.upper()}_SECRET": secret.secret_arn for drm, secret in secrets.items()},
            },
        )
        self._table.table.grant(licence, "dynamodb:GetItem", "dynamodb:UpdateItem")
        signing.ticket_secret.grant_read(licence)
        vault_key.grant(licence, "kms:Decrypt")
        for drm, secret in secrets.items():
            secret.grant_read(licence)
            acknowledge(secret, "AwsSolutions-SMG4", "The vendor changes it, and tells us.")
            CfnOutput(self, f"{drm.title()}CredentialsArn", value=secret.secret_arn)
        add_routes(
            self,
            api=api,
            function=licence,
            routes=[Route(f"POST {SESSION}/licence/{drm}", own_token=True) for drm in secrets],
        )
        stored = self._function(
            "StoredLicence",
            "Asks vendors for licences that devices store, and takes them back",
            {
                "ORIGIN_SECRET": signing.origin_secret.secret_arn,
                "VAULT_KEY_ID": vault_key.key_arn,
                **self._licence_servers(),
                **{f"{drm.upper()}_SECRET": secret.secret_arn for drm, secret in secrets.items()},
            },
        )
        self._table.table.grant(
            stored, "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"
        )
        signing.origin_secret.grant_read(stored)
        vault_key.grant(stored, "kms:Decrypt")
        for secret in secrets.values():
            secret.grant_read(stored)
        add_routes(
            self,
            api=api,
            function=stored,
            routes=[
                *(Route(f"POST {DOWNLOAD}/licence/{drm}", scope="member") for drm in secrets),
                *(
                    Route(f"POST {DOWNLOAD}/release/{drm}", scope="member")
                    for drm in secrets
                    if drm in TAKEN_BACK
                ),
            ],
        )

    def _licence_servers(self) -> dict[str, str]:
        return {f"{drm.upper()}_URL": url for drm, url in self._env.licence_server_urls.items()}

    def _add_projection(self) -> None:
        project = self._function("Project", "Keeps playback's read model from events", {})
        self._table.table.grant(
            project,
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        )
        subscribe(
            self,
            "Titles",
            function=project,
            source=self._env.event_source("catalog"),
            detail_types=["TitlePublished", "TitleWithdrawn"],
        )
        subscribe(
            self,
            "ContentKeys",
            function=project,
            source=self._env.event_source("keys"),
            detail_types=["ContentKeysIssued"],
        )
        subscribe(
            self,
            "Plans",
            function=project,
            source=self._env.event_source("billing"),
            detail_types=["SubscriptionChanged"],
        )
        subscribe(
            self,
            "Accounts",
            function=project,
            source=self._env.event_source("identity"),
            detail_types=[
                "AccountBlocked",
                "AccountDeleted",
                "AccountDeletionRequested",
                "AccountUnblocked",
                "DeviceRegistered",
                "DeviceRemoved",
                "DeviceRenamed",
                "PasswordChanged",
                "SecondStepsRemoved",
                "SessionEnded",
                "SignedOutEverywhere",
            ],
        )

    def _add_heartbeats(self, signing: Signing, beacons: kinesis.IStream) -> None:
        heartbeats = self._function(
            "Beacons",
            "Holds the screens of plays that somebody watches",
            {"TICKET_SECRET": signing.ticket_secret.secret_arn},
            timeout=Duration.seconds(30),
        )
        self._table.table.grant(heartbeats, "dynamodb:UpdateItem")
        read_beacons(
            self,
            "BeaconStream",
            function=heartbeats,
            stream=beacons,
            ticket_secret=signing.ticket_secret,
        )

    def _add_steering(self, api: HttpApiRef, signing: Signing, films: s3.IBucket) -> None:
        steering = self._function(
            "Steering",
            "Tells steered players which CDN to turn to",
            {
                **self._cdns(),
                "TICKET_SECRET": signing.ticket_secret.secret_arn,
                "PACKAGED_BUCKET": films.bucket_name,
            },
        )
        self._table.table.grant(steering, "dynamodb:GetItem")
        signing.ticket_secret.grant_read(steering)
        steering.role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject"], resources=[films.arn_for_objects(f"{FILMS}/*")]
            )
        )
        # As cdk-nag writes it: by the export of the stack that has the bucket.
        bucket = self.resolve(Stack.of(films).export_value(films.bucket_arn))
        acknowledge(
            steering.role,
            f"AwsSolutions-IAM5[Resource::{bucket['Fn::ImportValue']}/{FILMS}/*]",
            "Manifests lie beside the segments of whatever title is played.",
        )
        add_routes(
            self,
            api=api,
            function=steering,
            routes=[
                Route(f"GET {SESSION}/steering/{{token}}", own_token=True),
                Route(f"GET {SESSION}/steering/{{token}}/{{manifest}}", own_token=True),
            ],
        )
        desk = self._function("CdnDesk", "Lets staff drain a CDN", self._cdns())
        self._table.table.grant(desk, "dynamodb:GetItem", "dynamodb:UpdateItem")
        add_routes(
            self,
            api=api,
            function=desk,
            routes=[
                Route("GET /v1/staff/cdns", scope="staff"),
                Route("PUT /v1/staff/cdns/{cdn_id}", scope="staff"),
            ],
        )

    def _add_judge(self, signing: Signing, beacons: kinesis.IStream) -> None:
        """Only where there is something to choose from."""
        judge = self._function(
            "CdnJudge",
            "Judges the CDNs by their answers and by what viewers met",
            self._cdns(),
            timeout=Duration.seconds(30),
        )
        self._table.table.grant(judge, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
        run_every(self, "Judging", function=judge, rate=Duration.minutes(1))
        quality = self._function(
            "CdnQuality",
            "Keeps what viewers meet at each CDN",
            {**self._cdns(), "TICKET_SECRET": signing.ticket_secret.secret_arn},
            timeout=Duration.seconds(30),
        )
        self._table.table.grant(quality, "dynamodb:GetItem", "dynamodb:PutItem")
        read_beacons(
            self,
            "QualityStream",
            function=quality,
            stream=beacons,
            ticket_secret=signing.ticket_secret,
            # One write for all that a shard tells meanwhile; nobody waits for it.
            batch_size=1000,
            gathers_for=Duration.seconds(10),
        )

    def _cdns(self) -> dict[str, str]:
        return {
            "PUBLIC_ORIGIN": self._env.public_origin,
            "OTHER_CDNS": " ".join(self._env.other_cdns),
        }

    def _function(
        self,
        construct_id: str,
        description: str,
        environment: dict[str, str],
        *,
        timeout: Duration | None = None,
    ) -> MarqueeFunction:
        return MarqueeFunction(
            self,
            construct_id,
            env=self._env,
            domain="playback",
            handler=construct_id.lower(),
            layers=["crypto"],
            timeout=timeout,
            environment={"PLAYBACK_TABLE": self._table.table.table_name, **environment},
            description=description,
        )
