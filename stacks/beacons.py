"""The stream of beacons, and the two ways into it, neither of which passes a function."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from constructs import Construct

from stacks.components import HttpApiRef, MarqueeStack, add_alarm
from stacks.components.access_tokens import opened_by_access_tokens
from stacks.components.alarms import PERIOD
from stacks.components.api_stage import look_after
from stacks.components.custom_domain import CustomDomain
from stacks.environment import Environment

PATH = "/v1/beacons"

ASKED_AGAIN_AFTER = Duration.hours(2)
"""How long a browser remembers that the page may send beacons. Chromium remembers nothing longer
(Fetch standard, 4.9; Chromium caps Access-Control-Max-Age at two hours)."""

STRAY_A_MINUTE = 60
"""Refusals that say nothing: who guesses, and who comes with a token that has just ended."""

UNLOGGED = (
    "A line for each beacon would be most of all that is logged, and say of each only that it was "
    "taken: the readers' lines say what came of it, and alarms what did not come in."
)


class BeaconsStack(MarqueeStack):
    """`POST /v1/beacons`, straight into Kinesis: at an API of its own, where players tell, and at
    the `app` API behind the edge."""

    def __init__(
        self, scope: Construct, construct_id: str, *, env: Environment, api: HttpApiRef
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        self._env = env
        self.stream = kinesis.Stream(
            self,
            "Stream",
            stream_mode=kinesis.StreamMode.ON_DEMAND,
            encryption=kinesis.StreamEncryption.MANAGED,
            # A reader that was broken over a night still finds every place reached.
            retention_period=Duration.hours(24),
            removal_policy=env.removal_policy,
        )
        self._role = iam.Role(
            self, "Gateway", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com")
        )
        self.stream.grant(self._role, "kinesis:PutRecord")
        self._take(self, api)
        own, self.url = self._own_api()
        self._take(own, opened_by_access_tokens(own, api=own, env=env))
        CfnOutput(self, "BeaconsApiId", value=own.api_id)
        CfnOutput(self, "BeaconsUrl", value=self.url)

    def _own_api(self) -> tuple[apigw.HttpApi, str]:
        """Past the edge, so that a beacon is one request; and the address to send it to.

        The edge adds nothing to a beacon: nobody asks where it comes from, and whose it is say its
        tokens. Pages of the app alone may send one from another origin than this.
        """
        env = self._env
        api = apigw.HttpApi(
            self,
            "Beacons",
            api_name=f"marquee-{env.name}-beacons",
            description="What players tell while somebody watches",
            cors_preflight=apigw.CorsPreflightOptions(
                allow_origins=[env.public_origin],
                allow_methods=[apigw.CorsHttpMethod.POST],
                allow_headers=["authorization", "content-type", "traceparent"],
                max_age=ASKED_AGAIN_AFTER,
            ),
            disable_execute_api_endpoint=env.domain is not None,
        )
        look_after(self, api=api, env=env, unlogged=UNLOGGED)
        self._hear_of_what_does_not_come_in(api)
        if env.domain is None:
            return api, f"{env.beacons_origin or api.api_endpoint}{PATH}"
        named = CustomDomain(self, "Address", domain=env.domain, label="beacons", api=api)
        return api, f"https://{named.host}{PATH}"

    def _hear_of_what_does_not_come_in(self, api: apigw.HttpApi) -> None:
        """In place of the lines that nobody writes for each beacon."""
        add_alarm(
            self,
            "Refused",
            env=self._env,
            metric=cloudwatch.MathExpression(
                expression=f"IF(refused > {STRAY_A_MINUTE}, refused / asked, 0)",
                label="Share of beacons that were refused",
                period=PERIOD,
                using_metrics={
                    "refused": api.metric_client_error(period=PERIOD, statistic="Sum"),
                    "asked": api.metric_count(period=PERIOD, statistic="Sum"),
                },
            ),
            threshold=0.5,
            periods=3,
            of=3,
            says=f"{api.node.path} refuses beacons, most of them: their tokens are not believed, "
            "or the stream takes none. Screens lapse and places are lost after some minutes.",
        )
        add_alarm(
            self,
            "Full",
            env=self._env,
            metric=self.stream.metric_write_provisioned_throughput_exceeded(
                period=PERIOD, statistic="Sum"
            ),
            periods=3,
            of=5,
            says=f"{self.stream.node.path} has no room: more beacons come than its shards take. "
            "Players ask again; an on-demand stream grows within minutes.",
        )

    def _take(self, scope: Construct, api: HttpApiRef) -> None:
        """Let whoever may use an API put records into the stream through it."""
        integration = apigw.CfnIntegration(
            scope,
            "PutRecord",
            api_id=api.api_id,
            integration_type="AWS_PROXY",
            integration_subtype="Kinesis-PutRecord",
            payload_format_version="1.0",
            credentials_arn=self._role.role_arn,
            request_parameters={
                "StreamName": self.stream.stream_name,
                "Data": "$request.body.data",
                # An account's beacons stay in order, and no account fills another's shard alone.
                "PartitionKey": "$context.authorizer.claims.sub",
            },
        )
        apigw.CfnRoute(
            scope,
            "Route",
            api_id=api.api_id,
            route_key=f"POST {PATH}",
            authorization_type="JWT",
            authorizer_id=api.authorizer_id,
            authorization_scopes=["member"],
            target=f"integrations/{integration.ref}",
        )
