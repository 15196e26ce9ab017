"""The authorization server on an HTTP API of its own, which needs no other stack.

API Gateway reads the discovery document when the `app` API's authorizer is created, so this
stack has to answer before that one is deployed.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeFunction,
    MarqueeStack,
    MarqueeTable,
    Route,
    add_routes,
)
from stacks.components.api_stage import look_after
from stacks.components.custom_domain import CustomDomain
from stacks.environment import Environment

FIRST_TOKEN_KEY = "1"  # noqa: S105 - a key's name
"""Its logical id has no name in it, and logical ids of keys never change."""


class IdentityStack(MarqueeStack):
    """OAuth endpoints, the token key and the accounts."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        self._env = env
        self._table = MarqueeTable(self, "Identity", env=env)
        self._keys = [self._token_key(name) for name in env.token_keys]
        self._api = self._public_api()
        self._discovery()
        self._authorize()
        self._token()
        self._create_account()

    def _token_key(self, name: str) -> kms.Key:
        return kms.Key(
            self,
            "TokenKey" if name == FIRST_TOKEN_KEY else f"TokenKey{name}",
            description="Signs access tokens",
            key_spec=kms.KeySpec.RSA_2048,
            key_usage=kms.KeyUsage.SIGN_VERIFY,
            multi_region=True,
            removal_policy=self._env.removal_policy,
        )

    def _public_api(self) -> HttpApiRef:
        env = self._env
        api = apigw.HttpApi(
            self,
            "Auth",
            api_name=f"marquee-{env.name}-auth",
            description="Sign-in: OAuth 2.1, discovery and keys",
            cors_preflight=apigw.CorsPreflightOptions(
                allow_origins=[env.public_origin],
                allow_methods=[apigw.CorsHttpMethod.GET, apigw.CorsHttpMethod.POST],
                allow_headers=["content-type"],
                max_age=Duration.hours(1),
            ),
            disable_execute_api_endpoint=env.domain is not None,
        )
        if env.domain is not None:
            CustomDomain(self, "Address", domain=env.domain, label="auth", api=api)
        CfnOutput(self, "AuthApiId", value=api.api_id)
        CfnOutput(self, "Issuer", value=env.issuer)
        return HttpApiRef(api_id=api.api_id, failing=look_after(self, api=api, env=env))

    def _discovery(self) -> None:
        function = self._function(
            "Discovery",
            "discovery",
            layers=["lean"],
            description="Discovery and key set",
            environment={"PUBLISHED_KEYS": ",".join(key.key_arn for key in self._keys)},
        )
        for key in self._keys:
            key.grant(function, "kms:GetPublicKey")
        self._public(
            function, "GET /.well-known/openid-configuration", "GET /.well-known/jwks.json"
        )

    def _authorize(self) -> None:
        function = self._function(
            "Authorize",
            "authorize",
            layers=["lean", "argon2"],
            memory_mb=1024,
            description="Sign-in page; hashes passwords",
        )
        self._table.table.grant(function, "dynamodb:GetItem", "dynamodb:PutItem")
        self._public(function, "GET /authorize", "POST /authorize")

    def _token(self) -> None:
        function = self._function(
            "Token", "token", layers=["lean"], description="Exchanges codes and refresh tokens"
        )
        self._table.table.grant(
            function,
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:ConditionCheckItem",
        )
        self._keys[0].grant(function, "kms:GetPublicKey", "kms:Sign")
        self._public(function, "POST /token")

    def _create_account(self) -> None:
        function = self._function(
            "CreateAccount",
            "create_account",
            layers=["lean", "argon2"],
            memory_mb=1024,
            description="Makes accounts for operators; invoked by IAM, no route",
        )
        self._table.table.grant(function, "dynamodb:PutItem")
        CfnOutput(self, "CreateAccountFunction", value=function.alias.function_arn)

    def _public(self, function: MarqueeFunction, *keys: str) -> None:
        routes = [Route(key, public=True) for key in keys]
        add_routes(self, api=self._api, function=function, routes=routes)

    def _function(
        self,
        construct_id: str,
        handler: str,
        *,
        layers: list[str],
        description: str,
        memory_mb: int = 512,
        environment: Mapping[str, str] | None = None,
    ) -> MarqueeFunction:
        return MarqueeFunction(
            self,
            construct_id,
            env=self._env,
            domain="identity",
            handler=handler,
            layers=layers,
            memory_mb=memory_mb,
            description=description,
            environment={
                "TABLE_NAME": self._table.table.table_name,
                "ISSUER": self._env.issuer,
                "PUBLIC_ORIGIN": self._env.public_origin,
                "SIGNING_KEY": self._keys[0].key_arn,
                **(environment or {}),
            },
        )
