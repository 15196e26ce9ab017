from __future__ import annotations

import cProfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models import dynamodb_backends

from localcloud.front import Front

WRITERS = 32


@pytest.fixture
def dynamodb(front: Front) -> Any:
    return front.client("dynamodb")


def key(pk: str, sk: str = "s") -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def together(work: Callable[[int], Any]) -> list[Any]:
    """Run the work in 32 threads that start at the same moment."""
    gate = threading.Barrier(WRITERS)

    def start(number: int) -> Any:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(start, range(WRITERS)))


def records(front: Front, table: str) -> list[dict[str, Any]]:
    streams = front.client("dynamodbstreams")
    arn = streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found: list[dict[str, Any]] = streams.get_records(ShardIterator=iterator)["Records"]
    return found


def test_a_limit_holds_under_32_writers(dynamodb: Any, table: str) -> None:
    def admit(_: int) -> int:
        admitted = 0
        for _ in range(5):
            try:
                dynamodb.update_item(
                    TableName=table,
                    Key=key("limit"),
                    UpdateExpression="ADD used :one",
                    ConditionExpression="attribute_not_exists(used) OR used < :most",
                    ExpressionAttributeValues={":one": {"N": "1"}, ":most": {"N": "20"}},
                )
                admitted += 1
            except dynamodb.exceptions.ConditionalCheckFailedException:
                continue
        return admitted

    admitted = together(admit)

    stored = dynamodb.get_item(TableName=table, Key=key("limit"))["Item"]
    assert sum(admitted) == 20
    assert stored["used"]["N"] == "20"


def test_a_cancelled_transaction_leaves_other_writers_alone(dynamodb: Any, table: str) -> None:
    def write(number: int) -> None:
        for turn in range(4):
            item = key(f"{number}-{turn}")
            if number % 2:
                dynamodb.put_item(TableName=table, Item=item)
                continue
            cancelled = {
                "ConditionCheck": {
                    "TableName": table,
                    "Key": key("none"),
                    "ConditionExpression": "attribute_exists(pk)",
                }
            }
            with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
                dynamodb.transact_write_items(
                    TransactItems=[{"Put": {"TableName": table, "Item": item}}, cancelled]
                )

    together(write)

    stored = {item["pk"]["S"] for item in dynamodb.scan(TableName=table)["Items"]}
    assert stored == {f"{number}-{turn}" for number in range(1, WRITERS, 2) for turn in range(4)}


def test_a_cancelled_transaction_restores_items_and_stream(
    front: Front, dynamodb: Any, table: str
) -> None:
    dynamodb.put_item(TableName=table, Item={**key("old"), "v": {"N": "1"}})
    dynamodb.put_item(TableName=table, Item=key("gone"))
    operations = [
        {"Put": {"TableName": table, "Item": key("new")}},
        {
            "Update": {
                "TableName": table,
                "Key": key("old"),
                "UpdateExpression": "SET v = :v",
                "ExpressionAttributeValues": {":v": {"N": "2"}},
            }
        },
        {"Delete": {"TableName": table, "Key": key("gone")}},
        {
            "ConditionCheck": {
                "TableName": table,
                "Key": key("none"),
                "ConditionExpression": "attribute_exists(pk)",
            }
        },
    ]

    with pytest.raises(ClientError) as caught:
        dynamodb.transact_write_items(TransactItems=operations)

    reasons = [reason["Code"] for reason in caught.value.response["CancellationReasons"]]
    items = {item["pk"]["S"]: item for item in dynamodb.scan(TableName=table)["Items"]}
    assert reasons == ["None", "None", "None", "ConditionalCheckFailed"]
    assert set(items) == {"old", "gone"}
    assert items["old"]["v"]["N"] == "1"
    assert len(records(front, table)) == 2


def test_a_token_makes_a_transaction_happen_once(dynamodb: Any, table: str) -> None:
    add = {
        "Update": {
            "TableName": table,
            "Key": key("count"),
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
    other = {"Put": {"TableName": table, "Item": key("other")}}

    for _ in range(3):
        dynamodb.transact_write_items(TransactItems=[add], ClientRequestToken=table)
    with pytest.raises(ClientError) as caught:
        dynamodb.transact_write_items(TransactItems=[other], ClientRequestToken=table)

    assert dynamodb.get_item(TableName=table, Key=key("count"))["Item"]["n"]["N"] == "1"
    assert caught.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"


def test_a_cancelled_transaction_does_not_use_up_its_token(dynamodb: Any, table: str) -> None:
    guarded = {
        "Put": {
            "TableName": table,
            "Item": key("a"),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }
    dynamodb.put_item(TableName=table, Item=key("a"))
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[guarded], ClientRequestToken=table)
    dynamodb.delete_item(TableName=table, Key=key("a"))

    dynamodb.transact_write_items(TransactItems=[guarded], ClientRequestToken=table)

    assert "Item" in dynamodb.get_item(TableName=table, Key=key("a"))


def test_two_operations_on_one_item_are_refused(dynamodb: Any, table: str) -> None:
    put = {"Put": {"TableName": table, "Item": key("a")}}

    with pytest.raises(ClientError) as caught:
        dynamodb.transact_write_items(
            TransactItems=[put, {"Delete": {"TableName": table, "Key": key("a")}}]
        )

    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert dynamodb.scan(TableName=table)["Count"] == 0


def test_a_transaction_may_read_100_items(dynamodb: Any, table: str) -> None:
    gets = [{"Get": {"TableName": table, "Key": key(str(n))}} for n in range(100)]

    assert len(dynamodb.transact_get_items(TransactItems=gets)["Responses"]) == 100


def test_transfers_between_accounts_neither_make_nor_lose_anything(
    dynamodb: Any, table: str
) -> None:
    def add(pk: str, amount: int) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": table,
                "Key": key(pk),
                "UpdateExpression": "ADD n :amount",
                "ConditionExpression": "n >= :least",
                "ExpressionAttributeValues": {
                    ":amount": {"N": str(amount)},
                    ":least": {"N": str(max(-amount, 0))},
                },
            }
        }

    for number in range(4):
        dynamodb.put_item(TableName=table, Item={**key(str(number)), "n": {"N": "3"}})

    def move(number: int) -> None:
        for turn in range(4):
            source, target = (number + turn) % 4, (number + turn + 1 + turn % 3) % 4
            try:
                dynamodb.transact_write_items(
                    TransactItems=[add(str(source), -2), add(str(target), 2)]
                )
            except dynamodb.exceptions.TransactionCanceledException:
                continue

    together(move)

    left = [int(item["n"]["N"]) for item in dynamodb.scan(TableName=table)["Items"]]
    assert sum(left) == 12
    assert min(left) >= 0


