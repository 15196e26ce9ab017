"""A stack of ours: named after its environment, in the environment's account and region."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from stacks.environment import Environment


class MarqueeStack(cdk.Stack):
    """`marquee-<environment>-<construct id>`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, env: Environment, region: str | None = None
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=f"marquee-{env.name}-{construct_id}",
            env=cdk.Environment(account=env.account, region=region or env.region),
            termination_protection=env.retain_data,
            tags={"marquee:environment": env.name},
            # Assets need the bootstrap bucket; the version check would need an SSM parameter.
            synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            analytics_reporting=False,
        )
