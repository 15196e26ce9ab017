"""Functions that are run by the clock."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from stacks.components.alarms import add_alarm
from stacks.components.dead_letters import dead_letter_queue
from stacks.components.function import MarqueeFunction

RETRIES = 2
"""What Lambda does by itself, within minutes, where an event's invocation failed."""


def run_daily(
    scope: Construct, construct_id: str, *, function: MarqueeFunction, failed: str
) -> None:
    """Invoke a function once a day, at an hour of AWS's choice; `failed` as for `run_seldom`."""
    run_seldom(scope, construct_id, function=function, rate=Duration.days(1), failed=failed)


def run_seldom(
    scope: Construct,
    construct_id: str,
    *,
    function: MarqueeFunction,
    rate: Duration,
    failed: str,
) -> None:
    """Invoke a function by the clock, every hour or less often.

    A run that failed to its end is no more than three errors in minutes, which a function's own
    alarm does not see: one more alarm says `failed`, which is what nobody did.
    """
    run_every(scope, construct_id, function=function, rate=rate)
    add_alarm(
        scope,
        f"{construct_id}Failed",
        env=function.env,
        metric=function.alias.metric_errors(period=Duration.hours(1), statistic="Sum"),
        threshold=1 + RETRIES,
        says=f"{failed} Its log group has the reason: {function.node.path}.",
    )


def run_every(
    scope: Construct, construct_id: str, *, function: MarqueeFunction, rate: Duration
) -> None:
    """Invoke a function by the clock; an event that does not reach it is set aside."""
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
                retry_attempts=RETRIES,
            )
        ],
    )
