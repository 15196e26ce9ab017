"""The key server: an HTTP API of its own that only AWS principals reach, and the key vault."""

from __future__ import annotations

from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeFunction,
    MarqueeStack,
    MarqueeTable,
    Outbox,
    Route,
    add_routes,
)
from stacks.components.api_stage import look_after
from stacks.components.republish import Republish
from stacks.environment import Environment

SPEKE_PATH = "/speke/v2.0/copyProtection"


class KeysStack(MarqueeStack):
    """Issues content keys to encryptors. Who may ask is granted by the stack that encrypts."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        self.vault_key = kms.Key(
            self,
            "VaultKey",
            alias=f"alias/marquee-{env.name}-vault",
            description="Opens the data keys of every asset's content keys",
            multi_region=True,
            enable_key_rotation=True,
            removal_policy=env.removal_policy,
        )
        table = MarqueeTable(self, "Vault", env=env, outbox=True)
        Outbox(self, "Outbox", env=env, table=table, domain="keys")
        Republish(
            self,
            "Republish",
            env=env,
            table=table,
            domain="keys",
            layers=["lean"],
            actions=["dynamodb:PutItem"],
            table_variable="KEYS_TABLE",
        )
        speke = MarqueeFunction(
            self,
            "Speke",
            env=env,
            domain="keys",
            handler="speke",
            layers=["lean", "crypto"],
            environment={
                "KEYS_TABLE": table.table.table_name,
                "VAULT_KEY_ID": self.vault_key.key_arn,
            },
            description="Issues content keys to encryptors by SPEKE v2.0",
        )
        table.table.grant(speke, "dynamodb:GetItem", "dynamodb:PutItem")
        self.vault_key.grant(speke, "kms:GenerateDataKey", "kms:Decrypt")

        api = apigw.HttpApi(self, "Api", api_name=f"marquee-{env.name}-keys")
        add_routes(
            self,
            api=HttpApiRef(api_id=api.http_api_id, failing=look_after(self, api=api, env=env)),
            function=speke,
            routes=[Route(f"POST {SPEKE_PATH}", iam=True)],
        )
        self.speke_url = f"{api.api_endpoint}{SPEKE_PATH}"
        """Where an encryptor sends its requests."""
        self.speke_invoke_arn = self.format_arn(
            service="execute-api",
            resource=api.http_api_id,
            resource_name=f"$default/POST{SPEKE_PATH}",
        )
        """What an encryptor's role needs `execute-api:Invoke` on."""
