"""What is known of the CDNs in the playback table, by DynamoDB's own operations.

Items, all under `CDNS`: `STANDING` with one JSON document by the judge and a set by operators, and
`MET#<window>#<shard>` with what that shard's accounts met. A shard has one reader at a time, so
that no two write one item but where a reader is thought dead and is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.aws.json_client import AwsJson, ConditionFailedError
from kernel.errors import UnavailableError
from playback.steering.domain import NOTHING_KNOWN, Standing
from playback.steering.samples import Met, Samples

Item = dict[str, Any]

PARTITION = "CDNS"

KEPT = timedelta(hours=1)
"""A window is looked at for a quarter of an hour; TTL takes it some day after."""

TRIES = 3


def _key(sk: str) -> Item:
    return {"pk": {"S": PARTITION}, "sk": {"S": sk}}


class DynamoStandings:
    """The one small item."""

    def __init__(self, dynamodb: AwsJson, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def read(self) -> Standing:
        """What the item says; nothing where there is none."""
        answer = self._dynamodb.call("GetItem", TableName=self._table_name, Key=_key("STANDING"))
        return _standing(answer.get("Item", {}))

    def judge(self, standing: Standing) -> None:
        """Keep all but what is drained, which an operator may change at the same time."""
        self._update("SET judged = :judged", {":judged": {"S": _document(standing)}})

    def drain(self, cdn_id: str, *, is_drained: bool) -> None:
        """Put a CDN into the set, or take it out; either may be repeated."""
        verb = "ADD" if is_drained else "DELETE"
        self._update(f"{verb} drained :cdn", {":cdn": {"SS": [cdn_id]}})

    def _update(self, expression: str, values: Item) -> None:
        self._dynamodb.call(
            "UpdateItem",
            TableName=self._table_name,
            Key=_key("STANDING"),
            UpdateExpression=expression,
            ExpressionAttributeValues=values,
        )


def _document(standing: Standing) -> str:
    return json.dumps(
        {
            "order": standing.order,
            "before": standing.before,
            "changed_at": standing.changed_at.isoformat(),
            "judged_at": standing.judged_at.isoformat(),
            "streaks": dict(standing.streaks),
            "down": sorted(standing.down),
        }
    )


def _standing(item: Item) -> Standing:
    drained = frozenset(item.get("drained", {}).get("SS", ()))
    if "judged" not in item:
        return Standing(drained=drained) if drained else NOTHING_KNOWN
    kept = json.loads(item["judged"]["S"])
    return Standing(
        order=tuple(kept["order"]),
        before=tuple(kept["before"]),
        changed_at=datetime.fromisoformat(kept["changed_at"]),
        judged_at=datetime.fromisoformat(kept["judged_at"]),
        streaks=kept["streaks"],
        down=frozenset(kept["down"]),
        drained=drained,
    )


class DynamoWindows:
    """The windows' items."""

    def __init__(self, dynamodb: AwsJson, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def add(self, window: datetime, shard: str, met: Mapping[str, Samples]) -> None:
        """Join what was met with what the item holds, if nobody else did in between."""
        key = _key(f"MET#{window.isoformat()}#{shard}")
        for _ in range(TRIES):
            found = self._dynamodb.call(
                "GetItem", TableName=self._table_name, Key=key, ConsistentRead=True
            )
            item = found.get("Item", {})
            before = _met(item)
            joined = {
                cdn: before.get(cdn, Samples()).with_(met.get(cdn, Samples()))
                for cdn in before.keys() | met.keys()
            }
            if joined == before or self._put(key, item, window, joined):
                return
        raise UnavailableError("Another reader of the same shard is in the way.")

    def _put(self, key: Item, before: Item, window: datetime, met: Mapping[str, Samples]) -> bool:
        document = {cdn: samples.met for cdn, samples in met.items()}
        item = {
            **key,
            "met": {"S": json.dumps(document, separators=(",", ":"))},
            "expires_at": {"N": str(int((window + KEPT).timestamp()))},
        }
        unchanged: Item = {"ConditionExpression": "attribute_not_exists(pk)"}
        if before:
            unchanged = {
                "ConditionExpression": "met = :before",
                "ExpressionAttributeValues": {":before": before["met"]},
            }
        try:
            self._dynamodb.call("PutItem", TableName=self._table_name, Item=item, **unchanged)
        except ConditionFailedError:
            return False
        return True

    def since(self, window: datetime) -> Mapping[datetime, Mapping[str, Samples]]:
        """All shards' windows from that one on, joined."""
        found: dict[datetime, dict[str, Samples]] = {}
        for item in self._from(window):
            _, begins, _ = item["sk"]["S"].split("#", 2)
            of_window = found.setdefault(datetime.fromisoformat(begins).astimezone(UTC), {})
            for cdn, samples in _met(item).items():
                of_window[cdn] = of_window.get(cdn, Samples()).with_(samples)
        return found

    def _from(self, window: datetime) -> Iterator[Item]:
        after: Item = {}
        while True:
            answer = self._dynamodb.call(
                "Query",
                TableName=self._table_name,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues={
                    ":pk": {"S": PARTITION},
                    ":first": {"S": f"MET#{window.isoformat()}"},
                    # A character after all that dates are written with.
                    ":last": {"S": "MET#~"},
                },
                **after,
            )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            after = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _met(item: Item) -> dict[str, Samples]:
    document = json.loads(item["met"]["S"]) if item else {}
    return {
        cdn: Samples({account: Met(met) for account, met in by_account.items()})
        for cdn, by_account in document.items()
    }
