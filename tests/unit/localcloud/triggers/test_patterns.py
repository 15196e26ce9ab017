from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from localcloud.triggers.patterns import Filters, InvalidPatternError, Pattern

EC2_EVENT = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "111122223333",
    "time": "2017-12-22T18:43:48Z",
    "region": "us-west-1",
    "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
    "detail": {
        "instance-id": "i-1234567890abcdef0",
        "state": "terminated",
        "c-count": 5,
        "d-count": 6,
        "x-limit": 301.8,
        "source-ip": "10.0.0.33",
        "FileName": "Screenshot.PNG",
        "EventBusArn": "",
        "nothing": None,
        "live": True,
    },
}
"""The example event of EventBridge's user guide, with fields of its other examples."""


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.ec2"]},
        {"source": ["aws.s3", "aws.ec2"]},
        {"resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"]},
        {"detail": {"state": ["terminated"], "c-count": [5]}},
        {"time": [{"prefix": "2017-12-22"}]},
        {"detail": {"FileName": [{"prefix": {"equals-ignore-case": "screen"}}]}},
        {"detail": {"FileName": [{"suffix": ".PNG"}]}},
        {"detail": {"FileName": [{"suffix": {"equals-ignore-case": ".png"}}]}},
        {"detail": {"state": [{"anything-but": "initializing"}]}},
        {"detail": {"x-limit": [{"anything-but": 123}]}},
        {"detail": {"state": [{"anything-but": ["stopped", "overloaded"]}]}},
        {"detail": {"x-limit": [{"anything-but": [100, 200, 300]}]}},
        {"detail": {"state": [{"anything-but": {"prefix": "init"}}]}},
        {"detail": {"state": [{"anything-but": {"prefix": ["init", "error"]}}]}},
        {"detail": {"FileName": [{"anything-but": {"suffix": ".txt"}}]}},
        {"detail": {"FileName": [{"anything-but": {"suffix": [".txt", ".rtf"]}}]}},
        {"detail": {"state": [{"anything-but": {"equals-ignore-case": "initializing"}}]}},
        {"detail": {"FileName": [{"anything-but": {"wildcard": "*/lib/*"}}]}},
        {"detail": {"c-count": [{"numeric": [">", 0, "<=", 5]}]}},
        {"detail": {"d-count": [{"numeric": ["<", 10]}]}},
        {"detail": {"x-limit": [{"numeric": ["=", 3.018e2]}]}},
        {"detail": {"source-ip": [{"cidr": "10.0.0.0/24"}]}},
        {"detail": {"state": [{"exists": True}]}},
        {"detail": {"absent": [{"exists": False}]}},
        {"detail": {"absent": {"deeper": [{"exists": False}]}}},
        {"detail": {"state": [{"equals-ignore-case": "TERMINATED"}]}},
        {"detail": {"FileName": [{"wildcard": "S*shot.*"}]}},
        {"detail": {"EventBusArn": [""]}},
        {"detail": {"nothing": [None]}},
        {"detail": {"live": [True]}},
        {"detail": {"$or": [{"c-count": [{"numeric": [">", 6]}]}, {"d-count": [6]}]}},
        {
            "source": ["aws.ec2"],
            "detail": {"$or": [{"state": ["running"]}, {"$or": [{"live": [True]}, {"a": [1]}]}]},
        },
        {
            "time": [{"prefix": "2017-12-22"}],
            "detail": {
                "state": [{"anything-but": "initializing"}],
                "c-count": [{"numeric": [">", 0, "<=", 5]}],
                "d-count": [{"numeric": ["<", 10]}],
                "x-limit": [{"anything-but": [100, 200, 300]}],
            },
        },
    ],
)
def test_an_event_matches(pattern: dict[str, Any]) -> None:
    assert Pattern(json.dumps(pattern)).matches(EC2_EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.s3"]},
        {"source": ["AWS.EC2"]},
        {"detail": {"state": ["terminated"], "c-count": [6]}},
        {"detail": {"c-count": ["5"]}},
        {"detail": {"c-count": [5.0]}},
        {"detail": {"live": [1]}},
        {"time": [{"prefix": "2018"}]},
        {"detail": {"FileName": [{"suffix": ".png"}]}},
        {"detail": {"state": [{"anything-but": ["terminated", "stopped"]}]}},
        {"detail": {"state": [{"anything-but": {"prefix": "term"}}]}},
        {"detail": {"state": [{"anything-but": {"prefix": ["term", "init"]}}]}},
        {"detail": {"FileName": [{"anything-but": {"wildcard": "*.PNG"}}]}},
        {"detail": {"absent": [{"anything-but": "anything"}]}},
        {"detail": {"c-count": [{"numeric": [">", 5]}]}},
        {"detail": {"state": [{"numeric": [">", 5]}]}},
        {"detail": {"source-ip": [{"cidr": "10.0.1.0/24"}]}},
        {"detail": {"state": [{"cidr": "10.0.1.0/24"}]}},
        {"detail": {"state": [{"exists": False}]}},
        {"detail": {"absent": [{"exists": True}]}},
        {"detail": [{"exists": True}]},
        {"detail": {"absent": ["x"]}},
        {"detail": {"nothing": [""]}},
        {"detail": {"state": {"deeper": ["x"]}}},
        {"detail": {"$or": [{"c-count": [6]}, {"d-count": [5]}]}},
        {"source": ["aws.s3"], "$or": [{"region": ["us-west-1"]}, {"region": ["eu-west-1"]}]},
    ],
)
def test_an_event_does_not_match(pattern: dict[str, Any]) -> None:
    assert not Pattern(json.dumps(pattern)).matches(EC2_EVENT)


