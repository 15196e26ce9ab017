"""What a table keeps of one account: all that stands under its keys, for its owner to have.

A domain says which keys those are; what it adds under them later is in the export by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kernel import log
from kernel.web.payload import Event, Reply, answering, claims, reply

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SCOPE = "export"
"""Of tokens that identity makes for an owner who has just proven to be one, for a minute."""

Keys = Callable[[str, Sequence[str]], Sequence[str]]
"""Partition keys by an account's id and those of its profiles."""


def of_account(account_id: str, _profile_ids: Sequence[str]) -> Sequence[str]:
    """The keys of a domain that keeps accounts."""
    return [f"ACCOUNT#{account_id}"]


def of_profiles(_account_id: str, profile_ids: Sequence[str]) -> Sequence[str]:
    """The keys of a domain that keeps profiles."""
    return [f"PROFILE#{profile_id}" for profile_id in profile_ids]


def exporting(client: DynamoDBClient, table: str, keys: Keys) -> Callable[[Event, object], Reply]:
    """A Lambda handler that answers all items of an account, as `{"items": […]}`."""

    def work(event: Event) -> Reply:
        said = claims(event, SCOPE)
        wanted = keys(said["sub"], said.get("profiles", "").split())
        items = [plain(item) for key in wanted for item in _items(client, table, key)]
        log.note(account=said["sub"], items=len(items))
        return reply(200, {"items": items})

    return answering(work)


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item without DynamoDB's types: `under` and `name` are its keys."""
    values = {name: _value(value) for name, value in item.items()}
    return {"under": values.pop("pk"), "name": values.pop("sk"), **values}


def _value(typed: Mapping[str, Any]) -> Any:
    ((kind, value),) = typed.items()
    match kind:
        case "N":
            number = float(value)
            return int(number) if number.is_integer() else number
        case "L":
            return [_value(each) for each in value]
        case "M":
            return {name: _value(each) for name, each in value.items()}
        case "NULL":
            return None
        case "SS":
            return sorted(value)
        case _:
            return value


def _items(client: DynamoDBClient, table: str, key: str) -> Iterator[Mapping[str, Any]]:
    start: dict[str, Any] = {}
    while True:
        answer = client.query(
            TableName=table,
            KeyConditionExpression="pk = :key",
            ExpressionAttributeValues={":key": {"S": key}},
            ConsistentRead=True,
            **start,
        )
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
