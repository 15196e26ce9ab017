"""Accounts for staff: identity's function on the API that finds and changes them."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.components import HttpApiRef, MarqueeStack, Route, TableFunctions
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
        functions = TableFunctions(self, env, "identity", accounts, api)
        staff = functions.answers(
            "Staff",
            description="Shows staff members' accounts, blocks them, takes off second steps",
            routes=[
                Route("POST /v1/staff/accounts/find", scope="staff"),
                Route(f"GET {ACCOUNT}", scope="staff"),
                Route(f"PUT {ACCOUNT}/block", scope="staff"),
                Route(f"DELETE {ACCOUNT}/block", scope="staff"),
                Route(f"POST {ACCOUNT}/remove-second-steps", scope="staff"),
            ],
            may=["GetItem", "Query", "UpdateItem", "PutItem", "DeleteItem"],
            environment={"MAIL_KEY": mail_key.key_arn},
        )
        mail_key.grant(staff, "kms:Encrypt")
