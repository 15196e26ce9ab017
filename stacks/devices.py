"""An account's devices: identity's functions that stand on the API or listen to other domains."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.components import HttpApiRef, MarqueeStack, Route, TableFunctions
from stacks.environment import Environment


class DevicesStack(MarqueeStack):
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
        functions = TableFunctions(self, env, "identity", accounts, api)
        functions.answers(
            "Devices",
            description="Shows members their devices, and signs them out",
            routes=[
                Route("GET /v1/devices", scope="member"),
                Route("PATCH /v1/devices/{device_id}", scope="member"),
                Route("DELETE /v1/devices/{device_id}", scope="member"),
                Route("POST /v1/devices/{device_id}/sign-out", scope="member"),
                Route("POST /v1/sign-out", scope="member"),
            ],
            may=["Query", "GetItem", "PutItem", "UpdateItem", "DeleteItem"],
        )
        functions.listens(
            "FollowPlans",
            handler="follow_plans",
            description="Keeps how many devices a plan allows; forgets those of deleted accounts",
            to={
                "SubscriptionChanged": ("billing", ["SubscriptionChanged"]),
                "AccountDeleted": ("identity", ["AccountDeleted"]),
            },
            may=["UpdateItem", "PutItem", "Query", "DeleteItem"],
        )
