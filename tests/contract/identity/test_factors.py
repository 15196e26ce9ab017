"""Second factors keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from identity.devices.store import DynamoDevices
from identity.domain import Account
from identity.mfa.domain import (
    AuthenticatorApp,
    Pending,
    StaleSignInError,
    TwoStepIsOffError,
    TwoStepIsOnError,
)
from identity.mfa.ports import Factors, PendingSteps
from identity.mfa.store import DynamoFactors, DynamoPendingSteps
from identity.ports import Accounts
from identity.store import DynamoAccounts
from kernel.events.identity import (
    MfaDisabled,
    MfaEnabled,
    RecoveryCodesReplaced,
    RecoveryCodeUsed,
    SignedOutEverywhere,
)
from tests.fakes.identity import FakeAccounts
from tests.fakes.mfa import FakeFactors, FakePendingSteps

APP = AuthenticatorApp("sealed", 100)
ON = MfaEnabled(sequence=1, account_id="acc_1", language="en", sealed="s")
OFF = MfaDisabled(sequence=2, account_id="acc_1", language="en", sealed="s")
USED = RecoveryCodeUsed(sequence=3, account_id="acc_1", language="en", sealed="s")
REPLACED = RecoveryCodesReplaced(sequence=4, account_id="acc_1", language="en", sealed="s")


@dataclass
class Kept:
    accounts: Accounts
    factors: Factors
    pending: PendingSteps


@pytest.fixture(params=["memory", "dynamodb"])
def kept(request: pytest.FixtureRequest, table_of: Callable[[str], str]) -> Kept:
    if request.param == "memory":
        accounts = FakeAccounts()
        return Kept(accounts, FakeFactors(accounts), FakePendingSteps())
    place = (boto3.client("dynamodb"), table_of("identity"))
    return Kept(DynamoAccounts(*place), DynamoFactors(*place), DynamoPendingSteps(*place))


@pytest.fixture
def ada(kept: Kept, now: datetime) -> Account:
    account = Account("acc_1", "ada@example.com", "hash", ("member",), "prf_1", now)
    kept.accounts.add(account)
    kept.factors.turn_on(account, APP, {"one", "two"}, ON, now)
    return account


def test_an_account_says_which_factors_it_has(kept: Kept, ada: Account, now: datetime) -> None:
    account = kept.accounts.by_id("acc_1")
    assert account is not None
    assert account.factors == {"totp"}
    assert kept.factors.app("acc_1") == APP

    kept.factors.turn_off(ada, OFF, now)

    assert kept.accounts.by_id("acc_1") == ada
    assert kept.factors.app("acc_1") is None
    assert not kept.factors.take_recovery_code("acc_1", "one", USED, now)


def test_an_account_is_made_with_an_app_or_given_one_without_recovery_codes(
    kept: Kept, now: datetime
) -> None:
    bob = Account("acc_2", "bob@example.com", "hash", ("member",), "prf_2", now)
    with_app = replace(bob, factors=frozenset({"totp"}))
    eve = Account("acc_3", "eve@example.com", "hash", ("member",), "prf_3", now)

    kept.accounts.add(with_app, APP)
    kept.accounts.add(eve)
    kept.factors.turn_on(eve, APP, (), ON, now)

    assert kept.accounts.by_id("acc_2") == with_app
    for account_id in ("acc_2", "acc_3"):
        assert kept.factors.app(account_id) == APP
        assert kept.factors.take_step(account_id, 101)
        assert not kept.factors.take_recovery_code(account_id, "one", USED, now)
    with pytest.raises(TwoStepIsOnError):
        kept.factors.turn_on(with_app, APP, (), ON, now)
    kept.factors.replace_recovery_codes(with_app, {"one"}, REPLACED, now)
    assert kept.factors.take_recovery_code("acc_2", "one", USED, now)


@pytest.mark.parametrize("ended_before", [False, True])
def test_it_is_not_turned_on_once_the_accounts_sign_ins_have_ended_since_it_was_read(
    table_of: Callable[[str], str], now: datetime, ended_before: bool
) -> None:
    place = (boto3.client("dynamodb"), table_of("identity"))
    accounts, factors = DynamoAccounts(*place), DynamoFactors(*place)
    accounts.add(Account("acc_1", "ada@example.com", "hash", ("member",), "prf_1", now))
    if ended_before:
        ends_sign_ins(place, now)
    read = accounts.by_id("acc_1")
    assert read is not None
    ends_sign_ins(place, now + timedelta(milliseconds=1))

    with pytest.raises(StaleSignInError):
        factors.turn_on(read, APP, {"one"}, ON, now)

    assert factors.app("acc_1") is None
    read = accounts.by_id("acc_1")
    assert read is not None
    assert not read.factors
    factors.turn_on(read, APP, {"one"}, ON, now)


def ends_sign_ins(place: tuple[Any, str], at: datetime) -> None:
    told = SignedOutEverywhere(sequence=1, account_id="acc_1", family_ids=[])
    DynamoDevices(*place).end_all("acc_1", told, at)


def test_it_is_turned_on_and_off_once(kept: Kept, ada: Account, now: datetime) -> None:
    with pytest.raises(TwoStepIsOnError):
        kept.factors.turn_on(ada, AuthenticatorApp("other", 1), {"three"}, ON, now)
    kept.factors.turn_off(ada, OFF, now)

    with pytest.raises(TwoStepIsOffError):
        kept.factors.turn_off(ada, OFF, now)
    with pytest.raises(TwoStepIsOffError):
        kept.factors.replace_recovery_codes(ada, {"three"}, REPLACED, now)


def test_a_step_is_taken_once_and_none_before_it(kept: Kept, ada: Account) -> None:
    taken = [kept.factors.take_step("acc_1", step) for step in (100, 101, 101, 99, 102)]

    assert taken == [False, True, False, False, True]
    assert not kept.factors.take_step("acc_2", 500)


@pytest.mark.race
def test_of_many_who_have_one_code_one_gets_in(kept: Kept, ada: Account, now: datetime) -> None:
    with ThreadPoolExecutor(8) as together:
        steps = list(together.map(lambda _: kept.factors.take_step("acc_1", 200), range(8)))
        codes = list(
            together.map(
                lambda _: kept.factors.take_recovery_code("acc_1", "one", USED, now), range(8)
            )
        )

    assert (sum(steps), sum(codes)) == (1, 1)


def test_the_last_recovery_code_serves_like_the_first(
    kept: Kept, ada: Account, now: datetime
) -> None:
    given = ("one", "three", "two", "two")

    taken = [kept.factors.take_recovery_code("acc_1", code, USED, now) for code in given]

    assert taken == [True, False, True, False]


def test_other_recovery_codes_end_those_before(kept: Kept, ada: Account, now: datetime) -> None:
    kept.factors.replace_recovery_codes(ada, {"three"}, REPLACED, now)

    assert not kept.factors.take_recovery_code("acc_1", "one", USED, now)
    assert kept.factors.take_recovery_code("acc_1", "three", USED, now)


def test_a_pending_step_is_found_by_its_digest(kept: Kept, now: datetime) -> None:
    pending = Pending("digest", "acc_1", now, now + timedelta(minutes=5), "sealed")
    kept.pending.keep(pending)

    assert kept.pending.find("digest") == pending
    assert kept.pending.find("another") is None
