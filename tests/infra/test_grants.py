"""Grants that the running service has no occasion to use in the tests are there all the same.

`tests/grants.py` says why each is not used there; dropping one of them fails here.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.grants import NEEDED_ELSEWHERE

Template = dict[str, Any]


def allowed_actions(template: Template, role_prefix: str) -> set[str]:
    """What the policies of the roles with that prefix allow."""
    found: set[str] = set()
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::IAM::Policy":
            continue
        roles = [role["Ref"] for role in resource["Properties"]["Roles"]]
        if any(role.startswith(role_prefix) for role in roles):
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                found |= {actions} if isinstance(actions, str) else set(actions)
    return found


RARE = [
    ("catalog", "OutboxPublishRole", {"sqs:SendMessage"}),
    ("keys", "OutboxPublishRole", {"sqs:SendMessage"}),
    ("media", "OutboxPublishRole", {"sqs:SendMessage"}),
    ("identity", "OutboxPublishRole", {"sqs:SendMessage"}),
    ("identity", "CreateAccountRole", {"dynamodb:GetItem"}),
    (
        "identity",
        "DeleteAccountsRole",
        {"dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"},
    ),
    ("playback", "ProjectRole", {"dynamodb:DeleteItem"}),
    ("progress", "ForgetRole", {"dynamodb:Query", "dynamodb:DeleteItem"}),
    ("progress", "ProjectRole", {"dynamodb:DeleteItem"}),
    (
        "devices",
        "FollowPlansRole",
        {
            "dynamodb:UpdateItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:DeleteItem",
        },
    ),
    ("notifications", "LettersRole", {"dynamodb:DeleteItem"}),
    ("notifications", "ForgetRole", {"dynamodb:Query", "dynamodb:DeleteItem"}),
    (
        "catalog",
        "RepublishFunctionRole",
        {"dynamodb:Scan", "dynamodb:PutItem", "dynamodb:ConditionCheckItem"},
    ),
    (
        "billing",
        "RepublishFunctionRole",
        {"dynamodb:Scan", "dynamodb:PutItem", "dynamodb:UpdateItem"},
    ),
    ("keys", "RepublishFunctionRole", {"dynamodb:Scan", "dynamodb:PutItem"}),
    ("keys", "SpekeRole", {"kms:Decrypt"}),
    ("media", "PipelineRole", {"mediaconvert:CancelJob", "mediaconvert:CreateJob"}),
    ("media", "RecordRole", {"dynamodb:GetItem"}),
    ("media", "ApiRole", {"s3:GetObject*"}),
    ("media", "ProgressRole", {"dynamodb:UpdateItem"}),
]


@pytest.mark.parametrize(("stack", "role", "actions"), RARE)
def test_a_grant_for_rare_occasions_is_there(
    template: Callable[[str], Template], stack: str, role: str, actions: set[str]
) -> None:
    assert actions <= allowed_actions(template(stack), role)


def test_every_exception_is_held_by_one_of_these() -> None:
    # What reads beacons is held where the stream is: tests/infra/test_beacons_stack.py.
    held = {role for _, role, _ in RARE} | {"BeaconsRole", "CdnQualityRole"}

    for exception in NEEDED_ELSEWHERE:
        role = exception.pattern.split(":")[0].split("/")[1].rstrip("*")
        assert any(fnmatchcase(role, known) for known in held), exception.pattern


def test_the_pipeline_may_hear_that_a_transcode_ended(
    dev_template: Callable[[str], Template],
) -> None:
    """A `.sync` task waits by a rule that Step Functions makes with the machine's own role; here
    the end is asked for, so only AWS would refuse."""
    rule = {"events:PutTargets", "events:PutRule", "events:DescribeRule"}

    assert rule <= allowed_actions(dev_template("media"), "PipelineRole")


def test_every_function_may_write_its_own_log(
    dev_assembly: Path, dev_template: Callable[[str], Template]
) -> None:
    """Here logs are files that need no permission; on AWS a function without it says nothing."""
    stacks = [path.name.split(".")[0] for path in dev_assembly.glob("*.template.json")]
    for stack in stacks:
        for resource in dev_template(stack)["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Function":
                role = resource["Properties"]["Role"]["Fn::GetAtt"][0]
                allowed = allowed_actions(dev_template(stack), role)
                assert {"logs:CreateLogStream", "logs:PutLogEvents"} <= allowed, (stack, role)
