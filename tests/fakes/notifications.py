"""What sending letters needs, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from notifications.domain import CLAIM, Message, StillSendingError


@dataclass
class FakeLedger:
    claims: dict[str, datetime] = field(default_factory=dict)
    letters: set[str] = field(default_factory=set)

    def claim(self, key: str, now: datetime) -> bool:
        if key in self.letters:
            return False
        until = self.claims.get(key)
        # The table keeps whole seconds.
        if until is not None and int(until.timestamp()) > int(now.timestamp()):
            raise StillSendingError("claimed")
        self.claims[key] = now + CLAIM
        return True

    def sent(self, key: str) -> None:
        self.letters.add(key)

    def release(self, key: str) -> None:
        self.claims.pop(key, None)


@dataclass
class FakePost:
    messages: list[Message] = field(default_factory=list)
    fails_with: Exception | None = None

    def send(self, message: Message) -> str:
        if self.fails_with is not None:
            raise self.fails_with
        self.messages.append(message)
        return f"m{len(self.messages)}"
