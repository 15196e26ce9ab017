"""The stream of beacons, and the route that fills it without a function."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from constructs import Construct

from stacks.components import HttpApiRef, MarqueeStack
from stacks.environment import Environment


class BeaconsStack(MarqueeStack):
    """`POST /v1/beacons` of the `app` API, straight into Kinesis."""

    def __init__(
        self, scope: Construct, construct_id: str, *, env: Environment, api: HttpApiRef
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        self.stream = kinesis.Stream(
            self,
            "Stream",
            stream_mode=kinesis.StreamMode.ON_DEMAND,
            encryption=kinesis.StreamEncryption.MANAGED,
            # A reader that was broken over a night still finds every place reached.
            retention_period=Duration.hours(24),
            removal_policy=env.removal_policy,
        )
        role = iam.Role(
            self, "Gateway", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com")
        )
        self.stream.grant(role, "kinesis:PutRecord")
        integration = apigw.CfnIntegration(
            self,
            "PutRecord",
            api_id=api.api_id,
            integration_type="AWS_PROXY",
            integration_subtype="Kinesis-PutRecord",
            payload_format_version="1.0",
            credentials_arn=role.role_arn,
            request_parameters={
                "StreamName": self.stream.stream_name,
                "Data": "$request.body.data",
                # An account's beacons stay in order, and no account fills another's shard alone.
                "PartitionKey": "$context.authorizer.claims.sub",
            },
        )
        apigw.CfnRoute(
            self,
            "Route",
            api_id=api.api_id,
            route_key="POST /v1/beacons",
            authorization_type="JWT",
            authorizer_id=api.authorizer_id,
            authorization_scopes=["member"],
            target=f"integrations/{integration.ref}",
        )
