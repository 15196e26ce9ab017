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
    CLAIM,
    Message,
    PostClosedError,
    RefusedLetterError,
    StillSendingError,
)
from notifications.ports import Ledger
from notifications.ses import SesPost
from notifications.store import DynamoLedger
from tests.fakes.notifications import FakeLedger

MESSAGE = Message("ada@example.com", "Grüße", "Hallo", "<p>Hallo</p>")


@pytest.fixture(params=["memory", "dynamodb"])
def ledger(request: pytest.FixtureRequest, table_of: Callable[[str], str]) -> Ledger:
    if request.param == "memory":
        return FakeLedger()
    return DynamoLedger(boto3.client("dynamodb"), table_of("notifications"))


def test_a_letter_that_was_sent_is_not_claimed_again(ledger: Ledger, now: datetime) -> None:
    assert ledger.claim("a", now)
    ledger.sent("a")

    assert not ledger.claim("a", now + timedelta(days=1))
    assert ledger.claim("b", now)


def test_of_two_who_claim_a_letter_one_sends_it(ledger: Ledger, now: datetime) -> None:
    ledger.claim("a", now)

    with pytest.raises(StillSendingError):
        ledger.claim("a", now + CLAIM - timedelta(seconds=1))
    assert ledger.claim("a", now + CLAIM)


def test_a_letter_that_was_not_sent_is_free_again(ledger: Ledger, now: datetime) -> None:
    ledger.claim("a", now)
    ledger.release("a")

    assert ledger.claim("a", now)


def test_a_message_has_both_parts_and_says_that_nobody_wrote_it(aws: None) -> None:
    client = boto3.client("sesv2")
    asked: dict[str, Any] = {
        "FromEmailAddress": "Marquee <no-reply@marquee.example>",
        "Destination": {"ToAddresses": ["ada@example.com"]},
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

        assert SesPost(client, asked["FromEmailAddress"]).send(MESSAGE) == "m1"


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
            SesPost(client, "no-reply@marquee.example").send(MESSAGE)


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
