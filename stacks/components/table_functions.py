"""A domain's functions over its table: most stacks are a few that answer and a few that listen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.components.function import MarqueeFunction
from stacks.components.http_api import HttpApiRef, Route, add_routes
from stacks.components.subscription import subscribe
from stacks.environment import Environment

LISTENS_FOR = Duration.minutes(1)
"""Nobody waits for what follows an event, and forgetting an account may take many deletions."""


@dataclass(frozen=True)
class TableFunctions:
    """Makes them: each is told the table and has the grants that its code needs, no more."""

    scope: Construct
    env: Environment
    domain: str
    table: dynamodb.ITable
    api: HttpApiRef
    layers: Sequence[str] = field(default=("lean",))

    def answers(
        self,
        construct_id: str,
        *,
        description: str,
        routes: Sequence[Route],
        may: Sequence[str],
        **more: Any,
    ) -> MarqueeFunction:
        """One on the API. `may` are actions of DynamoDB, such as `GetItem`; `more` is what
        `MarqueeFunction` takes."""
        function = self._function(construct_id, description, may, **more)
        add_routes(self.scope, api=self.api, function=function, routes=routes)
        return function

    def listens(
        self,
        construct_id: str,
        *,
        description: str,
        to: Mapping[str, tuple[str, Sequence[str]]],
        may: Sequence[str],
        **more: Any,
    ) -> MarqueeFunction:
        """One that events are delivered to: by the rule's construct id, who publishes them (a
        domain, or a service as `aws.…`) and their detail types."""
        function = self._function(
            construct_id, description, may, **{"timeout": LISTENS_FOR, **more}
        )
        for rule_id, (publisher, detail_types) in to.items():
            is_service = publisher.startswith("aws.")
            subscribe(
                self.scope,
                rule_id,
                function=function,
                source=publisher if is_service else self.env.event_source(publisher),
                detail_types=detail_types,
            )
        return function

    def exports(self, *, table_variable: str = "TABLE_NAME") -> MarqueeFunction:
        """The domain's part of the export that an account's owner takes (ADR 466)."""
        return self.answers(
            "Export",
            description=f"Gives an account's owner what {self.domain} keeps of the account",
            routes=[Route(f"GET /v1/export/{self.domain}", scope="export")],
            may=["Query"],
            timeout=Duration.seconds(20),
            table_variable=table_variable,
        )

    def _function(
        self,
        construct_id: str,
        description: str,
        may: Sequence[str],
        *,
        handler: str = "",
        layers: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        table_variable: str = "TABLE_NAME",
        **more: Any,
    ) -> MarqueeFunction:
        function = MarqueeFunction(
            self.scope,
            construct_id,
            env=self.env,
            domain=self.domain,
            handler=handler or construct_id.lower(),
            layers=list(layers or self.layers),
            environment={table_variable: self.table.table_name, **(environment or {})},
            description=description,
            **more,
        )
        self.table.grant(function, *(f"dynamodb:{action}" for action in may))
        return function
