"""Plans: members see theirs, staff set anybody's, and every account has one."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from billing.domain import PLANS, SMALLEST, Subscription
from billing.routes import routes
from billing.service import Billing
from kernel.errors import ConflictError
from kernel.events.billing import SubscriptionChanged
from kernel.web.payload import answering
from tests.fakes.billing import FakeSubscriptions
from tests.fakes.gateway import MEMBER, STAFF, call


@pytest.fixture
def subscriptions() -> FakeSubscriptions:
    return FakeSubscriptions()


@pytest.fixture
def billing(subscriptions: FakeSubscriptions, now: datetime) -> Billing:
    return Billing(subscriptions, lambda: now)


@pytest.fixture
def ask(billing: Billing) -> Any:
    handler = answering(routes(billing))

    def asked(
        route: str,
        *,
        account_id: str = "acc_2",
        body: object = None,
        claims: dict[str, str] | None = STAFF,
    ) -> tuple[int, Any]:
        method, path = route.split(" ")
        event = call(method, path, body=body, parameters={"account_id": account_id}, claims=claims)
        event["routeKey"] = route
        answer = handler(event, None)
        return answer["statusCode"], json.loads(answer["body"])

    return asked


SET = "PUT /v1/accounts/{account_id}/plan"


def test_a_new_account_has_the_smallest_plan_and_hearing_of_it_again_changes_nothing(
    billing: Billing, ask: Any
) -> None:
    billing.begin("acc_1")
    billing.set_plan("acc_2", "premium", "acc_staff")
    billing.begin("acc_2")

    assert ask("GET /v1/plan", claims=MEMBER)[1]["plan"] == SMALLEST.name == "basic"
    assert billing.subscription("acc_2").plan.name == "premium"


def test_the_plan_of_operators_accounts_is_nobody_elses_to_have(billing: Billing, ask: Any) -> None:
    billing.begin("acc_2")
    billing.begin_house("acc_1")
    billing.begin_house("acc_2")

    assert ask("GET /v1/plan", claims=MEMBER)[1]["plan"] == "house"
    assert billing.subscription("acc_2").plan == SMALLEST
    assert "house" not in str(ask("GET /v1/plans"))


def test_an_account_that_billing_never_heard_of_has_the_smallest_plan(ask: Any) -> None:
    status, plan = ask("GET /v1/plan", claims=MEMBER)

    assert (status, plan["account_id"], plan["plan"]) == (200, "acc_1", "basic")


def test_staff_set_a_plan_and_its_member_sees_it_with_its_limits(ask: Any) -> None:
    assert ask(SET, account_id="acc_1", body={"plan": "premium"})[0] == 200

    assert ask("GET /v1/plan", claims=MEMBER)[1] == {
        "account_id": "acc_1",
        "plan": "premium",
        "streams": 4,
        "devices": 10,
        "downloads": 30,
        "quality": 2160,
    }


@pytest.mark.parametrize("route", ["GET /v1/plans", "GET /v1/accounts/{account_id}/plan", SET])
def test_a_member_neither_sees_nor_sets_what_is_for_staff(
    ask: Any, subscriptions: FakeSubscriptions, route: str
) -> None:
    assert ask(route, body={"plan": "premium"}, claims=MEMBER)[0] == 403
    assert ask(route, body={"plan": "premium"}, claims=None)[0] == 401
    assert subscriptions.kept == {}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"plan": "gold"}, "plan"),
        ({"plan": "house"}, "plan"),
        ({"plan": None}, "plan"),
        ({"plan": ["basic"]}, "plan"),
        ({}, "plan"),
        ({"plan": "basic", "streams": 99}, "streams"),
        ([], "body"),
    ],
)
def test_a_plan_that_there_is_not_is_refused_by_the_name_of_the_field(
    ask: Any, subscriptions: FakeSubscriptions, body: object, field: str
) -> None:
    status, problem = ask(SET, body=body)

    assert (status, problem["field"]) == (422, field)
    assert subscriptions.kept == {}


@pytest.mark.parametrize("account_id", ["", "acc_", "prf_1", "acc_1/../2", "acc_" + "x" * 3000])
def test_what_is_no_account_has_no_plan(ask: Any, account_id: str) -> None:
    status, problem = ask(SET, account_id=account_id, body={"plan": "basic"})

    assert (status, problem["code"]) == (404, "account_not_found")


def test_a_plan_that_was_told_again_since_the_clock_was_read_is_set_by_a_later_moment(
    subscriptions: FakeSubscriptions, now: datetime
) -> None:
    first = Subscription("acc_2", SMALLEST, now)
    subscriptions.begin(first)
    moments = iter([now + timedelta(milliseconds=100), now + timedelta(milliseconds=102)])
    subscriptions.tell_again(first, now + timedelta(milliseconds=101))

    changed = Billing(subscriptions, lambda: next(moments)).set_plan("acc_2", "premium", "acc_s")

    assert changed == Subscription("acc_2", PLANS["premium"], now + timedelta(milliseconds=102))
    assert subscriptions.of("acc_2") == changed


def test_a_clock_that_stays_behind_what_was_told_sets_no_plan(
    subscriptions: FakeSubscriptions, billing: Billing, now: datetime
) -> None:
    first = Subscription("acc_2", SMALLEST, now - timedelta(days=1))
    subscriptions.begin(first)
    subscriptions.tell_again(first, now + timedelta(milliseconds=1))

    with pytest.raises(ConflictError):
        billing.set_plan("acc_2", "premium", "acc_s")
    assert subscriptions.of("acc_2") == first


def test_a_deleted_account_gets_no_plan_any_more(billing: Billing, ask: Any) -> None:
    billing.begin("acc_2")
    billing.forget("acc_2")

    assert ask(SET, body={"plan": "basic"})[1]["code"] == "account_not_found"


def test_what_is_told_of_a_plan_says_who_of_staff_set_it(
    subscriptions: FakeSubscriptions, ask: Any
) -> None:
    assert ask(SET, body={"plan": "premium"})[0] == 200

    assert subscriptions.set_by == [STAFF["sub"]]


def test_each_plan_allows_at_least_what_the_smaller_one_does() -> None:
    plans = list(PLANS.values())

    assert plans[0] == SMALLEST
    for smaller, larger in itertools.pairwise(plans):
        for limit in ("streams", "devices", "downloads", "quality"):
            assert getattr(smaller, limit) <= getattr(larger, limit)


def test_what_is_told_carries_the_limits(now: datetime) -> None:
    event = Subscription("acc_1", PLANS["standard"], now).told(now)

    assert SubscriptionChanged.from_detail(event.to_detail()) == event
    assert (event.subject, event.streams, event.quality) == ("acc_1", 2, 1080)
