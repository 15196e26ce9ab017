"""A function that is run by the clock."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from stacks.components.dead_letters import dead_letter_queue
from stacks.components.function import MarqueeFunction


def run_daily(scope: Construct, construct_id: str, *, function: MarqueeFunction) -> None:
    """Invoke a function once a day, at an hour of AWS's choice; a day's failure is set aside."""
    run_every(scope, construct_id, function=function, rate=Duration.days(1))


def run_every(
    scope: Construct, construct_id: str, *, function: MarqueeFunction, rate: Duration
) -> None:
    """Invoke a function by the clock; a failure is set aside."""
    events.Rule(
        scope,
        construct_id,
        schedule=events.Schedule.rate(rate),
        targets=[
            targets.LambdaFunction(
                function.alias,
                dead_letter_queue=dead_letter_queue(
                    scope, f"{construct_id}Failures", env=function.env
                ),
                retry_attempts=2,
            )
        ],
    )
