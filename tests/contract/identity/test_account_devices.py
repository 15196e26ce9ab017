"""An account's devices keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import boto3
import pytest

from identity.devices.domain import REMEMBERED_GONE, Device, Places
from identity.devices.ports import Devices
from identity.devices.store import DynamoDevices
from identity.domain import Account
from identity.oauth.ports import Grants
from identity.oauth.store import DynamoGrants
from identity.store import DynamoAccounts
from kernel.clock import epoch_milliseconds
from kernel.events.billing import SubscriptionChanged
from kernel.events.identity import (
    AccountDeleted,
    DeviceRegistered,
    DeviceRemoved,
    DeviceRenamed,
    SignedOutEverywhere,
)
from tests.fakes.devices import FakeDevices
from tests.sign_ins import a_sign_in, secret, token_of

ACCOUNT = "acc_1"


class Kept:
    """Devices and the sign-ins beside them."""

    def __init__(self, devices: Devices, grants: Grants) -> None:
        self.devices = devices
        self.grants = grants


@pytest.fixture(params=["memory", "dynamodb"])
def kept(request: pytest.FixtureRequest, table_of: Callable[[str], str], now: datetime) -> Kept:
    account = Account(ACCOUNT, "ada@example.com", "hash", ("member",), "prf_1", now)
    if request.param == "memory":
        fake = FakeDevices()
        fake.accounts.add(account)
        return Kept(fake, fake.grants)
    client, table = boto3.client("dynamodb"), table_of("identity")
    DynamoAccounts(client, table).add(account)
    return Kept(DynamoDevices(client, table), DynamoGrants(client, table))


def device(number: int, now: datetime, *, is_registered: bool = True) -> Device:
    return Device(f"dev_{number}", f"TV {number}", "tv", now, now, is_registered)


def registered(number: int, now: datetime) -> DeviceRegistered:
    return DeviceRegistered(
        sequence=int(now.timestamp()), account_id=ACCOUNT, device_id=f"dev_{number}"
    )


def removed(number: int, now: datetime) -> DeviceRemoved:
    return DeviceRemoved(
        sequence=int(now.timestamp()), account_id=ACCOUNT, device_id=f"dev_{number}"
    )


def add(kept: Kept, number: int, now: datetime) -> bool:
    places = kept.devices.places(ACCOUNT)
    return kept.devices.add(ACCOUNT, device(number, now), places, [registered(number, now)], now)


def test_a_device_is_found_as_it_was_added_and_seen(kept: Kept, now: datetime) -> None:
    assert add(kept, 1, now)
    later = now + timedelta(hours=1)

    seen = kept.devices.seen(ACCOUNT, "dev_1", later)

    assert seen == replace(device(1, now), last_seen=later)
    assert kept.devices.of(ACCOUNT, later).devices == [seen]
    assert kept.devices.seen(ACCOUNT, "dev_2", later) is None
    assert kept.devices.seen("acc_2", "dev_1", later) is None
    assert kept.devices.of("acc_2", later).devices == []


@pytest.mark.race
def test_places_are_given_out_until_the_last_however_many_ask_at_once(
    kept: Kept, now: datetime
) -> None:
    assert kept.devices.allow(ACCOUNT, 4, sequence=1)
    outcomes: list[bool] = []
    ready = threading.Barrier(50)

    def ask(number: int) -> None:
        ready.wait(30)
        outcomes.append(add(kept, number, now))

    racing = [threading.Thread(target=ask, args=(number,)) for number in range(50)]
    for each in racing:
        each.start()
    for each in racing:
        each.join(120)

    assert sorted(outcomes) == [False] * 46 + [True] * 4
    household = kept.devices.of(ACCOUNT, now)
    assert len(household.devices) == household.places.taken == 4


def test_a_device_has_one_place_however_often_it_asks(kept: Kept, now: datetime) -> None:
    assert add(kept, 1, now)
    assert not add(kept, 1, now)

    assert kept.devices.places(ACCOUNT).taken == 1


def test_a_device_without_a_place_may_have_one_later(kept: Kept, now: datetime) -> None:
    visiting = device(1, now, is_registered=False)
    assert kept.devices.add(ACCOUNT, visiting, Places(), [], now)
    assert kept.devices.places(ACCOUNT).taken == 0

    assert add(kept, 1, now)

    assert kept.devices.places(ACCOUNT).taken == 1
    assert kept.devices.of(ACCOUNT, now).devices == [device(1, now)]


def test_a_removal_is_counted_and_whoever_decided_before_it_decides_anew(
    kept: Kept, now: datetime
) -> None:
    assert add(kept, 1, now)
    before = kept.devices.places(ACCOUNT)
    at = now.replace(microsecond=123_000)

    assert kept.devices.remove(ACCOUNT, device(1, now), before, removed(1, now), at)
    assert not kept.devices.remove(ACCOUNT, device(1, now), before, removed(1, now), at)

    assert not kept.devices.add(ACCOUNT, device(2, now), before, [], now)
    assert kept.devices.places(ACCOUNT) == Places(before.limit, 0, (at,), 1)
    assert add(kept, 2, now)


def test_removing_a_device_without_a_place_costs_nothing(kept: Kept, now: datetime) -> None:
    visiting = device(1, now, is_registered=False)
    kept.devices.add(ACCOUNT, visiting, Places(), [], now)

    assert kept.devices.remove(ACCOUNT, visiting, Places(), removed(1, now), now)

    assert kept.devices.of(ACCOUNT, now).devices == []
    assert kept.devices.places(ACCOUNT) == Places()


def test_removals_that_count_no_more_are_forgotten(kept: Kept, now: datetime) -> None:
    for number in range(3):
        at = now + timedelta(days=40 * number)
        assert add(kept, number, at)
        places = kept.devices.places(ACCOUNT)
        assert kept.devices.remove(ACCOUNT, device(number, at), places, removed(number, at), at)

    assert kept.devices.places(ACCOUNT).removed_at == (now + timedelta(days=80),)


def test_a_name_is_changed_of_a_device_that_there_is(kept: Kept, now: datetime) -> None:
    add(kept, 1, now)

    told = DeviceRenamed(
        sequence=epoch_milliseconds(now), account_id=ACCOUNT, device_id="dev_1", name="Küche 📺"
    )

    assert kept.devices.rename(ACCOUNT, "dev_1", "Küche 📺", [told], now)
    assert not kept.devices.rename(ACCOUNT, "dev_2", "Küche", [], now)

    assert [each.name for each in kept.devices.of(ACCOUNT, now).devices] == ["Küche 📺"]


def test_the_latest_plan_counts_in_whichever_order_plans_arrive(kept: Kept) -> None:
    assert kept.devices.allow(ACCOUNT, 6, sequence=20)
    assert not kept.devices.allow(ACCOUNT, 10, sequence=10)
    assert not kept.devices.allow(ACCOUNT, 10, sequence=20)

    assert kept.devices.places(ACCOUNT).limit == 6


def test_sessions_are_the_sign_ins_that_have_not_ended(kept: Kept, now: datetime) -> None:
    sign_ins = {
        number: a_sign_in(f"fam_{number}", now, expires_at=now + timedelta(days=life))
        for number, life in ((1, 30), (2, 30), (3, -1))
    }
    for sign_in in sign_ins.values():
        kept.grants.start(sign_in)
    kept.grants.revoke(ACCOUNT, "fam_2", now)
    used, first = now + timedelta(minutes=9), sign_ins[1]
    assert kept.grants.rotate(
        first, first.renewed(token_of(first), secret(2), "", used, arrival_ms=0)
    )

    (session,) = kept.devices.of(ACCOUNT, now).sessions

    assert (session.session_id, session.device_id, session.client_id) == ("fam_1", "dev_1", "web")
    assert (session.began, session.last_used) == (now, used)


def test_a_sign_in_says_whether_its_device_had_a_place(kept: Kept, now: datetime) -> None:
    for name, has_place in (("fam_1", True), ("fam_2", False)):
        kept.grants.start(a_sign_in(name, now, device_registered=has_place))

    found = [kept.grants.family(ACCOUNT, name) for name in ("fam_1", "fam_2")]

    assert [family and family.device_registered for family in found] == [True, False]


def test_nothing_is_left_of_a_deleted_account(kept: Kept, now: datetime) -> None:
    add(kept, 1, now)

    assert kept.devices.forget(ACCOUNT, now) == 1
    assert kept.devices.forget(ACCOUNT, now) == 0

    assert kept.devices.of(ACCOUNT, now).devices == []
    assert kept.devices.of(ACCOUNT, now).places == kept.devices.places(ACCOUNT) == Places()


def test_a_plan_that_is_told_late_brings_nothing_of_a_deleted_account_back(
    kept: Kept, now: datetime
) -> None:
    assert kept.devices.allow(ACCOUNT, 6, sequence=1)
    kept.devices.forget(ACCOUNT, now)

    assert not kept.devices.allow(ACCOUNT, 10, sequence=epoch_milliseconds(now) + 1)

    assert kept.devices.places(ACCOUNT) == Places()
    assert not add(kept, 1, now)
    assert kept.devices.of(ACCOUNT, now).devices == []


def test_that_an_account_is_gone_is_forgotten_within_the_thirty_days(
    table_of: Callable[[str], str], now: datetime
) -> None:
    client, table = boto3.client("dynamodb"), table_of("identity")
    devices = DynamoDevices(client, table)
    devices.allow(ACCOUNT, 6, sequence=1)

    devices.forget(ACCOUNT, now)
    devices.allow(ACCOUNT, 10, sequence=2)

    (left,) = client.scan(TableName=table)["Items"]
    assert left == {
        "pk": {"S": f"ACCOUNT#{ACCOUNT}"},
        "sk": {"S": "DEVICES"},
        "expires_at": {"N": str(int((now + REMEMBERED_GONE).timestamp()))},
    }


def test_signing_out_everywhere_is_kept_with_the_account(
    table_of: Callable[[str], str], now: datetime
) -> None:
    client, table = boto3.client("dynamodb"), table_of("identity")
    accounts = DynamoAccounts(client, table)
    accounts.add(Account(ACCOUNT, "ada@example.com", "hash", ("member",), "prf_1", now))
    told = SignedOutEverywhere(sequence=1, account_id=ACCOUNT, family_ids=["fam_1"])

    DynamoDevices(client, table).end_all(ACCOUNT, told, now)

    account = accounts.by_id(ACCOUNT)
    assert account is not None
    assert not account.keeps(now)
    assert account.keeps(now + timedelta(milliseconds=1))


@pytest.mark.race
def test_the_end_of_a_sign_in_is_told_once_with_whose_it_was(
    table_of: Callable[[str], str], now: datetime
) -> None:
    client, table = boto3.client("dynamodb"), table_of("identity")
    grants = DynamoGrants(client, table)
    grants.start(a_sign_in("fam_1", now))
    ready = threading.Barrier(2)

    def sign_out() -> None:
        ready.wait(30)
        grants.revoke(ACCOUNT, "fam_1", now)

    racing = [threading.Thread(target=sign_out) for _ in range(2)]
    for each in racing:
        each.start()
    for each in racing:
        each.join(60)
    grants.revoke(ACCOUNT, "fam_never", now)

    items = client.scan(TableName=table)["Items"]
    (told,) = [item for item in items if item["sk"]["S"] == "EVENT"]
    assert told["detail_type"]["S"] == "SessionEnded"
    for fact in (
        '"account_id":"acc_1"',
        '"device_id":"dev_1"',
        '"family_id":"fam_1"',
    ):
        assert fact in told["detail"]["S"]


def test_plans_and_deletions_of_other_domains_are_followed(
    table_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    table = table_of("identity")
    monkeypatch.setenv("TABLE_NAME", table)
    sys.modules.pop("identity.handlers.follow_plans", None)
    follow = importlib.import_module("identity.handlers.follow_plans")
    devices = DynamoDevices(boto3.client("dynamodb"), table)
    plan = SubscriptionChanged(
        sequence=1,
        account_id=ACCOUNT,
        plan="standard",
        streams=2,
        devices=6,
        downloads=15,
        quality=1080,
    )
    gone = AccountDeleted(sequence=2, account_id=ACCOUNT, profile_ids=[])

    follow.handler({"detail-type": plan.detail_type, "detail": plan.to_detail()}, None)
    assert devices.places(ACCOUNT).limit == 6
    follow.handler({"detail-type": gone.detail_type, "detail": gone.to_detail()}, None)
    late = replace(plan, sequence=3)
    follow.handler({"detail-type": late.detail_type, "detail": late.to_detail()}, None)

    assert devices.places(ACCOUNT) == Places()