def test_one_value_of_an_array_is_enough() -> None:
    pattern = Pattern({"resources": [{"suffix": "AutoScalingGroup"}, "arn:b"]})

    assert pattern.matches({"resources": ["arn:a", "arn:b"]})
    assert not pattern.matches({"resources": ["arn:c"]})
    assert not pattern.matches({"resources": []})


def test_fields_of_one_array_element_match_together() -> None:
    pattern = Pattern({"employees": {"first": ["Anna"], "last": ["Doe"]}})
    staff = [{"first": "John", "last": "Doe"}, {"first": "Anna", "last": "Smith"}]

    assert not pattern.matches({"employees": staff})
    assert pattern.matches({"employees": [*staff, {"first": "Anna", "last": "Doe"}]})


def test_an_empty_array_does_not_exist() -> None:
    assert Pattern({"tags": [{"exists": False}]}).matches({"tags": []})


@pytest.mark.parametrize(
    ("wildcard", "matching", "other"),
    [
        ("a*b", "ab", "abc"),
        ("*/lib/*", "/usr/lib/x", "/usr/bin/x"),
        ("prefix*infix*suffix", "prefix-infix-suffix", "prefix-suffix"),
        (r"star\*", "star*", "starry"),
        (r"back\\*", "back\\slash", "backslash"),
        ("x.y", "x.y", "xay"),
    ],
)
def test_a_wildcard_stands_for_any_characters(wildcard: str, matching: str, other: str) -> None:
    pattern = Pattern({"path": [{"wildcard": wildcard}]})

    assert pattern.matches({"path": matching})
    assert not pattern.matches({"path": other})


def test_version_6_addresses_match_their_network() -> None:
    pattern = Pattern({"ip": [{"cidr": "2001:db8::/32"}]})

    assert pattern.matches({"ip": "2001:db8::1"})
    assert not pattern.matches({"ip": "2001:db9::1"})
    assert not pattern.matches({"ip": "10.0.0.1"})


@pytest.mark.parametrize(
    "pattern",
    [
        "[]",
        "{not json",
        {"source": "aws.ec2"},
        {"source": []},
        {"detail": {}},
        {"source": [["aws.ec2"]]},
        {"source": [{"startswith": "aws"}]},
        {"source": [{"prefix": 1}]},
        {"source": [{"prefix": "a", "suffix": "b"}]},
        {"n": [{"numeric": [">"]}]},
        {"n": [{"numeric": ["~", 1]}]},
        {"n": [{"numeric": [">", "1"]}]},
        {"n": [{"numeric": ["<", 1, ">", 0]}]},
        {"n": [{"numeric": [">", 5, "<", 1]}]},
        {"n": [{"numeric": [">", 5.1e9]}]},
        {"a": [{"exists": "yes"}]},
        {"a": [{"cidr": "10.0.0.0/64"}]},
        {"a": [{"wildcard": "a**b"}]},
        {"a": [{"wildcard": "a\\b"}]},
        {"a": [{"anything-but": []}]},
        {"a": [{"anything-but": {"numeric": [">", 1]}}]},
        {"a": [{"anything-but": [None]}]},
    ],
)
def test_a_pattern_that_eventbridge_refuses_is_refused(pattern: Any) -> None:
    with pytest.raises(InvalidPatternError, match="Event pattern is not valid"):
        Pattern(pattern)


def criteria(*patterns: dict[str, Any]) -> dict[str, Any]:
    return {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}


def test_a_stream_record_passes_if_any_filter_matches() -> None:
    insert_of = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["event"]}}}}
    filters = Filters(criteria(insert_of, {"eventName": ["REMOVE"]}), data_field=None)

    def record(name: str, kind: str) -> dict[str, Any]:
        return {"eventName": name, "dynamodb": {"NewImage": {"kind": {"S": kind}}}}

    assert filters.passes(record("INSERT", "event"))
    assert filters.passes(record("REMOVE", "other"))
    assert not filters.passes(record("INSERT", "other"))
    assert not filters.passes(record("MODIFY", "event"))


@pytest.mark.parametrize("none", [None, {}, {"Filters": []}])
def test_without_filters_every_record_passes(none: dict[str, Any] | None) -> None:
    assert Filters(none, data_field="body").passes({"body": "x"})


@pytest.mark.parametrize(
    ("body", "pattern", "passes"),
    [
        ('{"RequestCode": "BBBB"}', {"body": {"RequestCode": ["BBBB"]}}, True),
        ('{"RequestCode": "AAAA"}', {"body": {"RequestCode": ["BBBB"]}}, False),
        ("plain", {"body": ["plain"]}, True),
        ("plain", {"body": ["other"]}, False),
        ("plain", {"body": {"RequestCode": ["BBBB"]}}, False),
        ('{"RequestCode": "BBBB"}', {"body": ["plain"]}, False),
        ("plain", {"messageAttributes": {"a": {"stringValue": ["1"]}}}, True),
    ],
)
def test_a_message_body_is_filtered_as_json_or_as_text(
    body: str, pattern: dict[str, Any], passes: bool
) -> None:
    record = {"body": body, "messageAttributes": {"a": {"stringValue": "1"}}}

    assert Filters(criteria(pattern), data_field="body").passes(record) is passes


@pytest.mark.parametrize(("data", "passes"), [(b'{"n": 5}', True), (b"5", False), (b"\xff", False)])
def test_kinesis_data_is_decoded_before_it_is_filtered(data: bytes, passes: bool) -> None:
    record = {"kinesis": {"data": base64.b64encode(data).decode()}}
    pattern = {"data": {"n": [{"numeric": [">", 4]}]}}

    assert Filters(criteria(pattern), data_field="data").passes(record) is passes
