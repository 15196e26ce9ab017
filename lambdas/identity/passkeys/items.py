"""Where passkeys stand in the domain's table.

ACCOUNT#<account>   PASSKEY#<id>   a passkey
PASSKEY#<id>        PASSKEY        that it is an account's: no other one can have it
CEREMONY#<digest>   CEREMONY       a challenge or a page
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from identity.items import Item, key, text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def passkey_key(account_id: str, passkey_id: str) -> dict[str, Any]:
    """Of a passkey."""
    return text(pk=f"ACCOUNT#{account_id}", sk=f"PASSKEY#{passkey_id}")


def claim_key(passkey_id: str) -> dict[str, Any]:
    """Of what keeps other accounts from having it."""
    return key("PASSKEY", passkey_id)


def passkey_items(client: DynamoDBClient, table: str, account_id: str) -> list[Item]:
    """The passkeys of an account: few enough for one answer."""
    answer = client.query(
        TableName=table,
        KeyConditionExpression="pk = :account AND begins_with(sk, :passkeys)",
        ExpressionAttributeValues=text(
            **{":account": f"ACCOUNT#{account_id}", ":passkeys": "PASSKEY#"}
        ),
        ConsistentRead=True,
    )
    return list(answer["Items"])


def passkey_keys(client: DynamoDBClient, table: str, account_id: str) -> list[dict[str, Any]]:
    """What goes with an account that is deleted."""
    ids = [item["passkey_id"]["S"] for item in passkey_items(client, table, account_id)]
    return [one for each in ids for one in (passkey_key(account_id, each), claim_key(each))]
