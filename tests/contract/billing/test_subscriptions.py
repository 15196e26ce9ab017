"""Subscriptions keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import boto3
import pytest

from billing.domain import PLANS, REMEMBERED_GONE, SMALLEST, Subscription, UnknownAccountError
from billing.ports import Subscriptions
from billing.store import DynamoSubscriptions
from kernel.errors import ConflictError
from tests.fakes.billing import FakeSubscriptions

STAFF = "acc_staff"


@pytest.fixture
def table(table_of: Callable[[str], str]) -> DynamoSubscriptions:
    return DynamoSubscriptions(boto3.client("dynamodb"), table_of("billing"))


@pytest.fixture(params=["memory", "dynamodb"])
def subscriptions(request: pytest.FixtureRequest) -> Subscriptions:
    if request.param == "memory":
        return FakeSubscriptions()
    table: DynamoSubscriptions = request.getfixturevalue("table")
    return table


@pytest.fixture
def first(now: datetime) -> Subscription:
    return Subscription("acc_1", SMALLEST, now)


def changed(first: Subscription, plan: str, milliseconds: int) -> Subscription:
    since = first.since + timedelta(milliseconds=milliseconds)
    return replace(first, plan=PLANS[plan], since=since)


def told(table: DynamoSubscriptions) -> list[tuple[str, int]]:
    """Plans and sequences that the outbox holds, in order of the sequences."""
    items = table.client.scan(TableName=table.table)["Items"]
    details = [json.loads(item["detail"]["S"]) for item in items if "detail" in item]
    return sorted(((d["plan"], d["sequence"]) for d in details), key=lambda one: one[1])


def test_the_first_one_stands_until_it_is_changed(
    subscriptions: Subscriptions, first: Subscription
) -> None:
    subscriptions.begin(first)
    subscriptions.begin(changed(first, "premium", 1))
    assert subscriptions.of("acc_1") == first
    assert subscriptions.of("acc_2") is None

    better = changed(first, "premium", 2)
    subscriptions.change(better, STAFF)
    assert subscriptions.of("acc_1") == better


def test_a_plan_that_was_set_before_the_account_was_heard_of_stands(
    subscriptions: Subscriptions, first: Subscription
) -> None:
    set_by_staff = changed(first, "standard", 0)
    subscriptions.change(set_by_staff, STAFF)

    subscriptions.begin(changed(first, "basic", 5))

    assert subscriptions.of("acc_1") == set_by_staff


def test_what_is_not_newer_changes_nothing(
    subscriptions: Subscriptions, first: Subscription
) -> None:
    subscriptions.begin(first)

    for milliseconds in (0, -1):
        with pytest.raises(ConflictError):
            subscriptions.change(changed(first, "premium", milliseconds), STAFF)
    assert subscriptions.of("acc_1") == first


def test_what_is_told_of_a_change_says_who_made_it(
    table: DynamoSubscriptions, first: Subscription
) -> None:
    table.begin(first)
    table.change(changed(first, "premium", 1), STAFF)

    items = table.client.scan(TableName=table.table)["Items"]
    details = [json.loads(item["detail"]["S"]) for item in items if "detail" in item]
    assert {detail["plan"]: detail["by"] for detail in details} == {"basic": "", "premium": STAFF}


def test_an_account_that_is_gone_has_no_plan_and_gets_none(
    subscriptions: Subscriptions, first: Subscription
) -> None:
    subscriptions.begin(first)
    subscriptions.forget("acc_1", first.since)

    subscriptions.begin(first)
    with pytest.raises(UnknownAccountError):
        subscriptions.change(changed(first, "premium", 1), STAFF)
    assert subscriptions.of("acc_1") is None


def test_nothing_of_a_gone_account_outlives_the_thirty_days(
    table: DynamoSubscriptions, first: Subscription
) -> None:
    table.begin(first)

    table.forget("acc_1", first.since)

    key = {"pk": {"S": "ACCOUNT#acc_1"}, "sk": {"S": "SUBSCRIPTION"}}
    item = table.client.get_item(TableName=table.table, Key=key)["Item"]
    expiry = int((first.since + REMEMBERED_GONE).timestamp())
    assert item == {**key, "expires_at": {"N": str(expiry)}}


def test_each_change_is_told_with_its_limits_and_a_refused_one_is_not(
    table: DynamoSubscriptions, first: Subscription
) -> None:
    table.begin(first)
    table.begin(first)
    table.change(changed(first, "premium", 1), STAFF)
    with pytest.raises(ConflictError):
        table.change(changed(first, "basic", 1), STAFF)

    assert told(table) == [("basic", first.sequence), ("premium", first.sequence + 1)]


def test_of_many_changes_at_once_the_recorded_one_is_the_last_that_was_told(
    table: DynamoSubscriptions, first: Subscription
) -> None:
    def change(number: int) -> None:
        plan = list(PLANS)[number % 3]
        try:
            table.change(changed(first, plan, number % 7), STAFF)
        except ConflictError:
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(40)))

    kept = table.of("acc_1")
    assert kept is not None
    assert told(table)[-1] == (kept.plan.name, kept.sequence)
    sequences = [sequence for _, sequence in told(table)]
    assert len(sequences) == len(set(sequences))


def test_a_change_that_is_older_than_what_was_told_again_waits_for_a_later_moment(
    subscriptions: Subscriptions, first: Subscription
) -> None:
    subscriptions.begin(first)
    at = first.since + timedelta(milliseconds=101)
    assert subscriptions.tell_again(first, at)

    for milliseconds in (100, 101):
        with pytest.raises(ConflictError):
            subscriptions.change(changed(first, "premium", milliseconds), STAFF)
    assert subscriptions.of("acc_1") == first

    later = changed(first, "premium", 102)
    subscriptions.change(later, STAFF)
    assert subscriptions.of("acc_1") == later


def test_what_is_told_again_is_newer_than_all_that_was_told_or_is_not_told(
    subscriptions: Subscriptions, first: Subscription
) -> None:
    subscriptions.begin(first)
    at = first.since + timedelta(milliseconds=5)

    assert not subscriptions.tell_again(first, first.since)
    assert subscriptions.tell_again(first, at)
    assert not subscriptions.tell_again(first, at)

    later = changed(first, "premium", 9)
    subscriptions.change(later, STAFF)
    assert not subscriptions.tell_again(first, at + timedelta(seconds=1))
    assert not subscriptions.tell_again(later, at)
    assert subscriptions.tell_again(later, at + timedelta(seconds=1))


def test_whatever_is_committed_last_has_the_greatest_sequence(
    table: DynamoSubscriptions, first: Subscription
) -> None:
    """A change looks at its clock, the plan is told again, and then the change is written."""
    table.begin(first)
    (known,) = table.page(None, 50).subjects
    assert table.tell_again(known, first.since + timedelta(milliseconds=101))
    with pytest.raises(ConflictError):
        table.change(changed(first, "premium", 100), STAFF)

    table.change(changed(first, "premium", 102), STAFF)

    assert told(table)[-1] == ("premium", first.sequence + 102)


def test_what_is_told_again_is_newer_and_never_of_a_gone_account(
    table: DynamoSubscriptions, first: Subscription
) -> None:
    table.begin(first)
    table.begin(replace(first, account_id="acc_2"))
    table.forget("acc_2", first.since)
    (known,) = table.page(None, 50).subjects

    assert table.tell_again(known, first.since + timedelta(seconds=9))
    assert told(table)[-1] == ("basic", first.sequence + 9000)

    table.forget("acc_1", first.since)
    assert not table.tell_again(known, first.since + timedelta(seconds=10))
