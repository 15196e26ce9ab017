"""The authorization server on an HTTP API of its own, which needs no other stack.

API Gateway reads the discovery document when the `app` API's authorizer is created, so this
stack has to answer before that one is deployed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeFunction,
    MarqueeStack,
    MarqueeTable,
    Outbox,
    Route,
    acknowledge,
    add_routes,
    run_seldom,
)
from stacks.components.api_stage import look_after
from stacks.components.custom_domain import CustomDomain
from stacks.environment import Environment
from stacks.identity_accounts import (
    ACCOUNT_ROUTES,
    APP_ROUTES,
    CONFIRMATION_ROUTES,
    EXPORT_ROUTES,
    PASSKEY_ROUTES,
    PASSKEY_SIGN_IN_ROUTES,
    TWO_STEP_ROUTES,
    factor_key,
    mail_key,
)

FIRST_TOKEN_KEY = "1"  # noqa: S105 - a key's name
"""Its logical id has no name in it, and logical ids of keys never change."""

_ITEMS = ("GetItem", "PutItem", "UpdateItem", "DeleteItem")
"""What pages need that keep something, change it, and take it once."""


class IdentityStack(MarqueeStack):
    """OAuth endpoints, the token key and the accounts."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        self._env = env
        self._table = MarqueeTable(self, "Identity", env=env, outbox=True, busy=True)
        Outbox(self, "Outbox", env=env, table=self._table, domain="identity")
        self._keys = [self._token_key(name) for name in env.token_keys]
        self._wrapping_key = self._ring_of_keys() if env.wrapped_keys != "none" else None
        self._api = self._public_api()
        self._discovery()
        self._authorize()
        self.mail_key = mail_key(self, env)
        self._token()
        self._factor_key = factor_key(self, env)
        self._create_account()
        self._accounts()
        self._consent()
        self._second_step()
        self._passkeys()
        self._device_authorization()
        self._device_pages()
        self._introspection()
        self._sign_out()

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

    def _ring_of_keys(self) -> kms.Key:
        """What wraps the keys that live a day, and what makes them."""
        wrapping_key = kms.Key(
            self,
            "WrappingKey",
            description="Wraps keys that sign access tokens for a day",
            multi_region=True,
            enable_key_rotation=True,
            removal_policy=self._env.removal_policy,
        )
        turns = self._function(
            "TurnTokenKeys",
            "turn_token_keys",
            layers=["crypto"],
            description="Makes the next key that signs access tokens",
            environment={"WRAPPING_KEY": wrapping_key.key_arn},
        )
        self._table.table.grant(turns, "dynamodb:GetItem", "dynamodb:PutItem")
        wrapping_key.grant(turns, "kms:Encrypt")
        run_seldom(
            self,
            "TurnsHourly",
            function=turns,
            rate=Duration.hours(1),
            failed="The next key that signs access tokens was not made. Once the last one is over, "
            "KMS signs each token itself, at its price and within its quota.",
        )
        return wrapping_key

    def _public_api(self) -> HttpApiRef:
        env = self._env
        api = apigw.HttpApi(
            self,
            "Auth",
            api_name=f"marquee-{env.name}-auth",
            description="Sign-in: OAuth 2.1, discovery and keys",
            cors_preflight=apigw.CorsPreflightOptions(
                # Partners' pages ask for tokens, too; none of them can send anybody's credentials.
                allow_origins=sorted(
                    {env.public_origin, *(partner.origin for partner in env.partners)}
                ),
                allow_methods=[apigw.CorsHttpMethod.GET, apigw.CorsHttpMethod.POST],
                allow_headers=["content-type", "authorization", "dpop"],
                # By which a page whose clock is wrong makes proofs of the right moment.
                expose_headers=["date"],
                # Chromium asks again after two hours whatever is said; a proof asks each time.
                max_age=Duration.hours(2),
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
            layers=[],
            description="Discovery and key set",
            environment=self._published_keys,
            routes=[
                "GET /.well-known/openid-configuration",
                "GET /.well-known/oauth-authorization-server",
                "GET /.well-known/jwks.json",
            ],
        )
        self._believes(function)

    def _authorize(self) -> None:
        self._function(
            "Authorize",
            "authorize",
            layers=["argon2"],
            memory_mb=1024,
            description="Sign-in page; hashes passwords",
            may=["GetItem", "PutItem", "UpdateItem"],
            routes=["GET /authorize", "POST /authorize"],
        )

    def _token(self) -> None:
        function = self._function(
            "Token",
            "token",
            layers=["crypto"],
            description="Exchanges codes, approvals and refresh tokens",
            environment={"MAIL_KEY": self.mail_key.key_arn, **self._ring_settings},
            may=_ITEMS,
            routes=["POST /token"],
        )
        self.mail_key.grant(function, "kms:Encrypt")
        self._keys[0].grant(function, "kms:GetPublicKey", "kms:Sign")
        if self._env.wrapped_keys == "signing":
            assert self._wrapping_key is not None
            self._wrapping_key.grant(function, "kms:Decrypt")

    def _create_account(self) -> None:
        function = self._function(
            "CreateAccount",
            "create_account",
            layers=["lean", "argon2"],
            memory_mb=1024,
            description="Makes accounts for operators; invoked by IAM, no route",
            environment=self._sealing_keys,
            may=["GetItem", "PutItem", "UpdateItem"],
        )
        self._factor_key.grant(function, "kms:Encrypt")
        self.mail_key.grant(function, "kms:Encrypt")
        CfnOutput(self, "CreateAccountFunction", value=function.alias.function_arn)

    def _accounts(self) -> None:
        pages = self._function(
            "Accounts",
            "accounts",
            layers=["lean", "argon2"],
            memory_mb=1024,
            description="Sign-up, recovery and account pages; hashes passwords",
            environment=self._sealing_keys,
            may=[*_ITEMS, "Query"],
            routes=[*ACCOUNT_ROUTES, *APP_ROUTES],
        )
        self.mail_key.grant(pages, "kms:Encrypt")
        self._factor_key.grant(pages, "kms:Decrypt")
        exports = self._function(
            "Export",
            "export",
            layers=["lean", "argon2"],
            memory_mb=1024,
            timeout=Duration.seconds(28),
            description="Gives owners all that is kept of them; hashes passwords",
            environment=self._sealing_keys,
            may=[*_ITEMS, "Query"],
            routes=EXPORT_ROUTES,
        )
        self._factor_key.grant(exports, "kms:Decrypt")
        self.mail_key.grant(exports, "kms:Encrypt")
        # The other domains are asked for their parts with a token that is made for this alone.
        self._keys[0].grant(exports, "kms:GetPublicKey", "kms:Sign")
        deletes = self._function(
            "DeleteAccounts",
            "delete_accounts",
            layers=["lean"],
            description="Deletes accounts whose time to be taken back is over",
            # Some thousands of accounts; a run that is cut short is taken up by the next.
            timeout=Duration.minutes(5),
            may=["Query", "GetItem", "PutItem", "DeleteItem"],
        )
        run_seldom(
            self,
            "DeletesHourly",
            function=deletes,
            rate=Duration.hours(1),
            failed="Accounts that are due are not deleted: some fail, or there are too many. All "
            "has to be gone within 30 days.",
        )
        CfnOutput(self, "DeleteAccountsFunction", value=deletes.alias.function_arn)

    def _consent(self) -> None:
        self._function(
            "Consent",
            "consent",
            layers=[],
            description="Takes the answer to whether another's app may use an account",
            may=_ITEMS,
            routes=["POST /consent"],
        )

    def _second_step(self) -> None:
        takes = self._function(
            "SecondStep",
            "second_step",
            layers=["lean"],
            description="Takes the code that follows the password",
            environment=self._sealing_keys,
            may=["GetItem", "PutItem", "UpdateItem"],
            routes=["POST /second-step"],
        )
        self._factor_key.grant(takes, "kms:Decrypt")
        self.mail_key.grant(takes, "kms:Encrypt")
        pages = self._function(
            "TwoStep",
            "two_step",
            layers=["lean", "argon2", "qr"],
            memory_mb=1024,
            description="Turns the second step on and off; hashes passwords",
            environment=self._sealing_keys,
            may=_ITEMS,
            routes=TWO_STEP_ROUTES,
        )
        self.mail_key.grant(pages, "kms:Encrypt")
        self._factor_key.grant(pages, "kms:Encrypt", "kms:Decrypt")

    def _passkeys(self) -> None:
        domain = {"PASSKEY_DOMAIN": self._env.passkey_domain}
        self._function(
            "PasskeySignIn",
            "passkey_sign_in",
            layers=["fido2"],
            description="Signs people in by passkeys, and confirms what they change",
            environment=domain,
            may=_ITEMS,
            routes=[*PASSKEY_SIGN_IN_ROUTES, *CONFIRMATION_ROUTES],
        )
        pages = self._function(
            "Passkeys",
            "passkeys",
            layers=["lean", "argon2", "fido2"],
            memory_mb=1024,
            description="Where owners add and remove passkeys; hashes passwords",
            environment={**domain, **self._sealing_keys},
            may=[*_ITEMS, "Query"],
            routes=PASSKEY_ROUTES,
        )
        self.mail_key.grant(pages, "kms:Encrypt")
        self._factor_key.grant(pages, "kms:Decrypt")

    def _device_authorization(self) -> None:
        self._function(
            "DeviceAuthorization",
            "device_authorization",
            layers=[],
            description="Gives a device the codes that somebody lets it in by",
            may=["PutItem", "UpdateItem"],
            routes=["POST /device_authorization"],
        )

    def _device_pages(self) -> None:
        self._function(
            "Device",
            "device",
            layers=[],
            description="Where a device is let in",
            may=_ITEMS,
            routes=["GET /device", "POST /device", "GET /device/approve", "POST /device/approve"],
        )
        self._function(
            "DeviceQr",
            "device_qr",
            layers=["qr"],
            memory_mb=256,
            description="Draws where a device is let in",
            routes=["GET /device/qr"],
        )

    def _introspection(self) -> None:
        secret = secretsmanager.Secret(
            self,
            "ResourceServerSecret",
            description="By which a resource server may ask about tokens",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=64, exclude_punctuation=True
            ),
            removal_policy=self._env.removal_policy,
        )
        acknowledge(
            secret,
            "AwsSolutions-SMG4",
            "Replaced by hand, with those who hold it: a schedule would lock them out.",
        )
        function = self._function(
            "Introspection",
            "introspection",
            layers=[],
            description="Tells of tokens, and of who signed in",
            environment={**self._published_keys, "RESOURCE_SERVER_SECRET": secret.secret_arn},
            may=["GetItem", "UpdateItem", "PutItem"],
            routes=["POST /introspect", "GET /userinfo", "POST /userinfo"],
        )
        secret.grant_read(function)
        self._believes(function)

    def _sign_out(self) -> None:
        function = self._function(
            "SignOut",
            "sign_out",
            layers=[],
            description="Revocation and logout",
            environment=self._published_keys,
            may=["GetItem", "UpdateItem", "PutItem"],
            routes=["POST /revoke", "GET /logout", "POST /logout"],
        )
        self._believes(function)

    def _believes(self, function: MarqueeFunction) -> None:
        """Let a function read the public halves of what signs."""
        for key in self._keys:
            key.grant(function, "kms:GetPublicKey")
        if self._wrapping_key is not None:
            self._table.table.grant(function, "dynamodb:GetItem")

    @property
    def accounts(self) -> dynamodb.ITable:
        """The domain's table."""
        return self._table.table

    @property
    def _published_keys(self) -> dict[str, str]:
        arns = ",".join(key.key_arn for key in self._keys)
        return {"PUBLISHED_KEYS": arns, **self._ring_settings}

    @property
    def _ring_settings(self) -> dict[str, str]:
        if self._wrapping_key is None:
            return {}
        return {
            "WRAPPING_KEY": self._wrapping_key.key_arn,
            "WRAPPED_KEYS": self._env.wrapped_keys,
        }

    @property
    def _partners(self) -> str:
        return json.dumps([asdict(partner) for partner in self._env.partners])

    @property
    def _sealing_keys(self) -> dict[str, str]:
        return {"MAIL_KEY": self.mail_key.key_arn, "FACTOR_KEY": self._factor_key.key_arn}

    def _function(
        self,
        construct_id: str,
        handler: str,
        *,
        layers: list[str],
        description: str,
        may: Sequence[str] = (),
        routes: Sequence[str] = (),
        memory_mb: int = 512,
        timeout: Duration | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> MarqueeFunction:
        """One over the table, where it `may` do what it names of DynamoDB's actions, with public
        routes: each proves by itself who asks."""
        function = MarqueeFunction(
            self,
            construct_id,
            env=self._env,
            domain="identity",
            handler=handler,
            layers=layers,
            memory_mb=memory_mb,
            timeout=timeout,
            description=description,
            environment={
                "TABLE_NAME": self._table.table.table_name,
                "ISSUER": self._env.issuer,
                "PUBLIC_ORIGIN": self._env.public_origin,
                "SIGNING_KEY": self._keys[0].key_arn,
                "PARTNERS": self._partners,
                **(environment or {}),
            },
        )
        if may:
            self._table.table.grant(function, *(f"dynamodb:{action}" for action in may))
        if routes:
            public = [Route(key, public=True) for key in routes]
            add_routes(self, api=self._api, function=function, routes=public)
        return function
