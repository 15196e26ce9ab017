"""The permissions of DynamoDB and its streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localcloud.iam.actions.call import Call, UnmappedActionError
from localcloud.iam.conditions import ContextValue
from localcloud.iam.policy import Access

_TABLE_ACTIONS = {
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "DescribeTable",
    "DescribeTimeToLive",
    "DescribeContinuousBackups",
    "UpdateTable",
    "UpdateTimeToLive",
}
_INDEX_ACTIONS = {"Query", "Scan"}
_TRANSACT = {
    "Put": ("PutItem", "Item"),
    "Update": ("UpdateItem", "Key"),
    "Delete": ("DeleteItem", "Key"),
    "ConditionCheck": ("ConditionCheckItem", "Key"),
    "Get": ("GetItem", "Key"),
}


def _table_arn(call: Call, table: str) -> str:
    return call.arn("dynamodb", "table/", table)


def _leading_keys(call: Call, table: str, items: list[Any]) -> dict[str, ContextValue]:
    """`dynamodb:LeadingKeys`: the partition keys of the items a call touches."""
    name = table.rsplit("/", 1)[-1]
    hash_key = call.scope.account.hash_key(name, call.scope.region)
    values = []
    for item in items:
        attribute = item.get(hash_key) if isinstance(item, dict) and hash_key else None
        if isinstance(attribute, dict):
            values += [str(value) for value in attribute.values()]
    return {"dynamodb:leadingkeys": tuple(values)} if values else {}


def items(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name in _TABLE_ACTIONS:
        yield _item_access(call)
    elif name in _INDEX_ACTIONS:
        arn = _table_arn(call, call.text("TableName"))
        index = call.text("IndexName")
        context: dict[str, ContextValue] = {}
        if select := call.text("Select"):
            context["dynamodb:select"] = select
        yield Access(f"dynamodb:{name}", f"{arn}/index/{index}" if index else arn, context)
    elif name in ("BatchGetItem", "BatchWriteItem"):
        for table, wanted in (call.parameters.get("RequestItems") or {}).items():
            keys = _leading_keys(call, table, _batch_items(wanted))
            yield Access(f"dynamodb:{name}", _table_arn(call, table), keys)
    elif name in ("TransactWriteItems", "TransactGetItems"):
        yield from _transaction(call)
    elif name in ("ListTables", "DescribeLimits", "DescribeEndpoints"):
        yield Access(f"dynamodb:{name}", "*")
    else:
        raise UnmappedActionError(call.operation)


def _item_access(call: Call) -> Access:
    table = call.text("TableName")
    item = call.parameters.get("Key") or call.parameters.get("Item") or {}
    context = _leading_keys(call, table, [item])
    if returns := call.text("ReturnValues"):
        context["dynamodb:returnvalues"] = returns
    return Access(f"dynamodb:{call.operation.name}", _table_arn(call, table), context)


def _transaction(call: Call) -> Iterator[Access]:
    for entry in call.parameters.get("TransactItems") or []:
        for kind, body in entry.items():
            if kind not in _TRANSACT:
                raise UnmappedActionError(call.operation)
            action, where = _TRANSACT[kind]
            table = str(body.get("TableName", ""))
            keys = _leading_keys(call, table, [body.get(where) or {}])
            yield Access(f"dynamodb:{action}", _table_arn(call, table), keys)


def _batch_items(wanted: Any) -> list[Any]:
    if isinstance(wanted, dict):
        return list(wanted.get("Keys") or [])
    items = []
    for request in wanted:
        items.append((request.get("PutRequest") or {}).get("Item"))
        items.append((request.get("DeleteRequest") or {}).get("Key"))
    return [item for item in items if item]


def streams(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name == "GetRecords":
        # The iterator names its stream before the first bar.
        yield Access(f"dynamodb:{name}", call.text("ShardIterator").split("|", 1)[0])
    elif name in ("DescribeStream", "GetShardIterator"):
        yield Access(f"dynamodb:{name}", call.text("StreamArn"))
    elif name == "ListStreams":
        yield Access(f"dynamodb:{name}", "*")
    else:
        raise UnmappedActionError(call.operation)
