"""Second steps that staff take off an account go at once, in memory and in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import boto3
import pytest

from identity.domain import Account
from identity.mfa.domain import AuthenticatorApp
from identity.mfa.ports import Factors
from identity.mfa.store import DynamoFactors
from identity.passkeys.domain import KnownPasskeyError, Passkey
from identity.passkeys.ports import Passkeys
from identity.passkeys.store import DynamoPasskeys
from identity.ports import Accounts
from identity.staff.ports import SecondSteps
from identity.staff.store import DynamoSecondSteps
from identity.store import DynamoAccounts
from kernel.events.identity import MfaEnabled, SecondStepsRemoved
from tests.fakes.identity import FakeAccounts
from tests.fakes.mfa import FakeFactors
from tests.fakes.passkeys import FakePasskeys
from tests.fakes.staff import FakeSecondSteps

ON = MfaEnabled(sequence=1, account_id="acc_1", language="en", sealed="s")
TOLD = (SecondStepsRemoved(sequence=1, account_id="acc_1", by="acc_2", reason="lost"),)


@dataclass
class Kept:
    accounts: Accounts
    factors: Factors
    passkeys: Passkeys
    second_steps: SecondSteps

    def ada(self) -> Account:
        """As she is now."""
        found = self.accounts.by_id("acc_1")
        assert found is not None
        return found


def passkey(number: int, now: datetime) -> Passkey:
    return Passkey(f"key{number}", "acc_1", "Phone", "data", f"id{number}", 0, True, now)


@pytest.fixture(params=["memory", "dynamodb"])
def kept(request: pytest.FixtureRequest, table_of: Callable[[str], str], now: datetime) -> Kept:
    if request.param == "memory":
        accounts = FakeAccounts()
        factors, passkeys = FakeFactors(accounts), FakePasskeys(accounts=accounts)
        made = Kept(accounts, factors, passkeys, FakeSecondSteps(factors, passkeys))
    else:
        place = (boto3.client("dynamodb"), table_of("identity"))
        made = Kept(
            DynamoAccounts(*place),
            DynamoFactors(*place),
            DynamoPasskeys(*place),
            DynamoSecondSteps(*place),
        )
    made.accounts.add(Account("acc_1", "ada@example.com", "hash", ("member",), "prf_1", now))
    return made


def protect(kept: Kept, now: datetime) -> Account:
    """All that somebody can sign in with beside the password."""
    kept.factors.turn_on(kept.ada(), AuthenticatorApp("sealed", 1), {"one", "two"}, ON, now)
    for number in range(2):
        kept.passkeys.add(kept.ada(), passkey(number, now), ON, now)
    return kept.ada()


def test_app_codes_and_passkeys_go_and_every_sign_in_with_them(kept: Kept, now: datetime) -> None:
    protect(kept, now)

    assert kept.second_steps.remove(kept.ada(), TOLD, now)

    ada = kept.ada()
    assert (ada.factors, ada.passkeys) == (frozenset(), 0)
    assert kept.factors.app("acc_1") is None
    assert not kept.factors.take_recovery_code("acc_1", "one", ON, now)
    assert kept.passkeys.of("acc_1") == []
    assert not ada.keeps(now)
    assert ada.keeps(now + timedelta(seconds=1))


def test_what_went_can_be_set_up_again(kept: Kept, now: datetime) -> None:
    before = protect(kept, now)
    kept.second_steps.remove(before, TOLD, now)

    again = protect(kept, now)

    assert (again.factors, again.passkeys) == (before.factors, before.passkeys)
    with pytest.raises(KnownPasskeyError):
        kept.passkeys.add(again, passkey(0, now), ON, now)


@pytest.mark.parametrize("has", ["an app", "a passkey"])
def test_one_of_them_goes_as_well(kept: Kept, now: datetime, has: str) -> None:
    if has == "an app":
        kept.factors.turn_on(kept.ada(), AuthenticatorApp("sealed", 1), (), ON, now)
    else:
        kept.passkeys.add(kept.ada(), passkey(0, now), ON, now)

    assert kept.second_steps.remove(kept.ada(), TOLD, now)

    assert (kept.ada().factors, kept.ada().passkeys) == (frozenset(), 0)


def test_nothing_goes_while_a_passkey_is_added(kept: Kept, now: datetime) -> None:
    seen = protect(kept, now)
    kept.passkeys.add(seen, passkey(7, now), ON, now)

    assert not kept.second_steps.remove(seen, TOLD, now)

    assert kept.ada() == replace(seen, passkeys=seen.passkeys + 1)
    assert len(kept.passkeys.of("acc_1")) == seen.passkeys + 1
    assert kept.factors.app("acc_1") is not None


def test_an_account_that_is_gone_is_not_made(kept: Kept, now: datetime) -> None:
    gone = replace(kept.ada(), account_id="acc_9")

    assert not kept.second_steps.remove(gone, TOLD, now)

    assert kept.accounts.by_id("acc_9") is None


def test_of_many_who_do_it_at_once_one_does(kept: Kept, now: datetime) -> None:
    ada = protect(kept, now)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: kept.second_steps.remove(ada, TOLD, now), range(8)))

    assert done.count(True) == 1
