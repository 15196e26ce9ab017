"""Alarms that tell the environment's topic, where the environment states who hears of them."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.environment import Environment

PERIOD = Duration.minutes(1)
"""A canary lasts five minutes: an alarm that looks at less often would come after it."""

_TOPIC = "AlarmTopic"


def alarm_topic_name(env: Environment) -> str:
    """The topic of the operations stack. By name, so that no stack has to export it to all."""
    return f"marquee-{env.name}-alarms"


def add_alarm(
    scope: Construct,
    construct_id: str,
    *,
    env: Environment,
    metric: cloudwatch.IMetric,
    says: str,
    threshold: float = 1,
    periods: int = 1,
    of: int | None = None,
) -> cloudwatch.Alarm | None:
    """An alarm when the metric reaches the threshold in `periods` of the last `of` periods.

    `says` is what a person reads at night: what is wrong and where to look. None where the
    environment states no alerts.
    """
    if env.alerts is None:
        return None
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        metric=metric,
        alarm_description=says,
        threshold=threshold,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluation_periods=of or periods,
        datapoints_to_alarm=periods,
        # Nothing happened, so nothing failed.
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    tell = actions.SnsAction(_topic(Stack.of(scope), env))
    alarm.add_alarm_action(tell)
    alarm.add_ok_action(tell)
    return alarm


def _topic(stack: Stack, env: Environment) -> sns.ITopic:
    existing = stack.node.try_find_child(_TOPIC)
    if existing is not None:
        return existing  # type: ignore[return-value]  # only this function uses the id
    arn = stack.format_arn(service="sns", resource=alarm_topic_name(env))
    return sns.Topic.from_topic_arn(stack, _TOPIC, arn)
