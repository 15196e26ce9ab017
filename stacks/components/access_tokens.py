"""The authorizer of an HTTP API that access tokens open: API Gateway checks them by itself."""

from __future__ import annotations

from aws_cdk import aws_apigatewayv2 as apigw
from constructs import Construct

from stacks.components.http_api import HttpApiRef
from stacks.environment import Environment

AUDIENCE = "marquee"
"""What access tokens name as their audience; identity issues them for it."""


def opened_by_access_tokens(
    scope: Construct, *, api: apigw.HttpApi, env: Environment
) -> HttpApiRef:
    """An API with its JWT authorizer. API Gateway reads the issuer's discovery document when it
    creates one, so that the issuer has to be there before."""
    authorizer = apigw.CfnAuthorizer(
        scope,
        "AccessToken",
        api_id=api.api_id,
        authorizer_type="JWT",
        name="access-token",
        identity_source=["$request.header.Authorization"],
        jwt_configuration=apigw.CfnAuthorizer.JWTConfigurationProperty(
            audience=[AUDIENCE], issuer=env.issuer
        ),
    )
    return HttpApiRef(api_id=api.api_id, authorizer_id=authorizer.ref)
