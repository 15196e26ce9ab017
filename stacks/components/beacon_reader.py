"""A function that reads the stream of beacons, with a queue for what it could not take."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.components.alarms import PERIOD, add_alarm
from stacks.components.dead_letters import dead_letter_queue
from stacks.components.function import MarqueeFunction

WINDOW = Duration.seconds(3)
"""How long a batch fills. Places and screens are behind by so much at most, which nobody beats who
takes up another device; a play that is left frees its screen by a request of its own."""

LATE = Duration.minutes(5)
"""A viewer who goes on elsewhere would go on at an older place."""


def read_beacons(
    scope: Construct,
    construct_id: str,
    *,
    function: MarqueeFunction,
    stream: kinesis.IStream,
    ticket_secret: secretsmanager.ISecret,
    batch_size: int = 100,
    gathers_for: Duration | None = None,
) -> None:
    """Give a function the stream's records in order, at least once, and what checks tickets.

    `gathers_for` is how long records may wait for others to come along; `WINDOW` where unsaid.
    """
    failures = dead_letter_queue(scope, f"{construct_id}Failures", env=function.env)
    failures.grant_send_messages(function)
    ticket_secret.grant_read(function)
    # What Lambda's poller asks for (developer guide, "Kinesis: required permissions").
    reading = stream.grant(
        function,
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
    )
    mapping = lambda_.CfnEventSourceMapping(
        scope,
        construct_id,
        function_name=function.alias.function_arn,
        event_source_arn=stream.stream_arn,
        starting_position="TRIM_HORIZON",
        batch_size=batch_size,
        maximum_batching_window_in_seconds=(gathers_for or WINDOW).to_seconds(),
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=10,
        function_response_types=["ReportBatchItemFailures"],
        destination_config={"onFailure": {"destination": failures.queue_arn}},
    )
    reading.apply_before(mapping)
    add_alarm(
        scope,
        f"{construct_id}Late",
        env=function.env,
        metric=function.function.metric("IteratorAge", period=PERIOD, statistic="Maximum"),
        threshold=LATE.to_milliseconds(),
        periods=3,
        of=3,
        says=f"Beacons wait in their stream: {function.node.path} fails or is too slow.",
    )
