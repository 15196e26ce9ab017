"""The HTTP API `app`: one JWT authorizer and no routes; every domain's stack adds its own."""

from __future__ import annotations

from aws_cdk import Fn
from aws_cdk import aws_apigatewayv2 as apigw
from constructs import Construct

from stacks.components import HttpApiRef, MarqueeStack
from stacks.components.api_stage import look_after
from stacks.components.custom_domain import CustomDomain
from stacks.environment import Environment

AUDIENCE = "marquee"
"""What access tokens name as their audience; identity issues them for it."""


class ApiStack(MarqueeStack):
    """The API behind the edge. API Gateway reads the issuer's discovery document at creation."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        api = apigw.HttpApi(
            self,
            "App",
            api_name=f"marquee-{env.name}-app",
            description="Marquee for devices and staff",
            disable_execute_api_endpoint=env.domain is not None,
        )
        authorizer = apigw.CfnAuthorizer(
            self,
            "AccessToken",
            api_id=api.api_id,
            authorizer_type="JWT",
            name="access-token",
            identity_source=["$request.header.Authorization"],
            jwt_configuration=apigw.CfnAuthorizer.JWTConfigurationProperty(
                audience=[AUDIENCE], issuer=env.issuer
            ),
        )
        self.ref = HttpApiRef(
            api_id=api.api_id,
            authorizer_id=authorizer.ref,
            failing=look_after(self, api=api, env=env),
        )
        if env.domain is None:
            self.host = Fn.select(2, Fn.split("/", api.api_endpoint))
        else:
            self.host = CustomDomain(self, "Address", domain=env.domain, label="api", api=api).host
