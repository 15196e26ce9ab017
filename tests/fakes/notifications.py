"""What sending letters needs, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from notifications.domain import (
    CLAIM,
    UNDELIVERABLE_FOR,
    LetterKey,
    Message,
    StillSendingError,
)


@dataclass
class FakeLedger:
    claims: dict[LetterKey, datetime] = field(default_factory=dict)
    letters: set[LetterKey] = field(default_factory=set)

    def claim(self, key: LetterKey, now: datetime) -> bool:
        if key in self.letters:
            return False
        until = self.claims.get(key)
        # The table keeps whole seconds.
        if until is not None and int(until.timestamp()) > int(now.timestamp()):
            raise StillSendingError("claimed")
        self.claims[key] = now + CLAIM
        return True

    def sent(self, key: LetterKey) -> None:
        self.letters.add(key)

    def release(self, key: LetterKey) -> None:
        self.claims.pop(key, None)

    def forget(self, account_id: str) -> int:
        gone = {key for key in (*self.claims, *self.letters) if key.account_id == account_id}
        for key in gone:
            self.claims.pop(key, None)
            self.letters.discard(key)
        return len(gone)


@dataclass
class FakeAddresses:
    marks: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def undeliverable(self, address: str, now: datetime) -> str | None:
        kind, until = self.marks.get(address.lower(), ("", now))
        return kind if int(until.timestamp()) > now.timestamp() else None

    def mark(self, address: str, kind: str, account_id: str | None, now: datetime) -> None:
        self.marks[address.lower()] = (kind, now + UNDELIVERABLE_FOR)


@dataclass
class FakePost:
    messages: list[Message] = field(default_factory=list)
    fails_with: Exception | None = None

    def send(self, message: Message, account_id: str) -> str:
        if self.fails_with is not None:
            raise self.fails_with
        self.messages.append(message)
        return f"m{len(self.messages)}"
