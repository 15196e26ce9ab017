"""Billing: its table and outbox, its routes, and what it hears of accounts."""

from __future__ import annotations

from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeFunction,
    MarqueeStack,
    MarqueeTable,
    Outbox,
    Route,
    add_export,
    add_routes,
    subscribe,
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
        self._env = env
        self._table = MarqueeTable(self, "Billing", env=env, outbox=True)
        Outbox(self, "Outbox", env=env, table=self._table, domain="billing")
        Republish(
            self,
            "Republish",
            env=env,
            table=self._table,
            domain="billing",
            layers=["lean"],
            actions=["dynamodb:ConditionCheckItem", "dynamodb:PutItem"],
        )
        plans = self._function("Plans", "Plans: members see theirs, staff set anybody's")
        self._table.table.grant(plans, "dynamodb:GetItem", "dynamodb:PutItem")
        add_routes(
            self,
            api=api,
            function=plans,
            routes=[
                Route("GET /v1/plan", scope="member"),
                Route("GET /v1/plans", scope="staff"),
                Route(f"GET {PLAN_OF_ACCOUNT}", scope="staff"),
                Route(f"PUT {PLAN_OF_ACCOUNT}", scope="staff"),
            ],
        )
        add_export(self, env=env, api=api, domain="billing", table=self._table)
        accounts = self._function("Accounts", "First plans of new accounts; forgets deleted ones")
        self._table.table.grant(accounts, "dynamodb:PutItem")
        subscribe(
            self,
            "ComeAndGo",
            function=accounts,
            source=env.event_source("identity"),
            detail_types=["AccountCreated", "AccountDeleted", "OperatorAccountMade"],
        )

    def _function(self, construct_id: str, description: str) -> MarqueeFunction:
        return MarqueeFunction(
            self,
            construct_id,
            env=self._env,
            domain="billing",
            handler=construct_id.lower(),
            layers=["lean"],
            environment={"TABLE_NAME": self._table.table.table_name},
            description=description,
        )
