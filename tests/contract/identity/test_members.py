"""What accounts are kept by makes the same promises in memory and in DynamoDB."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from identity.accounts.deletion import DeletionUnfinishedError
from identity.accounts.domain import (
    CODE_LIFE,
    Challenge,
    TooManyAttemptsError,
    WrongCodeError,
)
from identity.accounts.limits import Limit
from identity.accounts.ports import Announcements, Challenges, Limits, Members
from identity.accounts.store import (
    DUE_AT_ONCE,
    DynamoAnnouncements,
    DynamoChallenges,
    DynamoLimits,
    DynamoMembers,
)
from identity.devices.ports import Devices
from identity.devices.store import DynamoDevices
from identity.domain import Account, Block, EmailTakenError
from identity.profiles.domain import Profile
from identity.staff.ports import Blocks
from identity.staff.store import DynamoBlocks
from kernel.errors import ConflictError
from kernel.events.identity import AccountRestored
from tests.fakes.accounts import FakeAnnouncements, FakeChallenges, FakeLimits, FakeMembers
from tests.fakes.devices import FakeDevices
from tests.fakes.identity import FakeAccounts, FakeGrants
from tests.fakes.staff import FakeBlocks

TOLD = AccountRestored(sequence=1, account_id="acc_1")
LIMIT = Limit("tries", timedelta(seconds=10), 3)


@dataclass
class Ports:
    members: Members
    challenges: Challenges
    limits: Limits
    announcements: Announcements
    devices: Devices
    blocks: Blocks
    told: Callable[[], int]


@pytest.fixture(params=["memory", "dynamodb"])
def ports(request: pytest.FixtureRequest, table_of: Callable[[str], str]) -> Ports:
    if request.param == "memory":
        told: list[Any] = []
        accounts = FakeAccounts()
        return Ports(
            FakeMembers(accounts, told),
            FakeChallenges(told=told),
            FakeLimits(),
            FakeAnnouncements(told),
            FakeDevices(FakeGrants(), accounts),
            FakeBlocks(accounts),
            lambda: len(told),
        )
    client, table = boto3.client("dynamodb"), table_of("identity")

    def events() -> int:
        items = client.scan(TableName=table)["Items"]
        found = [item for item in items if item.get("kind") == {"S": "event"}]
        for item in found:
            assert json.loads(item["detail"]["S"])["account_id"]
        return len(found)

    return Ports(
        DynamoMembers(client, table),
        DynamoChallenges(client, table),
        DynamoLimits(client, table),
        DynamoAnnouncements(client, table),
        DynamoDevices(client, table),
        DynamoBlocks(client, table),
        events,
    )


@pytest.fixture
def ada(ports: Ports, now: datetime) -> Account:
    account = Account("acc_1", "ada@example.com", "h1", ("member",), "prf_1", now, "de")
    ports.members.create(account, TOLD, now)
    return account


@pytest.fixture
def challenge(now: datetime) -> Challenge:
    return Challenge(
        "secret",
        "reset",
        "acc_1",
        "ada@example.com",
        "",
        "en",
        "right",
        5,
        now + timedelta(minutes=1),
    )


def test_a_new_account_is_told_of_and_claims_its_address(
    ports: Ports, ada: Account, now: datetime
) -> None:
    assert ports.members.by_email("ada@example.com") == ports.members.by_id("acc_1") == ada
    assert ports.members.by_email("bob@example.com") is None
    with pytest.raises(EmailTakenError):
        ports.members.create(dataclasses.replace(ada, account_id="acc_2"), TOLD, now)
    assert ports.told() == 1


def test_a_new_password_ends_what_began_before(ports: Ports, ada: Account, now: datetime) -> None:
    ports.members.change_password(ada, "h2", [TOLD, TOLD], now)

    changed = ports.members.by_id("acc_1")
    assert changed is not None
    assert (changed.password_hash, changed.sessions_from) == ("h2", now)
    assert not changed.keeps(now)
    with pytest.raises(ConflictError):
        ports.members.change_password(ada, "h3", [TOLD], now)


def test_a_better_hash_never_undoes_a_change(ports: Ports, ada: Account, now: datetime) -> None:
    ports.members.upgrade_hash(ada, "better")
    assert ports.members.by_id("acc_1") == dataclasses.replace(ada, password_hash="better")

    ports.members.upgrade_hash(ada, "late")

    assert ports.members.by_id("acc_1") == dataclasses.replace(ada, password_hash="better")


def test_an_address_moves_with_its_account(ports: Ports, ada: Account, now: datetime) -> None:
    ports.members.change_email(ada, "ada@new.example", TOLD, now)

    assert ports.members.by_email("ada@example.com") is None
    moved = ports.members.by_email("ada@new.example")
    assert moved == dataclasses.replace(ada, email="ada@new.example")
    other = Account("acc_2", "ada@example.com", "h", ("member",), "prf_2", now)
    ports.members.create(other, TOLD, now)
    with pytest.raises(EmailTakenError):
        ports.members.change_email(other, "ada@new.example", TOLD, now)


def password_changes(ports: Ports, account: Account, at: datetime) -> None:
    ports.members.change_password(account, "h2", [TOLD], at)


def deletion_is_asked_for(ports: Ports, account: Account, at: datetime) -> None:
    ports.members.request_deletion(account, at + timedelta(days=14), TOLD, at)


def everything_is_signed_out(ports: Ports, account: Account, at: datetime) -> None:
    ports.devices.end_all(account.account_id, TOLD, at)


def staff_block_it(ports: Ports, account: Account, at: datetime) -> None:
    assert ports.blocks.block(account, Block("sharing", "", "acc_2", at), [TOLD])


def it_moved_elsewhere(ports: Ports, account: Account, at: datetime) -> None:
    ports.members.change_email(account, "ada@elsewhere.example", TOLD, at)


@pytest.mark.parametrize(
    "happens",
    [
        password_changes,
        deletion_is_asked_for,
        everything_is_signed_out,
        staff_block_it,
        it_moved_elsewhere,
    ],
)
@pytest.mark.parametrize("ended_before", [False, True])
def test_no_address_changes_once_the_account_s_sign_ins_have_ended_since_it_was_read(
    ports: Ports,
    ada: Account,
    now: datetime,
    happens: Callable[[Ports, Account, datetime], None],
    ended_before: bool,
) -> None:
    if ended_before:
        ports.devices.end_all("acc_1", TOLD, now)
    read = ports.members.by_id("acc_1")
    assert read is not None
    happens(ports, read, now + timedelta(milliseconds=1))
    told, left = ports.told(), ports.members.by_id("acc_1")

    with pytest.raises(ConflictError):
        ports.members.change_email(read, "thief@example.com", TOLD, now)

    assert ports.members.by_id("acc_1") == left
    assert ports.members.by_email("thief@example.com") is None
    assert ports.told() == told


def test_an_address_changes_after_the_sign_ins_have_ended(
    ports: Ports, ada: Account, now: datetime
) -> None:
    ports.members.change_password(ada, "h2", [TOLD], now + timedelta(microseconds=1500))
    read = ports.members.by_id("acc_1")
    assert read is not None
    ports.members.upgrade_hash(read, "better")

    ports.members.change_email(read, "ada@new.example", TOLD, now)

    assert ports.members.by_email("ada@new.example") is not None


def due(members: Members, now: datetime) -> list[Account]:
    """The accounts themselves."""
    found = [members.by_id(account_id) for account_id in members.due_for_deletion(now)]
    return [account for account in found if account is not None]


def test_an_account_is_deleted_when_it_is_due(ports: Ports, ada: Account, now: datetime) -> None:
    when = now + timedelta(days=14)
    ports.members.request_deletion(ada, when, TOLD, now)
    assert due(ports.members, now) == []

    (found,) = due(ports.members, when + timedelta(seconds=1))
    assert found.deletion_due == when
    assert ports.members.delete(found, TOLD, when)

    assert ports.members.by_id("acc_1") is None
    assert ports.members.by_email("ada@example.com") is None
    assert due(ports.members, when + timedelta(seconds=1)) == []
    assert ports.told() == 3


@pytest.mark.parametrize("microsecond", [0, 400, 560_600, 999_900])
def test_nothing_is_left_of_a_deleted_account_at_whatever_instant_it_was_asked_for(
    table_of: Callable[[str], str], now: datetime, microsecond: int
) -> None:
    client, table = boto3.client("dynamodb"), table_of("identity")
    members = DynamoMembers(client, table)
    ada = Account("acc_1", "ada@example.com", "h1", ("member",), "prf_1", now)
    members.create(ada, TOLD, now)
    when = now.replace(microsecond=microsecond)
    members.request_deletion(ada, when, TOLD, now)
    (found,) = due(members, when + timedelta(seconds=1))

    assert members.delete(found, TOLD, when)

    left = {item["pk"]["S"].partition("#")[0] for item in client.scan(TableName=table)["Items"]}
    assert left == {"EVENT"}


def test_an_account_that_was_taken_back_is_not_deleted(
    ports: Ports, ada: Account, now: datetime
) -> None:
    when = now + timedelta(days=14)
    ports.members.request_deletion(ada, when, TOLD, now)
    (found,) = due(ports.members, when + timedelta(seconds=1))
    ports.members.change_password(found, "h2", [TOLD], when)

    assert not ports.members.delete(found, TOLD, when)
    assert due(ports.members, when + timedelta(seconds=1)) == []
    assert ports.members.by_email("ada@example.com") is not None


def test_however_many_accounts_are_due_all_are_found_the_longest_waiting_first(
    ports: Ports, ada: Account, now: datetime
) -> None:
    wanted = [f"acc_leaving_{number}" for number in range(2 * DUE_AT_ONCE + 50)]
    for number, account_id in reversed(list(enumerate(wanted))):
        waiting = dataclasses.replace(ada, account_id=account_id, email=f"{number}@example.com")
        ports.members.create(waiting, TOLD, now)
        ports.members.request_deletion(waiting, now + timedelta(seconds=number), TOLD, now)

    found = due(ports.members, now + timedelta(days=1))

    assert [one.account_id for one in found] == wanted


def test_a_challenge_is_answered_once(ports: Ports, challenge: Challenge, now: datetime) -> None:
    ports.challenges.open(challenge, TOLD, now)

    answered = ports.challenges.answer("secret", "right", "reset", now)

    assert answered == dataclasses.replace(challenge, tries_left=4)
    with pytest.raises(WrongCodeError):
        ports.challenges.answer("secret", "right", "reset", now)
    assert ports.told() == 1


def test_a_challenge_tells_to_the_millisecond_when_it_was_asked_for(
    ports: Ports, challenge: Challenge, now: datetime
) -> None:
    later = now + timedelta(milliseconds=123) + CODE_LIFE["reset"]
    ports.challenges.open(dataclasses.replace(challenge, expires_at=later), TOLD, now)

    answered = ports.challenges.answer("secret", "right", "reset", now)

    assert answered.began == now + timedelta(milliseconds=123)


def test_a_challenge_is_found_without_costing_a_try(
    ports: Ports, challenge: Challenge, now: datetime
) -> None:
    ports.challenges.open(challenge, TOLD, now)

    assert ports.challenges.find("secret") == challenge
    assert ports.challenges.find("other") is None
    answered = ports.challenges.answer("secret", "right", "reset", now)
    assert answered == dataclasses.replace(challenge, tries_left=4)
    assert ports.challenges.find("secret") is None


def test_a_challenge_without_anything_to_tell_tells_nothing(
    ports: Ports, challenge: Challenge, now: datetime
) -> None:
    ports.challenges.open(challenge, None, now)

    assert ports.told() == 0


def test_each_wrong_answer_costs_a_try(ports: Ports, challenge: Challenge, now: datetime) -> None:
    ports.challenges.open(challenge, TOLD, now)
    for _ in range(5):
        with pytest.raises(WrongCodeError):
            ports.challenges.answer("secret", "wrong", "reset", now)

    with pytest.raises(WrongCodeError):
        ports.challenges.answer("secret", "right", "reset", now)


def test_a_challenge_for_something_else_or_too_old_is_not_answered(
    ports: Ports, challenge: Challenge, now: datetime
) -> None:
    ports.challenges.open(challenge, TOLD, now)

    with pytest.raises(WrongCodeError):
        ports.challenges.answer("secret", "right", "sign_up", now)
    with pytest.raises(WrongCodeError):
        ports.challenges.answer("secret", "right", "reset", challenge.expires_at)
    with pytest.raises(WrongCodeError):
        ports.challenges.answer("other", "right", "reset", now)


def test_a_limit_lets_its_burst_through_and_then_its_rate(ports: Ports, now: datetime) -> None:
    for _ in range(3):
        ports.limits.take(LIMIT, "ada", now)

    with pytest.raises(TooManyAttemptsError) as refused:
        ports.limits.take(LIMIT, "ada", now + timedelta(seconds=4))

    assert refused.value.retry_after_seconds == 6
    ports.limits.take(LIMIT, "eve", now)
    ports.limits.take(LIMIT, "ada", now + timedelta(seconds=10))
    with pytest.raises(TooManyAttemptsError):
        ports.limits.take(LIMIT, "ada", now + timedelta(seconds=10))
    for _ in range(3):
        ports.limits.take(LIMIT, "ada", now + timedelta(minutes=5))


def test_what_is_given_back_counts_for_nothing(ports: Ports, now: datetime) -> None:
    for _ in range(10):
        ports.limits.take(LIMIT, "ada", now)
        ports.limits.give_back(LIMIT, "ada")

    for _ in range(3):
        ports.limits.take(LIMIT, "ada", now)


@pytest.mark.race
def test_of_many_at_once_no_more_than_the_burst_gets_through(
    table_of: Callable[[str], str], now: datetime
) -> None:
    limits = DynamoLimits(boto3.client("dynamodb"), table_of("identity"))

    def attempt(_: int) -> bool:
        try:
            limits.take(LIMIT, "ada", now)
        except Exception:  # noqa: BLE001 - refused or not counted: not let through either way
            return False
        return True

    with ThreadPoolExecutor(8) as together:
        through = list(together.map(attempt, range(24)))

    assert 1 <= sum(through) <= 3


def test_profiles_are_kept_as_they_are_and_told_of(
    ports: Ports, ada: Account, now: datetime
) -> None:
    kept = (Profile("prf_1", "Ädä", pin_hash="$argon2id$"), Profile("prf_2", "Mia", kids=True))

    ports.members.change_profiles(ada, kept, [TOLD], now)

    known = ports.members.by_id("acc_1")
    assert known is not None
    assert known.profiles == known.household.profiles == kept
    assert ports.told() == 2


@pytest.mark.race
def test_of_profiles_changed_at_once_one_change_is_done_and_the_others_are_refused(
    ports: Ports, ada: Account, now: datetime
) -> None:
    def change(name: str) -> bool:
        try:
            ports.members.change_profiles(ada, [Profile("prf_1", name)], [], now)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(5) as pool:
        done = list(pool.map(change, "abcde"))

    known = ports.members.by_id("acc_1")
    assert known is not None
    assert [one.name for one in known.profiles] == ["abcde"[done.index(True)]]
    assert done.count(True) == 1


@dataclass
class LambdaRun:
    """As much of Lambda's context as a schedule's run asks for."""

    left_ms: int

    def get_remaining_time_in_millis(self) -> int:
        return self.left_ms


def test_a_run_of_the_schedule_deletes_while_it_has_time_and_fails_when_it_has_none(
    table_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    table = table_of("identity")
    monkeypatch.setenv("TABLE_NAME", table)
    sys.modules.pop("identity.handlers.delete_accounts", None)
    run = importlib.import_module("identity.handlers.delete_accounts").handler
    members = DynamoMembers(boto3.client("dynamodb"), table)
    ada = Account("acc_1", "ada@example.com", "h1", ("member",), "prf_1", now)
    members.create(ada, TOLD, now)
    members.request_deletion(ada, datetime.now(UTC) - timedelta(seconds=1), TOLD, now)

    with pytest.raises(DeletionUnfinishedError, match="no time"):
        run({}, LambdaRun(left_ms=9_999))
    assert members.by_id("acc_1") is not None

    assert run({}, LambdaRun(left_ms=300_000)) == {"deleted": 1}
    assert members.by_id("acc_1") is None
