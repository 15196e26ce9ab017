from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.functions import AsyncOutcome, Invocation
from localcloud.triggers.destinations import Destinations
from localcloud.triggers.mappings import SourceRefusedError
from localcloud.triggers.sources import EventSources

if TYPE_CHECKING:
    from tests.unit.localcloud.triggers.conftest import Cloud

Eventually = Callable[[Callable[[], bool]], None]
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:hear:live"


class Queue:
    """A queue mapped to the function `hear`."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        dead = cloud.queue("dead")
        redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 2})
        self.arn = cloud.queue("work", VisibilityTimeout="30", RedrivePolicy=redrive)
        self.batches: list[list[dict[str, Any]]] = []
        self.fails: Callable[[str], bool] = lambda _: False
        self.reports = False
        cloud.functions.handlers["hear"] = self.handle
        self.sources: EventSources | None = None

    def handle(self, event: Any) -> Any:
        records = event["Records"]
        self.batches.append(records)
        failed = [record for record in records if self.fails(record["body"])]
        if failed and not self.reports:
            raise ValueError("poison")
        return {"batchItemFailures": [{"itemIdentifier": one["messageId"]} for one in failed]}

    def brings_back_after_a_second(self) -> None:
        """What was received and not deleted; otherwise later than any test waits."""
        self.cloud.clients.client("sqs").set_queue_attributes(
            QueueUrl=self.cloud.url("work"), Attributes={"VisibilityTimeout": "1"}
        )

    def send(self, *bodies: str, **arguments: Any) -> None:
        sqs = self.cloud.clients.client("sqs")
        for body in bodies:
            sqs.send_message(QueueUrl=self.cloud.url("work"), MessageBody=body, **arguments)

    def bodies(self) -> list[str]:
        return [record["body"] for batch in list(self.batches) for record in batch]

    def left(self) -> int:
        """Messages in the queue, visible or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.cloud.clients.client("sqs").get_queue_attributes(
            QueueUrl=self.cloud.url("work"), AttributeNames=names
        )
        return sum(int(answer["Attributes"][name]) for name in names)

    def start(self, **properties: Any) -> None:
        self.cloud.add(
            "AWS::Lambda::EventSourceMapping",
            "Mapping",
            "mapping",
            FunctionName=FUNCTION,
            EventSourceArn=self.arn,
            **properties,
        )
        cloud = self.cloud
        destinations = Destinations(cloud.registry, cloud.functions, cloud.clients)
        self.sources = EventSources(cloud.registry, cloud.functions, cloud.clients, destinations)
        self.sources.start()


@pytest.fixture
def queue(cloud: Cloud) -> Iterator[Queue]:
    made = Queue(cloud)
    yield made
    if made.sources is not None:
        made.sources.stop()


def test_messages_reach_the_function_and_are_deleted(queue: Queue, eventually: Eventually) -> None:
    queue.send("a", "b")

    queue.start()

    eventually(lambda: sorted(queue.bodies()) == ["a", "b"] and queue.left() == 0)
    assert ("sqs", "arn:aws:iam::123456789012:role/hear") in queue.cloud.clients.asked


def test_a_message_has_the_shape_that_lambda_hands_over(
    queue: Queue, eventually: Eventually
) -> None:
    attribute = {"DataType": "String", "StringValue": "film"}
    queue.start()
    queue.send("hello", MessageAttributes={"kind": attribute})

    eventually(lambda: bool(queue.batches))
    ((record,),) = queue.batches
    assert record["body"] == "hello"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == queue.arn
    assert record["awsRegion"] == "eu-west-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["kind"] == {
        "stringValue": "film",
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": "String",
    }
    assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"


def test_a_failed_message_comes_again_and_ends_in_the_dead_letter_queue(
    queue: Queue, eventually: Eventually
) -> None:
    queue.brings_back_after_a_second()
    queue.fails = lambda body: body == "bad"
    queue.start(BatchSize=1)

    queue.send("bad", "good")

    eventually(lambda: sorted(queue.bodies()) == ["bad", "bad", "good"])
    eventually(lambda: queue.left() == 0)
    eventually(lambda: [one["Body"] for one in queue.cloud.messages("dead")] == ["bad"])


def test_only_the_messages_reported_as_failed_come_again(
    queue: Queue, eventually: Eventually
) -> None:
    seen: list[str] = []

    def fails(body: str) -> bool:
        seen.append(body)
        return body == "b" and seen.count("b") == 1

    queue.brings_back_after_a_second()
    queue.fails, queue.reports = fails, True
    queue.send("a", "b", "c")

    queue.start(FunctionResponseTypes=["ReportBatchItemFailures"])

    eventually(lambda: sorted(queue.bodies()) == ["a", "b", "b", "c"])
    eventually(lambda: queue.left() == 0)


def test_a_window_gathers_more_than_one_call_gives(queue: Queue, eventually: Eventually) -> None:
    queue.send(*(str(number) for number in range(12)))

    queue.start(BatchSize=12, MaximumBatchingWindowInSeconds=60)

    eventually(lambda: [len(batch) for batch in queue.batches] == [12])
    eventually(lambda: queue.left() == 0)


def test_a_message_that_passes_no_filter_is_deleted(queue: Queue, eventually: Eventually) -> None:
    queue.send('{"kind": "film"}', '{"kind": "series"}', "text")

    queue.start(FilterCriteria={"Filters": [{"Pattern": '{"body": {"kind": ["film"]}}'}]})

    eventually(lambda: queue.left() == 0 and queue.bodies() == ['{"kind": "film"}'])


def test_a_queue_that_does_not_exist_is_refused_at_the_start(queue: Queue) -> None:
    queue.arn = queue.arn.replace("work", "nowhere")

    with pytest.raises(SourceRefusedError, match="does not have permissions"):
        queue.start()


def outcome(condition: str) -> AsyncOutcome:
    error = None if condition == "Success" else "Unhandled"
    invocation = Invocation(200, b'{"errorMessage": "no"}', error, "", "1", "request")
    return AsyncOutcome(FUNCTION, "request", b'{"n": 1}', condition, 3, invocation)


def test_an_event_that_failed_goes_to_its_destination_and_dead_letter_queue(cloud: Cloud) -> None:
    failed, dead = cloud.queue("failed"), cloud.queue("dead")
    cloud.add(
        "AWS::Lambda::EventInvokeConfig",
        "Config",
        FunctionName="hear",
        Qualifier="live",
        DestinationConfig={"OnFailure": {"Destination": failed}},
    )
    cloud.add("AWS::Lambda::Function", "Hear", "hear", DeadLetterConfig={"TargetArn": dead})
    destinations = Destinations(cloud.registry, cloud.functions, cloud.clients)

    destinations.on_async_outcome(outcome("Success"))
    destinations.on_async_outcome(outcome("RetriesExhausted"))

    (record,) = cloud.messages("failed")
    (event,) = cloud.messages("dead")
    document = json.loads(record["Body"])
    assert document["requestContext"]["condition"] == "RetriesExhausted"
    assert document["requestPayload"] == {"n": 1}
    assert document["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "1",
        "functionError": "Unhandled",
    }
    assert document["responsePayload"] == {"errorMessage": "no"}
    assert event["Body"] == '{"n": 1}'
    assert event["MessageAttributes"]["RequestID"]["StringValue"] == "request"
