from __future__ import annotations

from typing import Any

import pytest

from localcloud.iam.conditions import Context, PolicyError, holds
from localcloud.iam.policy import Access, Identity, decide, parse_object

ROLE = "arn:aws:iam::123456789012:role/fn"
CALLER = Identity("arn:aws:sts::123456789012:assumed-role/fn/s", "123456789012", ROLE)
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/titles"
GET = Access("dynamodb:GetItem", TABLE)


def document(*statements: dict[str, Any]) -> Any:
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def answer(*statements: dict[str, Any], access: Access = GET, **more: Any) -> bool:
    context: Context = more.pop("context", {})
    policies = [document(*statements)] if statements else []
    return decide(access, CALLER, context, identity_policies=policies, **more).allowed


def test_nothing_is_allowed_by_default() -> None:
    decision = decide(GET, CALLER, {})

    assert not decision.allowed
    assert decision.reason == (
        "because no identity-based policy allows the dynamodb:GetItem action"
    )


@pytest.mark.parametrize("action", ["dynamodb:GetItem", "dynamodb:Get*", "DYNAMODB:getitem", "*"])
def test_actions_match_by_wildcard_and_in_any_case(action: str) -> None:
    assert answer(allow(action))


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (TABLE, True),
        ("arn:aws:dynamodb:*:*:table/titles", True),
        ("arn:aws:dynamodb:eu-west-1:123456789012:table/title?", True),
        (f"{TABLE}/index/*", False),
        (TABLE.upper(), False),
    ],
)
def test_resources_match_by_wildcard_and_exact_case(resource: str, expected: bool) -> None:
    assert answer(allow(resource=resource)) is expected


def test_a_deny_beats_every_allow() -> None:
    statements = (allow(), {"Effect": "Deny", "Action": "dynamodb:*", "Resource": TABLE})

    decision = decide(GET, CALLER, {}, identity_policies=[document(*statements)])

    assert decision.reason == "with an explicit deny in an identity-based policy"


def test_not_action_and_not_resource_invert() -> None:
    others = {"Effect": "Allow", "NotAction": "s3:*", "NotResource": "arn:aws:s3:::*"}

    assert answer(others)
    assert not answer(others, access=Access("s3:GetObject", "arn:aws:s3:::b/k"))


def test_a_resource_policy_that_names_the_role_is_enough() -> None:
    policy = document(allow(Principal={"AWS": ROLE}))

    assert answer(resource_policy=policy)


def test_a_resource_policy_that_names_the_account_only_delegates() -> None:
    policy = document(allow(Principal={"AWS": "arn:aws:iam::123456789012:root"}))

    assert not answer(resource_policy=policy)
    assert answer(allow(), resource_policy=policy)


def test_a_key_needs_its_own_policy_beside_the_callers() -> None:
    use = Access("kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/1", identity_alone=False)
    delegates = document(allow("kms:*", Principal={"AWS": "arn:aws:iam::123456789012:root"}))
    silent = document(allow("kms:*", Principal={"AWS": "arn:aws:iam::123456789012:role/x"}))

    assert answer(allow("kms:Decrypt"), access=use, resource_policy=delegates)
    assert not answer(access=use, resource_policy=delegates)
    assert not answer(allow("kms:Decrypt"), access=use, resource_policy=silent)


def test_a_service_is_admitted_by_resource_policies_only() -> None:
    edge = Identity("", "123456789012", service="cloudfront.amazonaws.com")
    read = Access("s3:GetObject", "arn:aws:s3:::packaged/m/a.mpd")
    distribution = "arn:aws:cloudfront::123456789012:distribution/E1"
    policy = document(
        allow(
            "s3:GetObject",
            "arn:aws:s3:::packaged/*",
            Principal={"Service": "cloudfront.amazonaws.com"},
            Condition={"ArnLike": {"AWS:SourceArn": "arn:aws:cloudfront::123456789012:*"}},
        )
    )

    assert decide(read, edge, {"aws:sourcearn": distribution}, resource_policy=policy).allowed
    assert not decide(
        read,
        edge,
        {"aws:sourcearn": "arn:aws:cloudfront::9:distribution/E"},
        resource_policy=policy,
    ).allowed
    assert not decide(read, edge, {}, resource_policy=policy).allowed
    assert not decide(read, edge, {"aws:sourcearn": distribution}).allowed


