"""A function that listens to events of the bus, with a queue for what it could not take."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.components.function import MarqueeFunction


def subscribe(
    scope: Construct,
    construct_id: str,
    *,
    function: MarqueeFunction,
    source: str,
    detail_types: Sequence[str],
) -> events.Rule:
    """Deliver a source's events of those types to a function: retried, then set aside."""
    failures = sqs.Queue(
        scope, f"{construct_id}Failures", enforce_ssl=True, retention_period=Duration.days(14)
    )
    return events.Rule(
        scope,
        construct_id,
        event_pattern=events.EventPattern(source=[source], detail_type=list(detail_types)),
        targets=[
            targets.LambdaFunction(
                function.alias,
                dead_letter_queue=failures,
                max_event_age=Duration.hours(24),
                retry_attempts=185,
            )
        ],
    )
