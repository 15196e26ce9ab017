"""A domain's part of the export that an account's owner takes."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from stacks.components.function import MarqueeFunction
from stacks.components.http_api import HttpApiRef, Route, add_routes
from stacks.components.table import MarqueeTable
from stacks.environment import Environment


def add_export(
    scope: Construct,
    *,
    env: Environment,
    api: HttpApiRef,
    domain: str,
    table: MarqueeTable,
    table_variable: str = "TABLE_NAME",
) -> None:
    """`GET /v1/export/<domain>`, for the token that identity makes for one export."""
    function = MarqueeFunction(
        scope,
        "Export",
        env=env,
        domain=domain,
        handler="export",
        layers=["lean"],
        timeout=Duration.seconds(20),
        environment={table_variable: table.table.table_name},
        description=f"Gives an account's owner what {domain} keeps of the account",
    )
    table.table.grant(function, "dynamodb:Query")
    routes = [Route(f"GET /v1/export/{domain}", scope="export")]
    add_routes(scope, api=api, function=function, routes=routes)
