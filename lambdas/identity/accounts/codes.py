"""Codes by mail: opened as a challenge, answered once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from identity.accounts.domain import (
    CODE_ALPHABET,
    CODE_CHARACTERS,
    CODE_LIFE,
    CODE_TRIES,
    WRONG_CODE,
    Challenge,
    Purpose,
    WrongCodeError,
    code_digest,
    shown_code,
)
from identity.accounts.limits import CODES_BY_PLACE, LETTERS_BY_ADDRESS, LETTERS_BY_PLACE
from identity.accounts.ports import Announcements, Challenges, Limits
from identity.accounts.sign_in import NOBODY
from identity.oauth.grants import digest
from kernel.clock import Clock, epoch_milliseconds
from kernel.events import Event
from kernel.events.identity import CodeFailed

SECRET_BYTES = 32


@dataclass(frozen=True)
class NewCode:
    """What a challenge is made of: one half goes to the page, the other into the letter."""

    secret: str
    code: str


@dataclass(frozen=True)
class Codes:
    """Makes challenges and takes their answers."""

    challenges: Challenges
    limits: Limits
    announcements: Announcements
    clock: Clock

    def new(self, email: str, place: str) -> NewCode:
        """A code for an address; TooManyAttemptsError, whether or not anybody has the address."""
        now = self.clock()
        self.limits.take(LETTERS_BY_PLACE, place, now)
        self.limits.take(LETTERS_BY_ADDRESS, email, now)
        code = shown_code(secrets.randbelow(len(CODE_ALPHABET) ** CODE_CHARACTERS))
        return NewCode(secrets.token_urlsafe(SECRET_BYTES), code)

    def open(
        self,
        new: NewCode,
        purpose: Purpose,
        *,
        account_id: str,
        email: str,
        language: str,
        told: Event | None,
        password_hash: str = "",
        answerable: bool = True,
    ) -> None:
        """Wait for a code; one that is not answerable looks the same to whoever tries."""
        now = self.clock()
        expected = code_digest(new.secret, new.code) if answerable else digest(new.secret)
        challenge = Challenge(
            secret_digest=digest(new.secret),
            purpose=purpose,
            account_id=account_id,
            email=email,
            password_hash=password_hash,
            language=language,
            code_digest=expected,
            tries_left=CODE_TRIES,
            expires_at=now + CODE_LIFE[purpose],
        )
        self.challenges.open(challenge, told, now)

    def answer(self, secret: str, code: str, purpose: Purpose, place: str) -> Challenge:
        """What a code was waited for, once; WrongCodeError or TooManyAttemptsError."""
        if not (secret and code):
            raise WrongCodeError(WRONG_CODE)
        now = self.clock()
        self.limits.take(CODES_BY_PLACE, place, now)
        try:
            return self.challenges.answer(digest(secret), code_digest(secret, code), purpose, now)
        except WrongCodeError as error:
            failed = CodeFailed(
                sequence=epoch_milliseconds(now),
                account_id=error.account_id or NOBODY,
                purpose=purpose,
            )
            self.announcements.tell(failed, now)
            raise
