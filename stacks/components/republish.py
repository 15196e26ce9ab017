"""A function that publishes a domain's state again, so that readers can be rebuilt from nothing."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import CfnOutput, Duration, Stack
from constructs import Construct

from stacks.components.function import MarqueeFunction
from stacks.components.table import MarqueeTable
from stacks.environment import Environment

OUTPUT = "RepublishFunction"
"""What `commands.rebuild` looks for among a domain's outputs."""


class Republish(Construct):
    """Only AWS principals with lambda:InvokeFunction reach it: it has no route and no trigger."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        table: MarqueeTable,
        domain: str,
        layers: Sequence[str],
        actions: Sequence[str],
        table_variable: str = "TABLE_NAME",
    ) -> None:
        """`actions` are what the domain's store needs beside reading the table through."""
        super().__init__(scope, construct_id)
        function = MarqueeFunction(
            self,
            "Function",
            env=env,
            domain=domain,
            handler="republish",
            layers=layers,
            timeout=Duration.minutes(1),
            environment={table_variable: table.table.table_name},
            description=f"Publishes the state of {domain} again, page by page",
        )
        table.table.grant(function, "dynamodb:Scan", *actions)
        CfnOutput(Stack.of(self), OUTPUT, value=function.alias.function_arn)
