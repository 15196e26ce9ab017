"""Billing: its table and outbox, its routes, and what it hears of accounts."""

from __future__ import annotations

from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeStack,
    MarqueeTable,
    Outbox,
    Route,
    TableFunctions,
)
from stacks.components.republish import Republish
from stacks.environment import Environment

PLAN_OF_ACCOUNT = "/v1/accounts/{account_id}/plan"


class BillingStack(MarqueeStack):
    """Which plan an account has."""

    def __init__(
        self, scope: Construct, construct_id: str, *, env: Environment, api: HttpApiRef
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        table = MarqueeTable(self, "Billing", env=env, outbox=True)
        Outbox(self, "Outbox", env=env, table=table, domain="billing")
        Republish(
            self,
            "Republish",
            env=env,
            table=table,
            domain="billing",
            layers=["lean"],
            actions=["dynamodb:UpdateItem", "dynamodb:PutItem"],
        )
        functions = TableFunctions(self, env, "billing", table.table, api)
        functions.answers(
            "Plans",
            description="Plans: members see theirs, staff set anybody's",
            routes=[
                Route("GET /v1/plan", scope="member"),
                Route("GET /v1/plans", scope="staff"),
                Route(f"GET {PLAN_OF_ACCOUNT}", scope="staff"),
                Route(f"PUT {PLAN_OF_ACCOUNT}", scope="staff"),
            ],
            may=["GetItem", "PutItem"],
        )
        functions.listens(
            "Accounts",
            description="First plans of new accounts; forgets deleted ones",
            to={
                "ComeAndGo": (
                    "identity",
                    ["AccountCreated", "AccountDeleted", "OperatorAccountMade"],
                )
            },
            may=["PutItem"],
        )
        functions.exports()
