"""The profiles of accounts: identity's function on the API that devices ask."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.components import HttpApiRef, MarqueeStack, Route, TableFunctions
from stacks.environment import Environment
from stacks.signing import Signing


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
        signing: Signing,
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        function = TableFunctions(self, env, "identity", accounts, api).answers(
            "Profiles",
            description="Profiles of members; hashes PINs",
            routes=[
                Route("GET /v1/profiles", scope="member"),
                Route("POST /v1/profiles", scope="member"),
                Route("PATCH /v1/profiles/{profile_id}", scope="member"),
                Route("POST /v1/profiles/{profile_id}/delete", scope="member"),
                Route("POST /v1/profiles/{profile_id}/enter", scope="member"),
                Route("POST /v1/profiles/{profile_id}/open-title", scope="member"),
            ],
            may=["GetItem", "PutItem", "UpdateItem"],
            layers=["lean", "argon2"],
            memory_mb=1024,
            environment={"PIN_SECRET": signing.pin_secret.secret_arn},
        )
        signing.pin_secret.grant_read(function)
