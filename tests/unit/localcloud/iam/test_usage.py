from __future__ import annotations

from typing import Any

import pytest

from localcloud.iam.conditions import PolicyError
from localcloud.iam.policy import Access, parse_object
from localcloud.iam.usage import Usage, joined, unused
from localcloud.registry import Registry, Resource

ROLE = "arn:aws:iam::123456789012:role/fn"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/titles"
OTHER = "arn:aws:dynamodb:eu-west-1:123456789012:table/other"


class OneRole:
    """An account with one role."""

    def __init__(self, *statements: dict[str, Any]) -> None:
        self.arn = ROLE
        self.policies = (parse_object({"Statement": list(statements)}),)

    def role(self, arn: str) -> Any:
        return self if arn == ROLE else None


@pytest.fixture
def registry() -> Registry:
    known = Registry()
    known.add(Resource("stack", "Role", "AWS::IAM::Role", "fn", {"Arn": ROLE}))
    return known


def grant(actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def report(registry: Registry, account: OneRole, *accesses: Access) -> Any:
    usage = Usage()
    (policy,) = account.policies
    for access in accesses:
        covering = [one for one in policy.statements if one.covers(access, {})]
        usage.record(ROLE, covering, access, {})
    return usage.report(registry, account)  # type: ignore[arg-type] # as far as it is asked


def test_a_grant_that_nothing_needed_is_named_with_its_role(registry: Registry) -> None:
    account = OneRole(grant(["dynamodb:GetItem", "dynamodb:PutItem"], [TABLE, OTHER]))

    found = report(registry, account, Access("dynamodb:GetItem", TABLE))

    assert unused(found) == ["stack/Role: " + OTHER, "stack/Role: dynamodb:PutItem"]


def test_every_part_that_was_needed_is_silent(registry: Registry) -> None:
    account = OneRole(grant(["dynamodb:Get*", "dynamodb:PutItem"], [TABLE, OTHER]))

    found = report(
        registry, account, Access("dynamodb:GetItem", TABLE), Access("dynamodb:PutItem", OTHER)
    )

    assert unused(found) == []


def test_the_same_action_in_another_statement_does_not_count(registry: Registry) -> None:
    account = OneRole(grant(["dynamodb:GetItem"], [TABLE]), grant(["dynamodb:GetItem"], [OTHER]))

    found = report(registry, account, Access("dynamodb:GetItem", TABLE))

    assert unused(found) == ["stack/Role: dynamodb:GetItem"]


def test_what_any_of_several_runs_needed_is_needed(registry: Registry) -> None:
    one = OneRole(grant(["dynamodb:GetItem", "dynamodb:PutItem"], [TABLE, f"{TABLE}/index/*"]))
    again = OneRole(grant(["dynamodb:GetItem", "dynamodb:PutItem"], [OTHER, f"{OTHER}/index/*"]))

    found = joined(
        [
            report(registry, one, Access("dynamodb:GetItem", TABLE)),
            report(registry, again, Access("dynamodb:PutItem", OTHER)),
        ]
    )

    assert unused(found, allowed=()) == [f"stack/Role: {TABLE}/index/*"]


def test_runs_of_other_templates_are_not_joined(registry: Registry) -> None:
    one, more = OneRole(grant(["s3:Get*"], ["*"])), OneRole(grant(["s3:Get*", "s3:Put*"], ["*"]))

    with pytest.raises(ValueError, match="zip"):
        joined([report(registry, one), report(registry, more)])


def test_denies_are_not_grants(registry: Registry) -> None:
    account = OneRole({"Effect": "Deny", "Action": "*", "Resource": "*"})

    assert unused(report(registry, account)) == []


def test_what_cdk_adds_to_a_grant_may_stay_unneeded(registry: Registry) -> None:
    account = OneRole(grant(["dynamodb:GetItem"], [TABLE, f"{TABLE}/index/*"]))

    assert unused(report(registry, account, Access("dynamodb:GetItem", TABLE))) == []


def test_a_bucket_beside_its_objects_is_not_a_grant_of_its_own(registry: Registry) -> None:
    bucket = "arn:aws:s3:::films"
    account = OneRole(grant(["s3:GetObject*"], [bucket, f"{bucket}/*"]))

    assert unused(report(registry, account, Access("s3:GetObject", f"{bucket}/a"))) == []


@pytest.mark.parametrize("key", ["aws:ResourceTag/team", "aws:CalledVia", "s3:ExistingObjectTag/a"])
def test_a_condition_on_what_no_request_carries_here_is_an_error(key: str) -> None:
    condition = {"StringEquals": {key: "x"}}

    with pytest.raises(PolicyError, match=key):
        parse_object({"Statement": {**grant(["*"], ["*"]), "Condition": condition}})


@pytest.mark.parametrize(
    "key",
    ["aws:SourceArn", "AWS:SourceArn", "aws:PrincipalTag/team", "kms:EncryptionContext:contentId",
     "s3:x-amz-server-side-encryption", "aws:SourceVpce"],
)  # fmt: skip
def test_a_condition_on_what_requests_carry_or_rightly_lack_is_taken(key: str) -> None:
    condition = {"StringEquals": {key: "x"}}

    assert parse_object({"Statement": {**grant(["*"], ["*"]), "Condition": condition}})
