"""An account's devices: identity's functions that stand on the API or listen to other domains."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeFunction,
    MarqueeStack,
    Route,
    add_routes,
    subscribe,
)
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
        function = MarqueeFunction(
            self,
            "Devices",
            env=env,
            domain="identity",
            handler="devices",
            layers=["lean"],
            environment={"TABLE_NAME": accounts.table_name},
            description="Shows members their devices, and signs them out",
        )
        accounts.grant(
            function,
            "dynamodb:Query",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        )
        add_routes(
            self,
            api=api,
            function=function,
            routes=[
                Route("GET /v1/devices", scope="member"),
                Route("PATCH /v1/devices/{device_id}", scope="member"),
                Route("DELETE /v1/devices/{device_id}", scope="member"),
                Route("POST /v1/devices/{device_id}/sign-out", scope="member"),
                Route("POST /v1/sign-out", scope="member"),
            ],
        )
        follows = MarqueeFunction(
            self,
            "FollowPlans",
            env=env,
            domain="identity",
            handler="follow_plans",
            layers=["lean"],
            timeout=Duration.minutes(1),
            environment={"TABLE_NAME": accounts.table_name},
            description="Keeps how many devices a plan allows; forgets those of deleted accounts",
        )
        accounts.grant(follows, "dynamodb:UpdateItem", "dynamodb:Query", "dynamodb:DeleteItem")
        for source, detail_type in (
            ("billing", "SubscriptionChanged"),
            ("identity", "AccountDeleted"),
        ):
            subscribe(
                self,
                detail_type,
                function=follows,
                source=env.event_source(source),
                detail_types=[detail_type],
            )
