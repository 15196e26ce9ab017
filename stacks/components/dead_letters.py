"""Queues for what a function or a state machine could not take."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.components.acknowledgements import acknowledge
from stacks.components.alarms import PERIOD, add_alarm
from stacks.environment import Environment

KEPT = Duration.days(14)
"""SQS's longest: somebody comes back from holidays and the event is still there."""


def dead_letter_queue(scope: Construct, construct_id: str, *, env: Environment) -> sqs.Queue:
    """An encrypted queue that alarms on its first message."""
    queue = sqs.Queue(scope, construct_id, enforce_ssl=True, retention_period=KEPT)
    acknowledge(queue, "AwsSolutions-SQS3", "This is the dead-letter queue of an event rule.")
    add_alarm(
        scope,
        f"{construct_id}Filled",
        env=env,
        metric=queue.metric_approximate_number_of_messages_visible(
            period=PERIOD, statistic="Maximum"
        ),
        says=f"{queue.node.path}: an event was set aside after its last retry. Read it in the "
        "queue, mend the cause, then send it again.",
    )
    return queue