def test_a_boundary_caps_what_policies_allow() -> None:
    boundary = document(allow("s3:*"))

    assert not answer(allow(), boundary=boundary)


def test_policy_variables_take_the_requests_values() -> None:
    own = allow(resource="arn:aws:s3:::b/${aws:PrincipalTag/team}/*")
    read = Access("s3:GetObject", "arn:aws:s3:::b/red/x")

    assert answer(own, access=read, context={"aws:principaltag/team": "red"})
    assert not answer(own, access=read, context={"aws:principaltag/team": "blue"})
    assert not answer(own, access=read)
    assert not answer(own, access=read, context={"aws:principaltag/team": "*"})


CONDITIONS: list[tuple[str, str, list[str], Context, bool]] = [
    ("StringEquals", "k", ["a", "b"], {"k": "b"}, True),
    ("StringEquals", "K", ["a"], {"k": "a"}, True),
    ("StringEquals", "k", ["a*"], {"k": "ab"}, False),
    ("StringEquals", "k", ["a"], {}, False),
    ("StringEqualsIfExists", "k", ["a"], {}, True),
    ("StringEqualsIfExists", "k", ["a"], {"k": "b"}, False),
    ("StringNotEquals", "k", ["a", "b"], {"k": "b"}, False),
    ("StringNotEquals", "k", ["a"], {}, True),
    ("StringEqualsIgnoreCase", "k", ["Ab"], {"k": "aB"}, True),
    ("StringLike", "k", ["a*z"], {"k": "abz"}, True),
    ("StringNotLike", "k", ["a*"], {"k": "b"}, True),
    ("ArnLike", "k", ["arn:aws:s3:::b*"], {"k": "arn:aws:s3:::bucket"}, True),
    ("ArnLike", "k", ["arn:aws:*:x"], {"k": "arn:aws:s3:eu:1:x"}, False),
    ("ArnEquals", "k", ["arn:aws:s3:::b"], {"k": "arn:aws:s3:::b"}, True),
    ("Bool", "k", ["true"], {"k": "True"}, True),
    ("Bool", "k", ["true"], {}, False),
    ("Null", "k", ["true"], {}, True),
    ("Null", "k", ["false"], {"k": "x"}, True),
    ("Null", "k", ["true"], {"k": "x"}, False),
    ("NumericLessThanEquals", "k", ["3600"], {"k": "3600"}, True),
    ("NumericGreaterThan", "k", ["10"], {"k": "9"}, False),
    ("NumericEquals", "k", ["10"], {"k": "ten"}, False),
    ("DateLessThan", "k", ["2026-12-31T00:00:00Z"], {"k": "2026-11-22T00:00:00+00:00"}, True),
    ("DateGreaterThan", "k", ["1700000000"], {"k": "2026-11-22T00:00:00Z"}, True),
    ("IpAddress", "k", ["10.0.0.0/8"], {"k": "10.1.2.3"}, True),
    ("NotIpAddress", "k", ["10.0.0.0/8"], {"k": "10.1.2.3"}, False),
    ("ForAnyValue:StringEquals", "k", ["a"], {"k": ("b", "a")}, True),
    ("ForAnyValue:StringEquals", "k", ["a"], {}, False),
    ("ForAllValues:StringEquals", "k", ["a", "b"], {"k": ("b", "a")}, True),
    ("ForAllValues:StringEquals", "k", ["a"], {"k": ("b", "a")}, False),
    ("ForAllValues:StringEquals", "k", ["a"], {}, True),
]


@pytest.mark.parametrize(("operator", "key", "wanted", "context", "expected"), CONDITIONS)
def test_a_condition_holds_as_iam_defines_it(
    operator: str, key: str, wanted: list[str], context: Context, expected: bool
) -> None:
    assert holds(operator, key, wanted, context) is expected


@pytest.mark.parametrize("operator", ["StringMatches", "ForEachValue:StringEquals", "NullIfExists"])
def test_an_unknown_operator_is_an_error_and_no_allowance(operator: str) -> None:
    with pytest.raises(PolicyError, match="unknown condition"):
        document(allow(Condition={operator: {"k": "v"}}))


def test_an_unknown_element_is_an_error() -> None:
    with pytest.raises(PolicyError, match="unknown policy element"):
        document(allow(Actions="*"))
