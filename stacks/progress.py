"""The progress tracker: its table and its routes."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kinesis as kinesis
from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeFunction,
    MarqueeStack,
    MarqueeTable,
    Route,
    add_export,
    add_routes,
    read_beacons,
    subscribe,
)
from stacks.environment import Environment
from stacks.signing import Signing


class ProgressStack(MarqueeStack):
    """Resume points per profile."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        api: HttpApiRef,
        signing: Signing,
        beacons: kinesis.IStream,
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        table = MarqueeTable(self, "Progress", env=env)
        function = MarqueeFunction(
            self,
            "Tracker",
            env=env,
            domain="progress",
            handler="progress",
            layers=["lean"],
            environment={"TABLE_NAME": table.table.table_name},
            description="Resume points of members",
        )
        table.table.grant(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
        add_routes(
            self,
            api=api,
            function=function,
            routes=[
                Route("GET /v1/progress", scope="member"),
                Route("GET /v1/progress/{title_id}", scope="member"),
                Route("PUT /v1/progress/{title_id}", scope="member"),
            ],
        )
        add_export(self, env=env, api=api, domain="progress", table=table)
        places = MarqueeFunction(
            self,
            "Beacons",
            env=env,
            domain="progress",
            handler="beacons",
            layers=["lean"],
            timeout=Duration.seconds(30),
            environment={
                "TABLE_NAME": table.table.table_name,
                "TICKET_SECRET": signing.ticket_secret.secret_arn,
            },
            description="Keeps the places that players' beacons tell",
        )
        table.table.grant(places, "dynamodb:PutItem")
        read_beacons(
            self,
            "BeaconStream",
            function=places,
            stream=beacons,
            ticket_secret=signing.ticket_secret,
        )
        forget = MarqueeFunction(
            self,
            "Forget",
            env=env,
            domain="progress",
            handler="forget",
            layers=["lean"],
            timeout=Duration.minutes(1),
            environment={"TABLE_NAME": table.table.table_name},
            description="Deletes what deleted profiles have watched",
        )
        table.table.grant(forget, "dynamodb:Query", "dynamodb:DeleteItem")
        subscribe(
            self,
            "AccountDeleted",
            function=forget,
            source=env.event_source("identity"),
            detail_types=["AccountDeleted", "ProfileDeleted"],
        )
