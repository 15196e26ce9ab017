"""The ledger keeps its promises in memory and in DynamoDB; SES's refusals are told apart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from kernel.aws.json_client import KMS, AwsJson, JsonService
from kernel.kms_seal import JsonKmsSeal, KmsSeal
from notifications.domain import (
    BOUNCE,
    CLAIM,
    COMPLAINT,
    UNDELIVERABLE_FOR,
    LetterKey,
    Message,
    PostClosedError,
    RefusedLetterError,
    StillSendingError,
)
from notifications.ports import Addresses, Ledger
from notifications.ses import SesPost
from notifications.store import DynamoAddresses, DynamoLedger
from tests.fakes.notifications import FakeAddresses, FakeLedger

LETTER, OTHER = LetterKey("acc_1", "a"), LetterKey("acc_1", "b")
MESSAGE = Message("ada@example.com", "Grüße", "Hallo", "<p>Hallo</p>")


@pytest.fixture(params=["memory", "dynamodb"])
def ledger(request: pytest.FixtureRequest, table_of: Callable[[str], str]) -> Ledger:
    if request.param == "memory":
        return FakeLedger()
    return DynamoLedger(boto3.client("dynamodb"), table_of("notifications"))


def test_a_letter_that_was_sent_is_not_claimed_again(ledger: Ledger, now: datetime) -> None:
    assert ledger.claim(LETTER, now)
    ledger.sent(LETTER)

    assert not ledger.claim(LETTER, now + timedelta(days=1))
    assert ledger.claim(OTHER, now)


def test_of_two_who_claim_a_letter_one_sends_it(ledger: Ledger, now: datetime) -> None:
    ledger.claim(LETTER, now)

    with pytest.raises(StillSendingError):
        ledger.claim(LETTER, now + CLAIM - timedelta(seconds=1))
    assert ledger.claim(LETTER, now + CLAIM)


def test_a_letter_that_was_not_sent_is_free_again(ledger: Ledger, now: datetime) -> None:
    ledger.claim(LETTER, now)
    ledger.release(LETTER)

    assert ledger.claim(LETTER, now)


def test_the_letters_of_a_deleted_account_are_forgotten(ledger: Ledger, now: datetime) -> None:
    hers = LetterKey("acc_2", "a")
    for letter in (LETTER, OTHER, hers):
        ledger.claim(letter, now)
        ledger.sent(letter)

    assert ledger.forget("acc_1") == 2
    assert ledger.forget("acc_1") == 0

    assert ledger.claim(LETTER, now)
    assert not ledger.claim(hers, now)


@pytest.fixture(params=["memory", "dynamodb"])
def addresses(request: pytest.FixtureRequest, table_of: Callable[[str], str]) -> Addresses:
    if request.param == "memory":
        return FakeAddresses()
    return DynamoAddresses(boto3.client("dynamodb"), table_of("notifications"))


def test_a_marked_address_takes_no_letters_for_a_while(addresses: Addresses, now: datetime) -> None:
    assert addresses.undeliverable("ada@example.com", now) is None
    addresses.mark("Ada@Example.com", BOUNCE, "acc_1", now)
    later = now + UNDELIVERABLE_FOR

    assert addresses.undeliverable("ada@example.com", now) == BOUNCE
    assert addresses.undeliverable("eve@example.com", now) is None
    assert addresses.undeliverable("ada@example.com", later - timedelta(seconds=1)) == BOUNCE
    # DynamoDB deletes late.
    assert addresses.undeliverable("ada@example.com", later) is None


def test_a_second_mark_counts_anew_and_one_of_nobodys_letter_is_a_mark_too(
    addresses: Addresses, now: datetime
) -> None:
    addresses.mark("ada@example.com", BOUNCE, "acc_1", now)
    addresses.mark("ada@example.com", COMPLAINT, None, now + timedelta(days=1))

    assert addresses.undeliverable("ada@example.com", now + UNDELIVERABLE_FOR) == COMPLAINT


def test_a_deleted_accounts_marks_are_forgotten_by_address_too(
    table_of: Callable[[str], str], now: datetime
) -> None:
    client, table = boto3.client("dynamodb"), table_of("notifications")
    addresses = DynamoAddresses(client, table)
    addresses.mark("ada@example.com", BOUNCE, "acc_1", now)

    DynamoLedger(client, table).forget("acc_1")

    assert client.scan(TableName=table)["Items"] == []


def test_a_message_has_both_parts_and_says_that_nobody_wrote_it(aws: None) -> None:
    client = boto3.client("sesv2")
    asked: dict[str, Any] = {
        "FromEmailAddress": "Marquee <no-reply@marquee.example>",
        "Destination": {"ToAddresses": ["ada@example.com"]},
        "ConfigurationSetName": "outcomes",
        "EmailTags": [{"Name": "account", "Value": "acc_1"}],
        "Content": {
            "Simple": {
                "Subject": {"Data": "Grüße", "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": "Hallo", "Charset": "UTF-8"},
                    "Html": {"Data": "<p>Hallo</p>", "Charset": "UTF-8"},
                },
                "Headers": [{"Name": "Auto-Submitted", "Value": "auto-generated"}],
            }
        },
    }
    with Stubber(client) as ses:
        ses.add_response("send_email", {"MessageId": "m1"}, asked)

        post = SesPost(client, asked["FromEmailAddress"], "outcomes")
        assert post.send(MESSAGE, "acc_1") == "m1"


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("MessageRejected", RefusedLetterError),
        ("BadRequestException", RefusedLetterError),
        ("TooManyRequestsException", PostClosedError),
        ("SendingPausedException", PostClosedError),
    ],
)
def test_a_refusal_says_whether_waiting_helps(
    aws: None, code: str, meaning: type[Exception]
) -> None:
    client = boto3.client("sesv2")
    with Stubber(client) as ses:
        ses.add_client_error("send_email", code)

        with pytest.raises(meaning):
            SesPost(client, "no-reply@marquee.example", "outcomes").send(MESSAGE, "acc_1")


@pytest.mark.parametrize("by", ["sdk", "json"])
def test_what_is_sealed_opens_only_in_its_own_context(
    aws: None, aws_json: Callable[[JsonService], AwsJson], by: str
) -> None:
    client = boto3.client("kms")
    seal = KmsSeal(client, client.create_key()["KeyMetadata"]["Arn"])
    sealer = seal if by == "sdk" else JsonKmsSeal(aws_json(KMS), seal.key_id)
    context = {"purpose": "mail", "event": "A", "account": "acc_1"}

    sealed = sealer.close({"to": "ada@example.com", "code": "ABCD-EFGH"}, context)

    assert "ada" not in sealed
    assert seal.open(sealed, context) == {"to": "ada@example.com", "code": "ABCD-EFGH"}
    with pytest.raises(client.exceptions.InvalidCiphertextException):
        seal.open(sealed, {**context, "account": "acc_2"})
