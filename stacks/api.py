"""The HTTP API `app`: one JWT authorizer and no routes; every domain's stack adds its own."""

from __future__ import annotations

from dataclasses import replace

from aws_cdk import Fn
from aws_cdk import aws_apigatewayv2 as apigw
from constructs import Construct

from stacks.components import MarqueeStack
from stacks.components.access_tokens import opened_by_access_tokens
from stacks.components.api_stage import look_after
from stacks.components.custom_domain import CustomDomain
from stacks.environment import Environment


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
        self.ref = replace(
            opened_by_access_tokens(self, api=api, env=env),
            failing=look_after(self, api=api, env=env),
        )
        if env.domain is None:
            self.host = Fn.select(2, Fn.split("/", api.api_endpoint))
        else:
            self.host = CustomDomain(self, "Address", domain=env.domain, label="api", api=api).host
