"""What the edge knows of plays: the deny list and the keys of tokens, and who writes them."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.components import (
    MarqueeFunction,
    MarqueeStack,
    add_alarm,
    run_daily,
    subscribe,
)
from stacks.environment import Environment
from stacks.signing import Signing

FULL_BYTES = 5 * 1024 * 1024
"""What a KeyValueStore holds (CloudFront's quota). A play takes about 40 bytes."""

NEARLY_FULL = 0.6
"""A day's warning: the rest is what is revoked on the busiest day before the next sweep."""


class RevocationStack(MarqueeStack):
    """One store that the edge's functions read, with the revoker and the keeper."""

    def __init__(
        self, scope: Construct, construct_id: str, *, env: Environment, signing: Signing
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        self._env = env
        self.store = cloudfront.KeyValueStore(
            self,
            "EdgeStore",
            key_value_store_name=f"marquee-{env.name}-plays",
            comment="Revoked plays and the keys of tokens",
        )
        self._add_revoker()
        self._add_keeper(signing)

    def _add_revoker(self) -> None:
        revoker = self._function("Revoker", "Puts revoked plays on the edge's deny list", {})
        self._grant(revoker, "DescribeKeyValueStore", "UpdateKeys")
        subscribe(
            self,
            "Revoked",
            function=revoker,
            source=self._env.event_source("playback"),
            detail_types=["PlayRevoked"],
        )

    def _add_keeper(self, signing: Signing) -> None:
        keeper = self._function(
            "EdgeKeeper",
            "Keeps the edge's deny list short and its keys current",
            {"TICKET_SECRET": signing.ticket_secret.secret_arn},
            # A full store has a thousand pages.
            timeout=Duration.minutes(5),
        )
        self._grant(keeper, "DescribeKeyValueStore", "ListKeys", "UpdateKeys")
        signing.ticket_secret.grant_read(keeper)
        run_daily(
            self,
            "Daily",
            function=keeper,
            failed="The deny list was not cleared of what is over, nor the edge's keys looked "
            "after. A full list takes no further play back.",
        )
        self._watch_size(keeper)
        CfnOutput(self, "EdgeKeeperFunction", value=keeper.alias.function_arn)

    def _watch_size(self, keeper: MarqueeFunction) -> None:
        """CloudFront has no metric of it, so it is read from the keeper's own line."""
        if self._env.alerts is None:
            return
        size = logs.MetricFilter(
            self,
            "Size",
            log_group=keeper.function.log_group,
            filter_pattern=logs.FilterPattern.exists("$.size_bytes"),
            metric_namespace=f"Marquee/{self._env.name}",
            metric_name="EdgeStoreBytes",
            metric_value="$.size_bytes",
        )
        add_alarm(
            self,
            "NearlyFull",
            env=self._env,
            metric=cloudwatch.Metric(
                namespace=f"Marquee/{self._env.name}",
                metric_name="EdgeStoreBytes",
                statistic="Maximum",
                period=Duration.hours(1),
            ),
            threshold=NEARLY_FULL * FULL_BYTES,
            says="The edge's store fills up: when it is full, no play can be revoked any more. "
            'docs/operate.md, "Revoked plays".',
        )
        size.node.add_dependency(self.store)

    def _function(
        self,
        construct_id: str,
        description: str,
        environment: dict[str, str],
        timeout: Duration | None = None,
    ) -> MarqueeFunction:
        return MarqueeFunction(
            self,
            construct_id,
            env=self._env,
            domain="playback",
            handler=construct_id.lower(),
            layers=["crypto"],
            timeout=timeout,
            environment={"EDGE_STORE": self.store.key_value_store_arn, **environment},
            description=description,
        )

    def _grant(self, function: MarqueeFunction, *operations: str) -> None:
        iam.Grant.add_to_principal(
            grantee=function,
            actions=[f"cloudfront-keyvaluestore:{operation}" for operation in operations],
            resource_arns=[self.store.key_value_store_arn],
        )
