"""A function of ours: one domain's code, its layers, its own log group and role, an alias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import jsii
from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.components.acknowledgements import acknowledge
from stacks.components.alarms import PERIOD, add_alarm
from stacks.components.rollout import shift_in_steps
from stacks.environment import Environment

SOURCE_ROOT = Path("lambdas")

NOT_SHIPPED = ["**/__pycache__", "**/*.pyc"]

NOT_RUN = ["/*/openapi.yaml"]
"""What a domain states beside its code and no function reads."""

NEAR_ITS_END = 0.8
"""A function whose slowest hundredth takes this part of its timeout is about to lose work."""


class MissingLayerError(FileNotFoundError):
    """A dependency set has not been built; the message says with which command."""


def _bundle(domain: str) -> lambda_.Code:
    """The kernel and one domain: editing a domain changes one asset and no other.

    The others are named one by one: a hash over `*` with exceptions comes out the same for all.
    """
    others = {entry.name for entry in SOURCE_ROOT.iterdir()} - {"kernel", domain}
    return lambda_.Code.from_asset(
        str(SOURCE_ROOT),
        exclude=[*(f"/{name}" for name in sorted(others)), *NOT_SHIPPED, *NOT_RUN],
        ignore_mode=IgnoreMode.GIT,
    )


def _layer(stack: Stack, env: Environment, name: str) -> lambda_.ILayerVersion:
    """A dependency set as a layer of this stack: one exported elsewhere could not be updated."""
    construct_id = f"Layer{name.title()}"
    existing = stack.node.try_find_child(construct_id)
    if isinstance(existing, lambda_.LayerVersion):
        return existing
    folder = Path(env.layers) / name
    if not folder.is_dir():
        raise MissingLayerError(f"{folder} is not built; run: make layers ENV={env.name}")
    return lambda_.LayerVersion(
        stack,
        construct_id,
        code=lambda_.Code.from_asset(str(folder), exclude=NOT_SHIPPED, ignore_mode=IgnoreMode.GIT),
        compatible_runtimes=[env.runtime],
        compatible_architectures=[env.architecture],
        description=f"Third-party dependencies: {name}",
    )


@jsii.implements(iam.IGrantable)
class MarqueeFunction(Construct):
    """A Lambda function published behind the alias `live`, which everybody invokes."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        domain: str,
        handler: str,
        layers: Sequence[str],
        memory_mb: int = 512,
        timeout: Duration | None = None,
        environment: Mapping[str, str] | None = None,
        description: str,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.env = env
        timeout = timeout or Duration.seconds(10)
        log_group = logs.LogGroup(
            self, "Log", retention=env.log_retention, removal_policy=RemovalPolicy.DESTROY
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            code=_bundle(domain),
            handler=f"{domain}.handlers.{handler}.handler",
            runtime=env.runtime,
            architecture=env.architecture,
            layers=[_layer(stack, env, name) for name in layers],
            memory_size=memory_mb,
            timeout=timeout,
            environment=dict(environment or {}),
            role=self.role,
            log_group=log_group,
            description=description,
        )
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            "The layers are locked and built for the runtime that the environment states.",
        )
        self.alias = lambda_.Alias(
            self, "Live", alias_name="live", version=self.function.current_version
        )
        self._deployments = shift_in_steps(
            self, "Rollout", env=env, alias=self.alias, alarms=self._alarms(timeout)
        )

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The function's role: grants are made to the component itself."""
        return self.role

    def roll_back_on(self, alarm: cloudwatch.IAlarm | None) -> None:
        """Take traffic back from a new version when this alarm sounds too."""
        if alarm is not None and self._deployments is not None:
            self._deployments.add_alarm(alarm)

    def _alarms(self, timeout: Duration) -> list[cloudwatch.IAlarm]:
        """What tells that a version is bad; throttling tells of limits, not of a version."""
        where = f"{self.node.path}. Its log group has the reason."
        failing = add_alarm(
            self,
            "Failing",
            env=self.env,
            metric=self._metric("Errors", "Sum"),
            threshold=3,
            periods=1,
            says=f"A function fails: {where}",
        )
        slow = add_alarm(
            self,
            "Slow",
            env=self.env,
            metric=self._metric("Duration", "p99"),
            threshold=NEAR_ITS_END * timeout.to_milliseconds(),
            periods=2,
            of=3,
            says=f"A function comes near its timeout: {where}",
        )
        add_alarm(
            self,
            "Throttled",
            env=self.env,
            metric=self._metric("Throttles", "Sum"),
            periods=2,
            of=3,
            says=f"A function is refused for lack of concurrency: {self.node.path}. "
            "See the account's limit of concurrent executions.",
        )
        return [alarm for alarm in (failing, slow) if alarm is not None]

    def _metric(self, name: str, statistic: str) -> cloudwatch.Metric:
        """A metric of the alias: what a direct invocation of another version does is not in it."""
        return self.alias.metric(name, period=PERIOD, statistic=statistic)
