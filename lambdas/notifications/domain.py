"""Which letters an event calls for, and how long each is worth sending. Pure: time comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.errors import DomainError, UnavailableError
from kernel.events.identity import (
    AccountBlockNotice,
    AccountDeletionRequested,
    AccountUnblockNotice,
    DataExported,
    EmailChanged,
    EmailChangeRequested,
    EmailVerificationRequested,
    KnownAddressSignedUp,
    MfaDisabled,
    MfaEnabled,
    NewDeviceSignedIn,
    PasskeyAdded,
    PasskeyRemoved,
    PasswordChanged,
    PasswordResetRequested,
    RecoveryCodesReplaced,
    RecoveryCodeUsed,
    SecondStepsRemovedNotice,
)

CODE_IS_GOOD_FOR = timedelta(minutes=15)
"""A letter whose code is over only confuses; identity's codes live so long or longer."""

NEWS_IS_GOOD_FOR = timedelta(hours=24)
"""A letter that was set aside for a day is looked at by a person before it is sent."""

CLAIM = timedelta(minutes=2)
"""Longer than a function runs: after it, whoever claimed a letter is not sending it any more."""

REMEMBERED = timedelta(days=30)
"""How long it is known that a letter was sent: much longer than any is worth sending, for staff who
are asked where one is. By the privacy notice nothing stays longer than that."""


BOUNCE, COMPLAINT = "bounce", "complaint"
"""Why an address takes no letters: it is not there, or its reader called one of ours spam."""

UNDELIVERABLE_FOR = timedelta(days=14)
"""How long nothing is sent to it, counted anew each time. One letter in two weeks that comes back
harms no sender, and a mailbox that was mended is found again by itself."""


class StillSendingError(UnavailableError):
    """Another function claimed the letter a moment ago and may be sending it."""

    code = "still_sending"


class RefusedLetterError(DomainError):
    """The mail service does not take the letter: the address or the sender is not acceptable."""

    code = "refused_letter"


class PostClosedError(UnavailableError):
    """The mail service takes no letter at the moment."""

    code = "post_closed"


@dataclass(frozen=True)
class Letter:
    """One letter that an event calls for."""

    template: str
    to: str
    """Which of the event's sealed facts is the address."""
    good_for: timedelta = NEWS_IS_GOOD_FOR

    def is_late(self, told_at: datetime, now: datetime) -> bool:
        """Whether nobody is served by sending it any more."""
        return now - told_at >= self.good_for


LETTERS: Mapping[str, tuple[Letter, ...]] = {
    EmailVerificationRequested.detail_type: (Letter("email_verification", "to", CODE_IS_GOOD_FOR),),
    KnownAddressSignedUp.detail_type: (Letter("known_address", "to"),),
    PasswordResetRequested.detail_type: (Letter("password_reset", "to", CODE_IS_GOOD_FOR),),
    PasswordChanged.detail_type: (Letter("password_changed", "to"),),
    EmailChangeRequested.detail_type: (
        Letter("confirm_email", "to", CODE_IS_GOOD_FOR),
        Letter("email_change_asked", "previous"),
    ),
    EmailChanged.detail_type: (Letter("email_changed", "to"), Letter("email_changed", "previous")),
    MfaEnabled.detail_type: (Letter("mfa_enabled", "to"),),
    MfaDisabled.detail_type: (Letter("mfa_disabled", "to"),),
    RecoveryCodeUsed.detail_type: (Letter("recovery_code_used", "to"),),
    RecoveryCodesReplaced.detail_type: (Letter("recovery_codes_replaced", "to"),),
    PasskeyAdded.detail_type: (Letter("passkey_added", "to"),),
    PasskeyRemoved.detail_type: (Letter("passkey_removed", "to"),),
    NewDeviceSignedIn.detail_type: (Letter("new_device", "to"),),
    DataExported.detail_type: (Letter("data_exported", "to"),),
    AccountDeletionRequested.detail_type: (Letter("account_deletion", "to"),),
    AccountBlockNotice.detail_type: (Letter("account_blocked", "to"),),
    AccountUnblockNotice.detail_type: (Letter("account_unblocked", "to"),),
    SecondStepsRemovedNotice.detail_type: (Letter("second_steps_removed", "to"),),
}
"""By the event's detail type. A code goes to one address, news of it to whoever may mind."""


@dataclass(frozen=True)
class Message:
    """A letter as it leaves."""

    to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class LetterKey:
    """What a letter is known by, however often and under whichever id the event arrives."""

    account_id: str
    name: str


def letter_key(
    detail_type: str, account_id: str, sequence: int, template: str, to: str
) -> LetterKey:
    """The key of the letter that an event calls for by that template."""
    return LetterKey(account_id, f"{detail_type}#{sequence}#{template}#{to}")
