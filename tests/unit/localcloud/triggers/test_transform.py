from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.triggers.transform import InvalidInputError, target_input

EVENT: dict[str, Any] = {
    "version": "0",
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "123456789012",
    "time": "2015-11-11T21:29:54Z",
    "region": "us-east-1",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
    "detail": {"instance-id": "i-0123456789", "state": "RUNNING", "tags": [{"k": 'a "b"'}]},
}
"""The example event of EventBridge's user guide."""
PATHS = {
    "timestamp": "$.time",
    "instance": "$.detail.instance-id",
    "state": "$.detail.state",
    "resource": "$.resources[0]",
    "tag": "$.detail.tags[0].k",
    "detail": "$.detail",
    "missing": "$.detail.nothing",
}


def given(**target: Any) -> str:
    return target_input(target, EVENT, rule_arn="arn:rule", rule_name="example")


def filled(template: str) -> str:
    return given(InputTransformer={"InputPathsMap": PATHS, "InputTemplate": template})


def test_a_target_is_given_the_event() -> None:
    assert json.loads(given()) == EVENT


def test_a_target_is_given_a_constant() -> None:
    assert given(Input='{"fixed": true}') == '{"fixed": true}'


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", EVENT),
        ("$.detail.state", "RUNNING"),
        ("$.detail['instance-id']", "i-0123456789"),
        ("$.detail.tags[*]", [{"k": 'a "b"'}]),
        ("$.detail.nothing", None),
        ("$.resources[7]", None),
    ],
)
def test_a_target_is_given_a_part(path: str, expected: Any) -> None:
    assert json.loads(given(InputPath=path)) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"'),
        ('"instance \\"<instance>\\""', '"instance \\"i-0123456789\\""'),
        (
            '{"instance": <instance>, "state": [9, <state>, true]}',
            '{"instance":"i-0123456789","state":[9,"RUNNING",true]}',
        ),
        (
            '{"s": "instance \\"<instance>\\" is in <state>"}',
            '{"s":"instance \\"i-0123456789\\" is in RUNNING"}',
        ),
        ('{"tag": <tag>, "text": "<tag>"}', '{"tag":"a \\"b\\"","text":"a \\"b\\""}'),
        ('{"resource": <resource>}', f'{{"resource":"{EVENT["resources"][0]}"}}'),
        (
            '"<aws.events.rule-name> at <aws.events.event.ingestion-time>"',
            '"example at 2015-11-11T21:29:54Z"',
        ),
        ('{"arn": <aws.events.rule-arn>}', '{"arn":"arn:rule"}'),
        ('{"missing": "<missing>", "kept": "<unknown>"}', '{"missing":"","kept":"<unknown>"}'),
    ],
)
def test_a_template_is_filled(template: str, expected: str) -> None:
    assert filled(template) == expected


def test_a_template_can_hold_the_whole_event() -> None:
    document = json.loads(filled('{"all": <aws.events.event.json>, "outer": <aws.events.event>}'))

    assert document["all"] == EVENT
    assert "detail" not in document["outer"]


def test_a_template_that_gives_no_json_is_an_error() -> None:
    with pytest.raises(InvalidInputError):
        filled('{"state": <state>')
