"""The progress tracker: its table and its routes."""

from __future__ import annotations

from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeFunction,
    MarqueeStack,
    MarqueeTable,
    Route,
    add_routes,
)
from stacks.environment import Environment


class ProgressStack(MarqueeStack):
    """Resume points per profile."""

    def __init__(
        self, scope: Construct, construct_id: str, *, env: Environment, api: HttpApiRef
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
