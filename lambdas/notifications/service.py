"""Telling people: one public method, for an event that calls for letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kernel import log
from kernel.clock import Clock
from kernel.events.identity import LetterEvent
from kernel.sealed import SealOpener, encryption_context
from notifications.domain import (
    LETTERS,
    Letter,
    PostClosedError,
    RefusedLetterError,
    letter_key,
)
from notifications.feedback import read_feedback
from notifications.ports import Addresses, Ledger, Post, Words


@dataclass(frozen=True)
class Notifier:
    """Sends what an event calls for, each letter once."""

    opener: SealOpener
    words: Words
    ledger: Ledger
    addresses: Addresses
    post: Post
    clock: Clock

    def tell(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        """Send an event's letters; those that were sent before stay sent.

        Fails with the first letter that could not be sent: the event comes again.
        """
        event = LetterEvent.from_detail(detail)
        told_at = datetime.fromtimestamp(event.sequence / 1000, UTC)
        due = [each for each in LETTERS[detail_type] if not each.is_late(told_at, self.clock())]
        log.note(late=len(LETTERS[detail_type]) - len(due), sent=0)
        if not due:
            return
        context = encryption_context(detail_type, event.account_id)
        facts = self.opener.open(event.sealed, context)
        sent = 0
        for letter in due:
            sent += self._send_once(detail_type, event, letter, facts)
            log.note(sent=sent)

    def _send_once(
        self, detail_type: str, event: LetterEvent, letter: Letter, facts: dict[str, str]
    ) -> bool:
        key = letter_key(detail_type, event.account_id, event.sequence, letter.template, letter.to)
        refused = self.addresses.undeliverable(facts[letter.to], self.clock())
        if refused is not None:
            log.note(undeliverable=refused)
            return False
        if not self.ledger.claim(key, self.clock()):
            return False
        message = self.words.message(letter.template, event.language, facts[letter.to], facts)
        try:
            message_id = self.post.send(message, event.account_id)
        except (RefusedLetterError, PostClosedError):
            self.ledger.release(key)
            raise
        self.ledger.sent(key)
        log.note(message_id=message_id)
        return True


@dataclass(frozen=True)
class FeedbackDesk:
    """Hears what became of letters."""

    addresses: Addresses
    clock: Clock

    def heard(self, detail: Mapping[str, Any]) -> None:
        """Remember addresses to which nothing is sent any more."""
        feedback = read_feedback(detail)
        if feedback is None:
            log.note(marked=0)
            return
        for address in feedback.addresses:
            self.addresses.mark(address, feedback.kind, feedback.account_id, self.clock())
        log.note(kind=feedback.kind, account=feedback.account_id, marked=len(feedback.addresses))
