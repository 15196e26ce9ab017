"""Accounts for staff: identity's function on the API that finds and blocks them."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.components import HttpApiRef, MarqueeFunction, MarqueeStack, Route, add_routes
from stacks.environment import Environment

ACCOUNT = "/v1/staff/accounts/{account_id}"


class StaffAccountsStack(MarqueeStack):
    """After `api`, which itself follows identity: so these routes cannot stand in its stack."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        api: HttpApiRef,
        accounts: dynamodb.ITable,
        mail_key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        function = MarqueeFunction(
            self,
            "Staff",
            env=env,
            domain="identity",
            handler="staff",
            layers=["lean"],
            environment={"TABLE_NAME": accounts.table_name, "MAIL_KEY": mail_key.key_arn},
            description="Shows staff the accounts of members, and blocks them",
        )
        accounts.grant(
            function,
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
            "dynamodb:PutItem",
        )
        mail_key.grant(function, "kms:Encrypt")
        add_routes(
            self,
            api=api,
            function=function,
            routes=[
                Route("POST /v1/staff/accounts/find", scope="staff"),
                Route(f"GET {ACCOUNT}", scope="staff"),
                Route(f"PUT {ACCOUNT}/block", scope="staff"),
                Route(f"DELETE {ACCOUNT}/block", scope="staff"),
            ],
        )
