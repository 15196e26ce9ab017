"""Passkeys and their ceremonies: the same in memory and in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest

from identity.accounts.store import DynamoMembers
from identity.devices.store import DynamoDevices
from identity.domain import Account
from identity.passkeys.domain import (
    MOST_PASSKEYS,
    Assertion,
    Ceremony,
    KnownPasskeyError,
    Passkey,
    StaleCeremonyError,
    TooManyPasskeysError,
    UnknownPasskeyError,
)
from identity.passkeys.ports import Ceremonies, Passkeys
from identity.passkeys.store import DynamoCeremonies, DynamoPasskeys
from identity.store import DynamoAccounts
from kernel.errors import ConflictError
from kernel.events.identity import (
    AccountDeleted,
    PasskeyAdded,
    PasskeyRemoved,
    SignedOutEverywhere,
)
from tests.fakes.passkeys import FakeCeremonies, FakePasskeys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TableOf = Callable[[str], str]
ADDED = PasskeyAdded(sequence=1, account_id="acc_ada", language="en", sealed="s")
REMOVED = PasskeyRemoved(sequence=2, account_id="acc_ada", language="en", sealed="s")


@pytest.fixture
def ada(now: datetime) -> Account:
    return Account("acc_ada", "ada@example.com", "h", ("member",), "prf_ada", now)


@pytest.fixture
def eve(ada: Account) -> Account:
    return replace(ada, account_id="acc_eve", email="eve@example.com")


@pytest.fixture
def table(table_of: TableOf, ada: Account, eve: Account) -> str:
    made = table_of("identity")
    for account in (ada, eve):
        DynamoAccounts(boto3.client("dynamodb"), made).add(account)
    return made


@pytest.fixture(params=["memory", "dynamodb"])
def passkeys(request: pytest.FixtureRequest) -> Passkeys:
    if request.param == "memory":
        return FakePasskeys()
    table = request.getfixturevalue("table")
    return DynamoPasskeys(boto3.client("dynamodb"), table)


@pytest.fixture(params=["memory", "dynamodb", "lean"])
def ceremonies(request: pytest.FixtureRequest) -> Ceremonies:
    if request.param == "memory":
        return FakeCeremonies()
    table = request.getfixturevalue("table")
    if request.param == "lean":
        return DynamoCeremonies(request.getfixturevalue("lean_dynamodb"), table)
    return DynamoCeremonies(boto3.client("dynamodb"), table)


@pytest.fixture
def phone(now: datetime) -> Passkey:
    return Passkey("p1", "acc_ada", "Phone", "a2V5", "AAEC", 0, True, now)


def test_a_passkey_comes_back_as_it_was_added(
    passkeys: Passkeys, ada: Account, phone: Passkey, now: datetime
) -> None:
    passkeys.add(ada, phone, ADDED, now)

    assert passkeys.find("acc_ada", "p1") == phone
    assert list(passkeys.of("acc_ada")) == [phone]
    assert passkeys.find("acc_eve", "p1") is None
    assert list(passkeys.of("acc_eve")) == []


def test_a_passkey_is_one_accounts(
    passkeys: Passkeys, ada: Account, eve: Account, phone: Passkey, now: datetime
) -> None:
    passkeys.add(ada, phone, ADDED, now)

    with pytest.raises(KnownPasskeyError):
        passkeys.add(eve, replace(phone, account_id="acc_eve"), ADDED, now)

    passkeys.remove("acc_ada", "p1", REMOVED, now)
    passkeys.add(eve, replace(phone, account_id="acc_eve"), ADDED, now)
    assert passkeys.find("acc_eve", "p1") is not None


def test_a_passkey_that_is_gone_is_neither_renamed_removed_nor_used(
    passkeys: Passkeys, ada: Account, phone: Passkey, now: datetime
) -> None:
    passkeys.add(ada, phone, ADDED, now)
    passkeys.rename("acc_ada", "p1", "Old phone")
    assert [one.name for one in passkeys.of("acc_ada")] == ["Old phone"]

    passkeys.remove("acc_ada", "p1", REMOVED, now)

    with pytest.raises(UnknownPasskeyError):
        passkeys.rename("acc_ada", "p1", "Phone")
    with pytest.raises(UnknownPasskeyError):
        passkeys.remove("acc_ada", "p1", REMOVED, now)
    assert not passkeys.use(phone, Assertion(0, is_backed_up=True), now)
    assert list(passkeys.of("acc_ada")) == []


def test_a_counter_only_goes_on_or_counts_nothing(
    passkeys: Passkeys, ada: Account, phone: Passkey, now: datetime
) -> None:
    def used(*counts: int) -> Sequence[bool]:
        said = [Assertion(count, is_backed_up=False) for count in counts]
        return [passkeys.use(phone, one, now) for one in said]

    passkeys.add(ada, phone, ADDED, now)

    assert used(0, 0, 3, 3, 2, 0, 9) == [True, True, True, False, False, False, True]
    assert passkeys.find("acc_ada", "p1") == replace(
        phone, sign_count=9, is_backed_up=False, last_used_at=now
    )


def test_whoever_waits_asks_without_an_sdk(
    table: str, ada: Account, phone: Passkey, now: datetime, lean_dynamodb: DynamoDBClient
) -> None:
    DynamoPasskeys(boto3.client("dynamodb"), table).add(ada, phone, ADDED, now)
    passkeys = DynamoPasskeys(lean_dynamodb, table)

    assert passkeys.find("acc_ada", "p1") == phone
    assert passkeys.use(phone, Assertion(1, is_backed_up=True), now)
    assert not passkeys.use(phone, Assertion(1, is_backed_up=True), now)


@pytest.mark.parametrize("ended_before", [False, True])
def test_none_is_added_once_the_accounts_sign_ins_have_ended_since_it_was_read(
    table: str, ada: Account, phone: Passkey, now: datetime, ended_before: bool
) -> None:
    client = boto3.client("dynamodb")
    passkeys, accounts = DynamoPasskeys(client, table), DynamoAccounts(client, table)
    devices = DynamoDevices(client, table)
    told = SignedOutEverywhere(sequence=1, account_id="acc_ada", family_ids=[])
    if ended_before:
        devices.end_all("acc_ada", told, now)
    read = accounts.by_id("acc_ada")
    assert read is not None
    devices.end_all("acc_ada", told, now + timedelta(milliseconds=1))

    with pytest.raises(StaleCeremonyError):
        passkeys.add(read, phone, ADDED, now)

    assert list(passkeys.of("acc_ada")) == []
    read = accounts.by_id("acc_ada")
    assert read is not None
    assert read.passkeys == 0
    passkeys.add(read, phone, ADDED, now)


@pytest.mark.race
def test_of_many_at_once_no_account_gets_one_too_many(
    table: str, ada: Account, phone: Passkey, now: datetime
) -> None:
    passkeys = DynamoPasskeys(boto3.client("dynamodb"), table)

    def added(number: int) -> bool:
        try:
            passkeys.add(ada, replace(phone, passkey_id=f"p{number}"), ADDED, now)
        except TooManyPasskeysError:
            return False
        return True

    with ThreadPoolExecutor(MOST_PASSKEYS + 2) as pool:
        done = list(pool.map(added, range(MOST_PASSKEYS + 2)))

    assert sum(done) == MOST_PASSKEYS == len(passkeys.of("acc_ada"))
    passkeys.remove("acc_ada", passkeys.of("acc_ada")[0].passkey_id, REMOVED, now)
    assert added(99)


def test_an_account_tells_how_many_it_has(
    table: str, ada: Account, phone: Passkey, now: datetime
) -> None:
    client = boto3.client("dynamodb")
    passkeys, accounts = DynamoPasskeys(client, table), DynamoAccounts(client, table)

    def told() -> int:
        account = accounts.by_id("acc_ada")
        assert account is not None
        return account.passkeys

    assert told() == 0
    passkeys.add(ada, phone, ADDED, now)
    assert told() == 1
    passkeys.remove("acc_ada", "p1", REMOVED, now)
    assert told() == 0


def test_a_recovered_account_has_none(
    table: str, ada: Account, eve: Account, phone: Passkey, now: datetime
) -> None:
    client = boto3.client("dynamodb")
    passkeys, members = DynamoPasskeys(client, table), DynamoMembers(client, table)
    passkeys.add(ada, phone, ADDED, now)
    counted = members.by_id("acc_ada")
    assert counted is not None
    passkeys.add(ada, replace(phone, passkey_id="p2"), ADDED, now)
    with pytest.raises(ConflictError):
        members.recover(counted, "h2", [], now)
    recovered = members.by_id("acc_ada")
    assert recovered is not None

    members.recover(recovered, "h2", [], now)

    assert list(passkeys.of("acc_ada")) == []
    after = members.by_id("acc_ada")
    assert after is not None
    assert (after.password_hash, after.passkeys, after.sessions_from) == ("h2", 0, now)
    passkeys.add(eve, replace(phone, account_id="acc_eve"), ADDED, now)
    members.recover(after, "h3", [], now)


def test_an_account_that_is_deleted_takes_its_passkeys_along(
    table: str, ada: Account, eve: Account, phone: Passkey, now: datetime
) -> None:
    client = boto3.client("dynamodb")
    passkeys, members = DynamoPasskeys(client, table), DynamoMembers(client, table)
    passkeys.add(ada, phone, ADDED, now)
    members.request_deletion(ada, now, REMOVED, now)
    with pytest.raises(StaleCeremonyError):
        passkeys.add(ada, replace(phone, passkey_id="p2"), ADDED, now)
    assert list(members.due_for_deletion(now + timedelta(seconds=1))) == ["acc_ada"]
    due = members.by_id("acc_ada")
    assert due is not None
    told = AccountDeleted(sequence=3, account_id="acc_ada", profile_ids=["prf_ada"])

    assert members.delete(due, told, now)

    assert list(passkeys.of("acc_ada")) == []
    passkeys.add(eve, replace(phone, account_id="acc_eve"), ADDED, now)


def test_a_ceremony_is_found_until_it_is_taken_once(ceremonies: Ceremonies, now: datetime) -> None:
    begun = Ceremony("d1", "acc_ada", now, now + timedelta(minutes=10))
    ceremonies.begin(begun)
    ceremonies.begin(replace(begun, digest="d2", account_id=""))

    assert ceremonies.find("d1") == begun
    assert ceremonies.take("d1") == begun
    assert ceremonies.take("d1") is None
    assert ceremonies.find("d1") is None
    assert ceremonies.find("d2") is not None
