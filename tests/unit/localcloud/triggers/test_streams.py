from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.functions import Invocation
from localcloud.triggers.destinations import Destinations
from localcloud.triggers.mappings import SourceRefusedError, failed_items, fitting
from localcloud.triggers.sources import EventSources

if TYPE_CHECKING:
    from tests.unit.localcloud.triggers.conftest import Cloud

Eventually = Callable[[Callable[[], bool]], None]


class Table:
    """A table with a stream, mapped to the function `hear`."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.dynamodb = cloud.clients.client("dynamodb")
        keys = ("pk", "sk")
        created = self.dynamodb.create_table(
            TableName="titles",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=True)
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        self.stream_arn = str(created["TableDescription"]["LatestStreamArn"])
        self.batches: list[list[dict[str, Any]]] = []
        self.poison: set[str] = set()
        self.report: Callable[[list[str]], Any] = lambda _: None
        cloud.functions.handlers["hear"] = self.handle
        self.sources: EventSources | None = None

    def handle(self, event: Any) -> Any:
        records = event["Records"]
        self.batches.append(records)
        keys = [record["dynamodb"]["Keys"]["pk"]["S"] for record in records]
        if self.poison.intersection(keys):
            raise ValueError("poison")
        return self.report(records)

    def put(self, *keys: str, kind: str = "event") -> None:
        for key in keys:
            item = {"pk": {"S": key}, "sk": {"S": "A"}, "kind": {"S": kind}, "raw": {"B": b"\x01"}}
            self.dynamodb.put_item(TableName="titles", Item=item)

    def seen(self) -> list[list[str]]:
        """The keys of each batch."""
        return [
            [record["dynamodb"]["Keys"]["pk"]["S"] for record in batch]
            for batch in list(self.batches)
        ]

    def start(self, **properties: Any) -> None:
        settings = {"StartingPosition": "TRIM_HORIZON", **properties}
        self.cloud.add(
            "AWS::Lambda::EventSourceMapping",
            "Mapping",
            "mapping",
            FunctionName="arn:aws:lambda:eu-west-1:123456789012:function:hear:live",
            EventSourceArn=self.stream_arn,
            **settings,
        )
        destinations = Destinations(self.cloud.registry, self.cloud.functions, self.cloud.clients)
        self.sources = EventSources(
            self.cloud.registry, self.cloud.functions, self.cloud.clients, destinations
        )
        self.sources.start()


@pytest.fixture
def table(cloud: Cloud) -> Iterator[Table]:
    made = Table(cloud)
    yield made
    if made.sources is not None:
        made.sources.stop()


def test_every_change_reaches_the_function_in_order(table: Table, eventually: Eventually) -> None:
    table.put("a", "b")
    table.start()
    eventually(lambda: table.seen() == [["a", "b"]])

    table.put("c")

    eventually(lambda: table.seen() == [["a", "b"], ["c"]])
    assert ("dynamodbstreams", "arn:aws:iam::123456789012:role/hear") in table.cloud.clients.asked


def test_a_record_has_the_shape_that_lambda_hands_over(
    table: Table, eventually: Eventually
) -> None:
    table.put("a")
    table.start()

    eventually(lambda: bool(table.batches))
    ((record,),) = table.batches
    assert record == {
        "eventID": record["eventID"],
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "ApproximateCreationDateTime": record["dynamodb"]["ApproximateCreationDateTime"],
            "Keys": {"pk": {"S": "a"}, "sk": {"S": "A"}},
            "NewImage": {
                "pk": {"S": "a"},
                "sk": {"S": "A"},
                "kind": {"S": "event"},
                "raw": {"B": "AQ=="},
            },
            "SequenceNumber": record["dynamodb"]["SequenceNumber"],
            "SizeBytes": record["dynamodb"]["SizeBytes"],
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": table.stream_arn,
    }


def test_latest_skips_what_was_there_before(table: Table, eventually: Eventually) -> None:
    table.put("before")
    table.start(StartingPosition="LATEST")

    table.put("after")

    eventually(lambda: table.seen() == [["after"]])


def test_batches_are_no_larger_than_asked_for(table: Table, eventually: Eventually) -> None:
    table.put(*"abcde")

    table.start(BatchSize=2)

    eventually(lambda: table.seen() == [["a", "b"], ["c", "d"], ["e"]])


def test_a_window_gathers_records(table: Table, eventually: Eventually) -> None:
    table.start(BatchSize=3, MaximumBatchingWindowInSeconds=60)

    table.put("a")
    table.put("b")
    table.put("c")

    eventually(lambda: table.seen() == [["a", "b", "c"]])


def test_only_records_that_pass_a_filter_are_handed_over(
    table: Table, eventually: Eventually
) -> None:
    pattern = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["event"]}}}}
    table.put("a", kind="title")
    table.put("b")
    table.put("b")
    table.put("c")

    table.start(FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})

    eventually(lambda: table.seen() == [["b", "c"]])


def test_a_failed_batch_is_tried_until_it_succeeds_and_holds_back_the_next(
    table: Table, eventually: Eventually
) -> None:
    table.poison.add("a")
    table.put("a")
    table.start(BatchSize=1)
    eventually(lambda: len(table.seen()) >= 3)
    table.put("b")
    assert ["b"] not in table.seen()

    table.poison.clear()

    eventually(lambda: table.seen()[-1] == ["b"])


def test_a_poisoned_record_is_isolated_and_its_whereabouts_are_kept(
    table: Table, cloud: Cloud, eventually: Eventually
) -> None:
    queue = cloud.queue("failed")
    table.poison.add("c")
    table.put(*"abcd")

    table.start(
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )

    eventually(lambda: table.seen()[-1:] == [["d"]])
    assert table.seen() == [list("abcd"), ["a", "b"], ["c", "d"], ["c"], ["c"], ["d"]]
    (message,) = cloud.messages("failed")
    record = json.loads(message["Body"])
    sequence = table.batches[-2][0]["dynamodb"]["SequenceNumber"]
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responseContext"]["functionError"] == "Unhandled"
    info = record["DDBStreamBatchInfo"]
    assert (info["startSequenceNumber"], info["endSequenceNumber"]) == (sequence, sequence)
    assert (info["batchSize"], info["streamArn"]) == (1, table.stream_arn)
    assert ("sqs", "arn:aws:iam::123456789012:role/hear") in cloud.clients.asked


def test_reported_failures_come_again_from_the_first_of_them(
    table: Table, eventually: Eventually
) -> None:
    reports = iter([2])

    def report(records: list[Any]) -> Any:
        failed = [
            {"itemIdentifier": records[index]["dynamodb"]["SequenceNumber"]} for index in reports
        ]
        return {"batchItemFailures": failed}

    table.report = report
    table.put(*"abcd")

    table.start(FunctionResponseTypes=["ReportBatchItemFailures"])

    eventually(lambda: table.seen() == [list("abcd"), list("cd")])


def test_records_are_not_lost_when_a_cancelled_transaction_restores_the_table(
    table: Table, eventually: Eventually
) -> None:
    table.start()
    condition = {
        "Update": {
            "TableName": "titles",
            "Key": {"pk": {"S": "x"}, "sk": {"S": "A"}},
            "UpdateExpression": "SET a = :a",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeValues": {":a": {"S": "1"}},
        }
    }
    with pytest.raises(ClientError):
        table.dynamodb.transact_write_items(TransactItems=[condition])

    table.put("after")

    eventually(lambda: table.seen() == [["after"]])


def test_a_disabled_mapping_reads_nothing(table: Table) -> None:
    table.start(Enabled=False)

    assert table.sources is not None
    assert table.sources.positions() == {}


def test_a_role_that_may_not_read_the_stream_is_refused_at_the_start(
    table: Table, cloud: Cloud
) -> None:
    class Closed:
        def describe_stream(self, **_: str) -> None:
            answer: Any = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
            raise ClientError(answer, "DescribeStream")

    cloud.clients.replaced["dynamodbstreams"] = Closed()

    with pytest.raises(SourceRefusedError, match=r"Cannot access stream .* GetShardIterator"):
        table.start()


def test_positions_tell_what_was_dealt_with(table: Table, eventually: Eventually) -> None:
    table.put("a")
    table.start()
    sources = table.sources
    assert sources is not None

    eventually(lambda: sources.positions()[table.stream_arn] != [{}])

    (position,) = sources.positions()[table.stream_arn]
    assert list(position.values()) == [table.batches[0][0]["dynamodb"]["SequenceNumber"]]


def test_kinesis_records_reach_the_function(cloud: Cloud, eventually: Eventually) -> None:
    kinesis = cloud.clients.client("kinesis")
    kinesis.create_stream(StreamName="beacons", ShardCount=2)
    arn = kinesis.describe_stream(StreamName="beacons")["StreamDescription"]["StreamARN"]
    heard: list[Any] = []
    cloud.functions.handlers["hear"] = lambda event: heard.extend(event["Records"])
    cloud.add(
        "AWS::Lambda::EventSourceMapping",
        "Mapping",
        "mapping",
        FunctionName="hear",
        EventSourceArn=arn,
        StartingPosition="LATEST",
        FilterCriteria={"Filters": [{"Pattern": '{"data": {"n": [{"numeric": [">", 1]}]}}'}]},
    )
    destinations = Destinations(cloud.registry, cloud.functions, cloud.clients)
    sources = EventSources(cloud.registry, cloud.functions, cloud.clients, destinations)
    sources.start()

    for number in range(4):
        data = json.dumps({"n": number}).encode()
        kinesis.put_record(StreamName="beacons", Data=data, PartitionKey=str(number))

    eventually(lambda: len(heard) == 2)
    sources.stop()
    record = heard[0]
    assert record["eventSource"] == "aws:kinesis"
    assert record["eventSourceARN"] == arn
    assert record["kinesis"]["partitionKey"] in {"2", "3"}
    assert record["invokeIdentityArn"] == "arn:aws:iam::123456789012:role/hear"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"null", set()),
        (b"{}", set()),
        (b'{"batchItemFailures": []}', set()),
        (b'{"batchItemFailures": null}', set()),
        (b'{"batchItemFailures": [{"itemIdentifier": "2"}]}', {"2"}),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', {"1", "2", "3"}),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', {"1", "2", "3"}),
        (b'{"batchItemFailures": [{"wrong": "2"}]}', {"1", "2", "3"}),
        (b'{"batchItemFailures": [{"itemIdentifier": "9"}]}', {"1", "2", "3"}),
        (b'"nonsense"', {"1", "2", "3"}),
    ],
)
def test_a_report_that_cannot_be_understood_fails_the_batch(
    payload: bytes, expected: set[str]
) -> None:
    invocation = Invocation(200, payload, None, "")

    assert failed_items(invocation, ["1", "2", "3"], reported=True) == expected


def test_a_batch_is_cut_at_six_megabytes() -> None:
    records = [{"data": "x" * (2 * 1024 * 1024)}] * 4

    assert fitting(records) == 2
    assert fitting(records[:1]) == 1


def test_an_idle_mapping_does_not_read(table: Table, eventually: Eventually) -> None:
    table.put("a")
    table.start()
    eventually(lambda: bool(table.batches))
    looked = threading.Event()
    before = len(table.cloud.clients.asked)

    looked.wait(0.5)

    assert len(table.cloud.clients.asked) - before < 6
