"""Tables are on demand, until an environment states what the busy ones are provisioned with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template as Synthesized

from stacks.components import MarqueeTable
from stacks.environment import environment_from

CONTEXT = json.loads((Path(__file__).resolve().parents[2] / "cdk.json").read_text())["context"]

CAPACITY = {"reads": {"least": 10, "most": 500}, "writes": {"least": 20, "most": 2000}}

BUSY = ["identity", "playback", "progress"]
"""Domains that every play and every renewal of a token write to."""


def table(*, busy: bool, **settings: Any) -> dict[str, Any]:
    context = {**CONTEXT, "environment": "prod", "settings": json.dumps(settings)}
    app = cdk.App(context=context)
    stack = cdk.Stack(app, "tables", env=cdk.Environment(region="eu-west-1"))
    MarqueeTable(stack, "Table", env=environment_from(app.node), busy=busy)
    (found,) = Synthesized.from_stack(stack).find_resources("AWS::DynamoDB::GlobalTable").values()
    properties: dict[str, Any] = found["Properties"]
    return properties


@pytest.mark.parametrize("busy", [False, True])
def test_a_table_is_on_demand_where_nothing_is_stated(busy: bool) -> None:
    assert table(busy=busy)["BillingMode"] == "PAY_PER_REQUEST"


def test_a_busy_table_follows_the_load_between_what_is_stated() -> None:
    made = table(busy=True, capacity=CAPACITY)

    (replica,) = made["Replicas"]
    writes = made["WriteProvisionedThroughputSettings"]["WriteCapacityAutoScalingSettings"]
    reads = replica["ReadProvisionedThroughputSettings"]["ReadCapacityAutoScalingSettings"]
    assert made["BillingMode"] == "PROVISIONED"
    assert (writes["MinCapacity"], writes["MaxCapacity"]) == (20, 2000)
    assert (reads["MinCapacity"], reads["MaxCapacity"]) == (10, 500)
    for scaling in (writes, reads):
        assert scaling["SeedCapacity"] == scaling["MaxCapacity"]
        assert scaling["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70


def test_a_table_that_nobody_hurries_to_stays_on_demand() -> None:
    assert table(busy=False, capacity=CAPACITY)["BillingMode"] == "PAY_PER_REQUEST"
