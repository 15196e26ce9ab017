"""Nobody with a stopwatch learns whether an address has an account: AWS is asked the same."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import boto3
import pytest

from identity.accounts.codes import Codes
from identity.accounts.domain import WrongCodeError, WrongPasswordError
from identity.accounts.letters import Letters
from identity.accounts.service import Recovery, SignUp
from identity.accounts.sign_in import PasswordCheck
from identity.accounts.store import (
    DynamoAnnouncements,
    DynamoChallenges,
    DynamoLimits,
    DynamoMembers,
)
from identity.domain import Account
from kernel.aws.json_client import KMS
from kernel.events.identity import AccountCreated
from kernel.kms_seal import JsonKmsSeal
from tests.contract.conftest import JsonClient
from tests.fakes.accounts import CountedPasswords

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ADA = "ada@example.com"
NOBODY = "bob@example.com"
"""As long: what is written has the same size."""
CHOSEN = "a few plain words"
HERE = "198.51.100.1"


@dataclass
class Counter:
    """The account functions as they are put together, over tables that count."""

    check: PasswordCheck
    sign_up: SignUp
    recovery: Recovery
    hashes: CountedPasswords
    calls: list[str]

    def work_of(self, attempt: Callable[[Counter, str], object], email: str) -> list[object]:
        """What somebody's attempt has us do: calls to AWS in their order, and hashes."""
        begun = len(self.calls)
        self.hashes.work.done.clear()
        with contextlib.suppress(WrongPasswordError, WrongCodeError):
            attempt(self, email)
        return [self.calls[begun:], dict(self.hashes.work.done)]


@pytest.fixture
def counter(
    table_of: Callable[[str], str],
    lean_dynamodb: DynamoDBClient,
    aws_json: JsonClient,
    aws_calls: list[str],
    now: datetime,
) -> Counter:
    table, hashes = table_of("identity"), CountedPasswords()
    members = DynamoMembers(lean_dynamodb, table)
    limits = DynamoLimits(lean_dynamodb, table)
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    letters = Letters(JsonKmsSeal(aws_json(KMS), key))
    told = DynamoAnnouncements(lean_dynamodb, table)
    codes = Codes(members, DynamoChallenges(lean_dynamodb, table), limits, told, lambda: now)
    member = Account("acc_1", ADA, "plain:other", ("member",), "prf_1", now)
    created = AccountCreated(sequence=1, account_id="acc_1", profile_id="prf_1")
    members.create(member, created, now)
    return Counter(
        PasswordCheck(members, hashes, limits, told, lambda: now),
        SignUp(members, hashes, codes, letters, lambda: now),
        Recovery(members, hashes, codes, letters, lambda: now),
        hashes,
        aws_calls,
    )


def reset_by_a_guess(counter: Counter, email: str) -> None:
    secret = counter.recovery.request(email, "en", HERE)
    counter.recovery.reset(secret, "2222-2222", CHOSEN, HERE)


def verified_by_a_guess(counter: Counter, email: str) -> None:
    secret = counter.sign_up.request(email, CHOSEN, "en", HERE)
    counter.sign_up.confirm(secret, "2222-2222", HERE)


@pytest.mark.parametrize(
    ("attempt", "hashes"),
    [
        (lambda counter, email: counter.check.account(email, "wrong", HERE), {"verify": 1}),
        (lambda counter, email: counter.sign_up.request(email, CHOSEN, "en", HERE), {"hash": 1}),
        (lambda counter, email: counter.recovery.request(email, "en", HERE), {}),
        (reset_by_a_guess, {}),
        (verified_by_a_guess, {"hash": 1}),
    ],
    ids=["sign-in", "sign-up", "recovery", "reset", "verify"],
)
def test_a_known_and_an_unknown_address_have_aws_asked_the_same_in_the_same_order(
    counter: Counter, attempt: Callable[[Counter, str], object], hashes: dict[str, int]
) -> None:
    # The first attempt of a place is counted by one write, a second by two.
    counter.work_of(attempt, "warm@example.com")

    known, unknown = counter.work_of(attempt, ADA), counter.work_of(attempt, NOBODY)

    assert known == unknown
    assert known[1] == hashes
    assert known[0], "and it is asked something"
