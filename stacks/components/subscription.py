"""A function that listens to events of the bus, with a queue for what it could not take."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from stacks.components.dead_letters import dead_letter_queue
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
    failures = dead_letter_queue(scope, f"{construct_id}Failures", env=function.env)
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
