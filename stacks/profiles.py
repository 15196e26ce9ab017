"""The profiles of accounts: identity's function on the API that devices ask."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.components import HttpApiRef, MarqueeFunction, MarqueeStack, Route, add_routes
from stacks.environment import Environment


class ProfilesStack(MarqueeStack):
    """After `api`, which itself follows identity: so these routes cannot stand in its stack."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        api: HttpApiRef,
        accounts: dynamodb.ITable,
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        function = MarqueeFunction(
            self,
            "Profiles",
            env=env,
            domain="identity",
            handler="profiles",
            layers=["lean", "argon2"],
            memory_mb=1024,
            environment={"TABLE_NAME": accounts.table_name},
            description="Profiles of members; hashes PINs",
        )
        accounts.grant(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
        add_routes(
            self,
            api=api,
            function=function,
            routes=[
                Route("GET /v1/profiles", scope="member"),
                Route("POST /v1/profiles", scope="member"),
                Route("PATCH /v1/profiles/{profile_id}", scope="member"),
                Route("POST /v1/profiles/{profile_id}/delete", scope="member"),
                Route("POST /v1/profiles/{profile_id}/enter", scope="member"),
            ],
        )
