"""Accounts as staff see them, and the reasons for what they do to them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from identity.devices.domain import Household
from identity.domain import Account
from kernel.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError

REASONS = ("sharing", "taken_over", "terms")
"""Used by more than one household; by somebody else than its owner; against the terms of use.
Each has its sentence in every language of the letters (Regulation (EU) 2022/2065, article 17)."""

SECOND_STEP_REASONS = ("lost", "not_theirs")
"""Why an account's second steps are taken off: its owner lost phone and codes, or they were never
the owner's. Each has its sentence in the letters, too."""

NOTE_MAX_CHARACTERS = 500
"""A paragraph; what is longer belongs into the case's own file."""


class AccountNotFoundError(NotFoundError):
    """There is no such account, or not any more."""

    code: ClassVar[str] = "account_not_found"


class OwnAccountError(RefusedError):
    """Nobody blocks the account that they are signed in with, or takes its second steps off."""

    code: ClassVar[str] = "own_account"


class AlreadyBlockedError(ConflictError):
    """The account is blocked, for another reason than the one that is given now."""

    code: ClassVar[str] = "already_blocked"


class StaffAccountError(RefusedError):
    """Second steps of staff are an operator's matter: staff access hangs on them (ADR 450)."""

    code: ClassVar[str] = "staff_account"


@dataclass(frozen=True)
class Found:
    """An account, and where it is signed in."""

    account: Account
    household: Household


def checked_reason(reason: object, reasons: tuple[str, ...] = REASONS) -> str:
    """One of those reasons; InvalidInputError lists them."""
    if not isinstance(reason, str) or reason not in reasons:
        raise InvalidInputError(f"The reason must be one of {', '.join(reasons)}.", field="reason")
    return reason


def checked_note(note: object) -> str:
    """A note for other staff, perhaps empty; InvalidInputError when nobody could read it."""
    text = note.strip() if isinstance(note, str) else None
    if text is None or len(text) > NOTE_MAX_CHARACTERS or not text.replace("\n", " ").isprintable():
        raise InvalidInputError(
            f"A note has at most {NOTE_MAX_CHARACTERS} visible characters.", field="note"
        )
    return text
