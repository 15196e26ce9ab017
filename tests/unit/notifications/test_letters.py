"""Which letters an event brings about, in which words, and that each is sent once."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.clock import epoch_milliseconds
from kernel.events import identity
from kernel.sealed import encryption_context
from notifications.domain import (
    CLAIM,
    LETTERS,
    PostClosedError,
    RefusedLetterError,
    StillSendingError,
)
from notifications.service import Notifier
from notifications.words import LANGUAGES, TemplateWords
from tests.fakes.accounts import MovedClock, OpenSeal
from tests.fakes.notifications import FakeAddresses, FakeLedger, FakePost

FACTS = {
    "to": "ada@example.com",
    "previous": "ada@old.example",
    "code": "ABCD-EFGH",
    "device": "Chrome on Linux",
    "when": "2026-11-01 12:00 UTC",
    "due": "2026-11-15",
    "name": "Phone",
    "reason": "sharing",
}


class Office:
    """A notifier over fakes, with a clock that tests move."""

    def __init__(self, now: datetime) -> None:
        self.clock = MovedClock(now)
        self.ledger, self.post, self.addresses = FakeLedger(), FakePost(), FakeAddresses()
        words = TemplateWords("https://watch.example", "https://auth.example")
        self.notifier = Notifier(
            OpenSeal(), words, self.ledger, self.addresses, self.post, self.clock
        )

    def hears(self, kind: str, **changes: Any) -> None:
        detail = {
            "sequence": epoch_milliseconds(self.clock()),
            "account_id": "acc_1",
            "language": "en",
            "sealed": OpenSeal().close(FACTS, encryption_context(kind, "acc_1")),
        }
        self.notifier.tell(kind, {**detail, **changes})


@pytest.fixture
def office(now: datetime) -> Office:
    return Office(now)


@pytest.mark.parametrize("kind", LETTERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_says_the_same_as_text_and_as_html(
    office: Office, kind: str, language: str
) -> None:
    office.hears(kind, language=language)

    assert len(office.post.messages) == len(LETTERS[kind])
    for message in office.post.messages:
        assert message.subject in message.html
        assert f'<html lang="{language}">' in message.html
        assert "$" not in message.text + message.html
        for paragraph in message.text.split("\n\n"):
            assert paragraph.strip().split(" ")[0] in message.html
        assert ("ABCD-EFGH" in message.text) == ("ABCD-EFGH" in message.html)


def test_every_event_that_tells_a_person_something_has_a_letter() -> None:
    kinds = [
        kind.detail_type
        for kind in vars(identity).values()
        if isinstance(kind, type)
        and issubclass(kind, identity.LetterEvent)
        and kind is not identity.LetterEvent
    ]

    assert set(LETTERS) == set(kinds)


def test_a_code_goes_only_to_the_address_that_it_proves(office: Office) -> None:
    office.hears("EmailChangeRequested")

    shown = {message.to: "ABCD-EFGH" in message.text for message in office.post.messages}
    assert shown == {"ada@example.com": True, "ada@old.example": False}


def test_no_subject_tells_a_code(office: Office) -> None:
    for kind in LETTERS:
        office.hears(kind)

    assert not [each for each in office.post.messages if "ABCD" in each.subject]


def test_a_language_without_letters_reads_english(office: Office) -> None:
    office.hears("PasswordChanged", language="fi")

    assert office.post.messages[0].subject == "Your password was changed"


def test_what_somebody_chose_is_text_in_html(office: Office) -> None:
    hostile = {**FACTS, "to": "<script>@example.com"}
    sealed = OpenSeal().close(hostile, encryption_context("EmailChangeRequested", "acc_1"))

    office.hears("EmailChangeRequested", sealed=sealed)

    assert all("<script>" not in message.html for message in office.post.messages)
    assert any("&lt;script&gt;" in message.html for message in office.post.messages)


def test_an_event_that_comes_again_brings_no_second_letter(office: Office) -> None:
    told_at = epoch_milliseconds(office.clock())
    office.hears("EmailChanged", sequence=told_at)
    office.clock.pass_by(timedelta(minutes=5))

    office.hears("EmailChanged", sequence=told_at)

    assert len(office.post.messages) == 2


def test_two_events_bring_two_letters(office: Office) -> None:
    office.hears("PasswordChanged")
    office.clock.pass_by(timedelta(milliseconds=1))
    office.hears("PasswordChanged")

    assert len(office.post.messages) == 2


@pytest.mark.parametrize("failure", [PostClosedError("closed"), RefusedLetterError("refused")])
def test_a_letter_that_was_not_taken_is_tried_again_at_once(
    office: Office, failure: Exception
) -> None:
    told_at = epoch_milliseconds(office.clock())
    office.post.fails_with = failure
    with pytest.raises(type(failure)):
        office.hears("PasswordChanged", sequence=told_at)

    office.post.fails_with = None
    office.hears("PasswordChanged", sequence=told_at)

    assert len(office.post.messages) == 1


def test_a_letter_that_may_have_been_sent_waits_until_nobody_can_be_sending_it(
    office: Office,
) -> None:
    told_at = epoch_milliseconds(office.clock())
    office.post.fails_with = TimeoutError()
    with pytest.raises(TimeoutError):
        office.hears("PasswordChanged", sequence=told_at)
    office.post.fails_with = None

    with pytest.raises(StillSendingError):
        office.hears("PasswordChanged", sequence=told_at)
    office.clock.pass_by(CLAIM)
    office.hears("PasswordChanged", sequence=told_at)

    assert len(office.post.messages) == 1


@pytest.mark.parametrize(
    ("kind", "age", "letters"),
    [
        ("PasswordResetRequested", timedelta(minutes=15), 0),
        ("PasswordResetRequested", timedelta(minutes=14), 1),
        ("EmailChangeRequested", timedelta(minutes=15), 1),
        ("PasswordChanged", timedelta(hours=23), 1),
        ("PasswordChanged", timedelta(hours=24), 0),
    ],
)
def test_a_letter_that_comes_too_late_is_not_sent(
    office: Office, kind: str, age: timedelta, letters: int
) -> None:
    office.hears(kind, sequence=epoch_milliseconds(office.clock() - age))

    assert len(office.post.messages) == letters


def test_facts_sealed_for_another_event_do_not_open(office: Office) -> None:
    moved = OpenSeal().close(FACTS, encryption_context("PasswordResetRequested", "acc_1"))

    with pytest.raises(ValueError):
        office.hears("EmailVerificationRequested", sealed=moved)
    assert office.post.messages == []


def test_of_a_batch_only_what_failed_comes_again(capsys: pytest.CaptureFixture[str]) -> None:
    from kernel.bus import listening_to_queue

    taken = []

    def take(event: Any) -> None:
        if event["detail"]["subject"] == "bad":
            raise RuntimeError("no")
        taken.append(event["detail"]["subject"])

    def record(name: str) -> dict[str, str]:
        event = {"id": name, "detail-type": "X", "detail": {"subject": name}}
        return {"messageId": f"m-{name}", "body": json.dumps(event)}

    batch = {"Records": [record("one"), record("bad"), record("two")]}
    answer = listening_to_queue(take)(batch, None)

    assert taken == ["one", "two"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-bad"}]}
    outcomes = [json.loads(line)["outcome"] for line in capsys.readouterr().out.splitlines()]
    assert outcomes == ["done", "crashed", "done"]