def test_one_token_from_32_writers_happens_once(dynamodb: Any, table: str) -> None:
    add = {
        "Update": {
            "TableName": table,
            "Key": key("count"),
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }

    together(lambda _: dynamodb.transact_write_items(TransactItems=[add], ClientRequestToken=table))

    assert dynamodb.get_item(TableName=table, Key=key("count"))["Item"]["n"]["N"] == "1"


def test_every_write_of_32_writers_is_in_the_stream_once_and_in_order(
    front: Front, dynamodb: Any, table: str
) -> None:
    def count(_: int) -> None:
        for _ in range(4):
            dynamodb.update_item(
                TableName=table,
                Key=key("count"),
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    together(count)

    seen = [int(record["dynamodb"]["NewImage"]["n"]["N"]) for record in records(front, table)]
    assert seen == list(range(1, WRITERS * 4 + 1))


def test_a_transaction_takes_as_many_steps_on_a_larger_table(dynamodb: Any, table: str) -> None:
    backend = dynamodb_backends["123456789012"]["eu-west-1"]

    def fill(start: int, count: int) -> None:
        for offset in range(start, start + count, 25):
            puts = [
                {"PutRequest": {"Item": {**key(str(n)), "v": {"S": "x" * 100}}}}
                for n in range(offset, offset + 25)
            ]
            dynamodb.batch_write_item(RequestItems={table: puts})

    def steps() -> int:
        profile = cProfile.Profile()
        put = {"Put": {"TableName": table, "Item": key("one")}}
        profile.runcall(backend.transact_write_items, [put])
        return sum(entry.callcount for entry in profile.getstats())

    fill(0, 25)
    steps()
    small = steps()
    fill(25, 2000)

    # Moto's own copy of the table made this a hundredfold.
    assert steps() <= small * 1.1


def test_an_update_that_creates_makes_one_record(front: Front, dynamodb: Any, table: str) -> None:
    change = {
        "TableName": table,
        "Key": key("a"),
        "UpdateExpression": "SET v = :v",
        "ExpressionAttributeValues": {":v": {"N": "1"}},
    }
    dynamodb.update_item(**change)
    dynamodb.update_item(**change)
    dynamodb.put_item(TableName=table, Item={**key("a"), "v": {"N": "1"}})
    dynamodb.delete_item(TableName=table, Key=key("a"))

    found = records(front, table)

    assert [record["eventName"] for record in found] == ["INSERT", "REMOVE"]
    assert found[0]["dynamodb"]["NewImage"] == {**key("a"), "v": {"N": "1"}}
    assert {record["awsRegion"] for record in found} == {"eu-west-1"}
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in found]
    assert numbers[1] == numbers[0] + 1


def test_a_records_image_does_not_change_afterwards(
    front: Front, dynamodb: Any, table: str
) -> None:
    nested = {"m": {"M": {"n": {"N": "1"}, "l": {"L": [{"S": "a"}]}}}, "s": {"SS": ["a"]}}
    dynamodb.put_item(TableName=table, Item={**key("a"), **nested})

    dynamodb.update_item(
        TableName=table,
        Key=key("a"),
        UpdateExpression="SET m.n = :n, m.l[0] = :s ADD s :more",
        ExpressionAttributeValues={
            ":n": {"N": "2"},
            ":s": {"S": "b"},
            ":more": {"SS": ["b"]},
        },
    )

    assert records(front, table)[0]["dynamodb"]["NewImage"] == {**key("a"), **nested}


def test_a_failed_update_leaves_no_item(front: Front, dynamodb: Any, table: str) -> None:
    with pytest.raises(ClientError):
        dynamodb.update_item(
            TableName=table,
            Key=key("a"),
            UpdateExpression="SET v = :big",
            ExpressionAttributeValues={":big": {"S": "x" * 410_000}},
        )

    assert dynamodb.scan(TableName=table)["Count"] == 0
    assert records(front, table) == []
