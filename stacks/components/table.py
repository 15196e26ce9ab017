"""A domain's table, and the outbox that publishes what the domain wrote into it."""

from __future__ import annotations

import json

from aws_cdk import CfnElement, Duration, Stack, Tags
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.acknowledgements import acknowledge
from stacks.components.alarms import PERIOD, add_alarm
from stacks.components.dead_letters import dead_letter_queue
from stacks.components.event_archive import EventArchive
from stacks.components.function import MarqueeFunction
from stacks.environment import Capacity, Environment, Units

BACKUP_TAG = "marquee:backup"
"""What the environment's backup plan selects tables by."""

LATE = Duration.minutes(5)
"""Events that wait longer show: titles appear late, keys are missing at a start."""


AIMED_AT_PERCENT = 70
"""Of the units that are provisioned: the rest takes what comes before scaling does, in minutes."""


def _billing(capacity: Capacity | None) -> dynamodb.Billing:
    if capacity is None:
        return dynamodb.Billing.on_demand()
    return dynamodb.Billing.provisioned(
        read_capacity=_following(capacity.reads), write_capacity=_following(capacity.writes)
    )


def _following(units: Units) -> dynamodb.Capacity:
    return dynamodb.Capacity.autoscaled(
        min_capacity=units.least,
        max_capacity=units.most,
        target_utilization_percent=AIMED_AT_PERCENT,
        # A table that was on demand begins with it, until its scaling is there.
        seed_capacity=units.most,
    )


class MarqueeTable(Construct):
    """One table per domain: `pk` and `sk`, recoverable, ready to be made global; on demand, but
    where the environment states capacity for those that are `busy`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        outbox: bool = False,
        busy: bool = False,
        indexes: list[dynamodb.GlobalSecondaryIndexPropsV2] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.TableV2(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing=_billing(env.capacity if busy else None),
            encryption=dynamodb.TableEncryptionV2.aws_managed_key(),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True,
                recovery_period_in_days=env.recovery_days,
            ),
            time_to_live_attribute="expires_at",
            dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE if outbox else None,
            deletion_protection=env.retain_data,
            removal_policy=env.removal_policy,
            global_secondary_indexes=indexes,
        )
        if indexes:
            acknowledge(
                Stack.of(self),
                f"AwsSolutions-IAM5[Resource::<{_logical_id(self.table)}.Arn>/index/*]",
                "Whoever may read a domain's table may read its indexes: they hold the same items.",
            )
        if env.backup is not None:
            Tags.of(self.table).add(BACKUP_TAG, env.name)
        add_alarm(
            self,
            "Throttled",
            env=env,
            metric=cloudwatch.MathExpression(
                expression="reads + writes",
                label="Throttled requests",
                period=PERIOD,
                using_metrics={
                    "reads": self._metric("ReadThrottleEvents"),
                    "writes": self._metric("WriteThrottleEvents"),
                },
            ),
            periods=3,
            of=5,
            says=f"{self.node.path} refuses requests: a key is hotter than one partition, or the "
            "account's table limits are met.",
        )

    def _metric(self, name: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/DynamoDB",
            metric_name=name,
            dimensions_map={"TableName": self.table.table_name},
            statistic="Sum",
            period=PERIOD,
        )


class Outbox(Construct):
    """Publishes the events of a table's outbox on the default bus, in order, at least once."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        table: MarqueeTable,
        domain: str,
    ) -> None:
        super().__init__(scope, construct_id)
        EventArchive(self, "Archive", env=env, domain=domain)
        failures = dead_letter_queue(self, "Failures", env=env)
        function = MarqueeFunction(
            self,
            "Publish",
            env=env,
            domain="kernel",
            handler="outbox",
            layers=["lean"],
            memory_mb=256,
            timeout=Duration.seconds(30),
            environment={"EVENT_SOURCE": env.event_source(domain)},
            description=f"Publishes the events of {domain}",
        )
        is_new_event = {
            "eventName": ["INSERT"],
            "dynamodb": {"NewImage": {"kind": {"S": ["event"]}}},
        }
        table.table.grant_stream_read(function)
        failures.grant_send_messages(function)
        lambda_.CfnEventSourceMapping(
            self,
            "Stream",
            function_name=function.alias.function_arn,
            event_source_arn=table.table.table_stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=100,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=10,
            function_response_types=["ReportBatchItemFailures"],
            filter_criteria={"filters": [{"pattern": json.dumps(is_new_event)}]},
            destination_config={"onFailure": {"destination": failures.queue_arn}},
        )
        add_alarm(
            self,
            "Late",
            env=env,
            metric=function.function.metric("IteratorAge", period=PERIOD, statistic="Maximum"),
            threshold=LATE.to_milliseconds(),
            periods=3,
            of=3,
            says=f"Events of {domain} wait in its table: the outbox function fails or is too slow.",
        )
        function.role.add_to_policy(
            iam.PolicyStatement(
                actions=["events:PutEvents"],
                resources=[_default_bus_arn(self)],
                conditions={"StringEquals": {"events:source": env.event_source(domain)}},
            )
        )


def _logical_id(table: dynamodb.TableV2) -> str:
    resource = table.node.default_child
    assert isinstance(resource, CfnElement)
    return Stack.of(table).get_logical_id(resource)


def _default_bus_arn(scope: Construct) -> str:
    return Stack.of(scope).format_arn(
        service="events", resource="event-bus", resource_name="default"
    )
