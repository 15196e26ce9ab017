"""Codes by mail: opened as a challenge, answered once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from identity.accounts.device_cookies import known_device
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
from identity.accounts.limited import take_all_or_tell
from identity.accounts.limits import (
    CODES_BY_DEVICE,
    CODES_BY_PLACE,
    LETTERS_BY_ADDRESS,
    LETTERS_BY_DEVICE,
    LETTERS_BY_PLACE,
    Limit,
)
from identity.accounts.ports import Announcements, Challenges, Limits, Members
from identity.accounts.sign_in import NOBODY
from identity.domain import Account
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

    members: Members
    challenges: Challenges
    limits: Limits
    announcements: Announcements
    clock: Clock

    def new(self, email: str, place: str, device: str = "") -> NewCode:
        """A code for an address; TooManyAttemptsError, whether or not anybody has the address.

        A device is named that the account with the address knows, if it does.
        """
        self._count(
            [(LETTERS_BY_DEVICE, f"{email} {device}")]
            if device
            else [(LETTERS_BY_PLACE, place), (LETTERS_BY_ADDRESS, email)],
            lambda: self.members.by_email(email),
        )
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
        began: datetime | None = None,
    ) -> None:
        """Wait for a code; one that is not answerable looks the same to whoever tries.

        It begins now, or when whoever asks was known to be the account's owner.
        """
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
            expires_at=(began or now) + CODE_LIFE[purpose],
        )
        self.challenges.open(challenge, told, now)

    def address(self, secret: str) -> str:
        """What address a page's code proves, without costing a try; empty for what is no page."""
        challenge = self.challenges.find(digest(secret)) if secret else None
        return "" if challenge is None else challenge.email

    def answer(
        self, secret: str, code: str, purpose: Purpose, place: str, cookie: str = ""
    ) -> Challenge:
        """What a code was waited for, once; WrongCodeError or TooManyAttemptsError."""
        if not (secret and code):
            raise WrongCodeError(WRONG_CODE)
        now = self.clock()
        # Whose page it is has to be known before a browser can be: a read for who has a cookie.
        account = self._waiting(secret) if cookie else None
        device = known_device(account, cookie, now)
        self._count(
            [(CODES_BY_DEVICE, device)] if device else [(CODES_BY_PLACE, place)],
            lambda: account or self._waiting(secret),
        )
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

    def _waiting(self, secret: str) -> Account | None:
        """Whose code a page waits for; nobody's where the account is still to be."""
        challenge = self.challenges.find(digest(secret))
        return None if challenge is None else self.members.by_id(challenge.account_id)

    def _count(
        self, counted: Sequence[tuple[Limit, str]], whose: Callable[[], Account | None]
    ) -> None:
        def account_id() -> str:
            account = whose()
            return NOBODY if account is None else account.account_id

        take_all_or_tell(self.limits, self.announcements, counted, account_id, self.clock())
