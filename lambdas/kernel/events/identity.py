"""What identity tells: accounts that come and go, sign-ins, and what their owners have to hear.

An account is named by its id alone. Addresses and codes travel sealed (`kernel.sealed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class AccountEvent(Event):
    """Something about one account."""

    account_id: str

    @property
    def subject(self) -> str:
        """The account."""
        return self.account_id


@dataclass(frozen=True, kw_only=True)
class LetterEvent(AccountEvent):
    """Something that its owner hears of by mail."""

    language: str
    """What they read: a primary subtag of BCP 47."""
    sealed: str
    """`to`, an address, and what else the letter needs."""


@dataclass(frozen=True, kw_only=True)
class EmailVerificationRequested(LetterEvent):
    """Somebody signs up: `code`. The account comes to be when it is entered."""

    detail_type: ClassVar[str] = "EmailVerificationRequested"


@dataclass(frozen=True, kw_only=True)
class KnownAddressSignedUp(LetterEvent):
    """Somebody signed up with an address that has an account."""

    detail_type: ClassVar[str] = "KnownAddressSignedUp"


@dataclass(frozen=True, kw_only=True)
class PasswordResetRequested(LetterEvent):
    """Somebody forgot their password: `code`."""

    detail_type: ClassVar[str] = "PasswordResetRequested"


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(LetterEvent):
    """The account has another password, and every earlier sign-in has ended."""

    detail_type: ClassVar[str] = "PasswordChanged"


@dataclass(frozen=True, kw_only=True)
class EmailChangeRequested(LetterEvent):
    """The owner asked for another address, `to`, and has to confirm it: `code`, `previous`."""

    detail_type: ClassVar[str] = "EmailChangeRequested"


@dataclass(frozen=True, kw_only=True)
class EmailChanged(LetterEvent):
    """The account has another address: `to`, `previous`."""

    detail_type: ClassVar[str] = "EmailChanged"


@dataclass(frozen=True, kw_only=True)
class MfaEnabled(LetterEvent):
    """The account asks for a second step from now on."""

    detail_type: ClassVar[str] = "MfaEnabled"


@dataclass(frozen=True, kw_only=True)
class MfaDisabled(LetterEvent):
    """The account asks for the password alone from now on."""

    detail_type: ClassVar[str] = "MfaDisabled"


@dataclass(frozen=True, kw_only=True)
class PasskeyAdded(LetterEvent):
    """The owner signs in with another passkey, too: `name`."""

    detail_type: ClassVar[str] = "PasskeyAdded"


@dataclass(frozen=True, kw_only=True)
class PasskeyRemoved(LetterEvent):
    """A passkey signs nobody in any more: `name`."""

    detail_type: ClassVar[str] = "PasskeyRemoved"


@dataclass(frozen=True, kw_only=True)
class AccountDeletionRequested(LetterEvent):
    """The owner deleted the account: nobody signs in, and it is gone on `due`."""

    detail_type: ClassVar[str] = "AccountDeletionRequested"


@dataclass(frozen=True, kw_only=True)
class AccountBlockNotice(LetterEvent):
    """The owner hears that staff stopped the account, and why: `reason`."""

    detail_type: ClassVar[str] = "AccountBlockNotice"


@dataclass(frozen=True, kw_only=True)
class AccountUnblockNotice(LetterEvent):
    """The owner hears that the account is good again."""

    detail_type: ClassVar[str] = "AccountUnblockNotice"


@dataclass(frozen=True, kw_only=True)
class SecondStepsRemovedNotice(LetterEvent):
    """The owner hears that the password alone signs them in, and why: `reason`."""

    detail_type: ClassVar[str] = "SecondStepsRemovedNotice"


@dataclass(frozen=True, kw_only=True)
class DataExported(LetterEvent):
    """Somebody who signs in as the owner took a copy of all that is kept of the account, `when`."""

    detail_type: ClassVar[str] = "DataExported"


@dataclass(frozen=True, kw_only=True)
class NewDeviceSignedIn(LetterEvent):
    """The account is used on a device that it was not seen on before: `device`, `when`."""

    detail_type: ClassVar[str] = "NewDeviceSignedIn"


@dataclass(frozen=True, kw_only=True)
class SecondStepsRemoved(AccountEvent):
    """Staff took app, recovery codes and passkeys off an account: every sign-in has ended."""

    detail_type: ClassVar[str] = "SecondStepsRemoved"

    by: str
    """The account of whoever did it."""
    reason: str
    """One of `identity.staff.domain.SECOND_STEP_REASONS`."""


@dataclass(frozen=True, kw_only=True)
class DeviceRegistered(AccountEvent):
    """A device has one of the account's places, and may play."""

    detail_type: ClassVar[str] = "DeviceRegistered"

    device_id: str
    name: str = ""
    """What its owner sees it called; empty in events from before it was told."""


@dataclass(frozen=True, kw_only=True)
class DeviceRenamed(AccountEvent):
    """A device that has a place is called something else."""

    detail_type: ClassVar[str] = "DeviceRenamed"

    device_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class DeviceRemoved(AccountEvent):
    """The owner took a device off the account; its sign-ins have ended."""

    detail_type: ClassVar[str] = "DeviceRemoved"

    device_id: str


@dataclass(frozen=True, kw_only=True)
class SessionEnded(AccountEvent):
    """One sign-in was ended before its time; what was begun under it ends, too."""

    detail_type: ClassVar[str] = "SessionEnded"

    device_id: str
    family_id: str
    """`sid` of its tokens."""


@dataclass(frozen=True, kw_only=True)
class SignedOutEverywhere(AccountEvent):
    """All sign-ins that began before `sequence` have ended, known to their owner or not."""

    detail_type: ClassVar[str] = "SignedOutEverywhere"

    family_ids: list[str]
    """Those that were good until then."""


@dataclass(frozen=True, kw_only=True)
class AccountBlocked(AccountEvent):
    """Staff stopped the account: nothing of it signs in or plays."""

    detail_type: ClassVar[str] = "AccountBlocked"


@dataclass(frozen=True, kw_only=True)
class AccountUnblocked(AccountEvent):
    """The account is good again; who uses it signs in anew."""

    detail_type: ClassVar[str] = "AccountUnblocked"


@dataclass(frozen=True, kw_only=True)
class AccountRestored(AccountEvent):
    """The owner took the account back before it was gone."""

    detail_type: ClassVar[str] = "AccountRestored"


@dataclass(frozen=True, kw_only=True)
class AccountCreated(AccountEvent):
    """A verified address has an account."""

    detail_type: ClassVar[str] = "AccountCreated"

    profile_id: str
    """The profile that was made with it."""


@dataclass(frozen=True, kw_only=True)
class OperatorAccountMade(AccountEvent):
    """An operator made the account, or asked for it to be made again: it is the house's own."""

    detail_type: ClassVar[str] = "OperatorAccountMade"


@dataclass(frozen=True, kw_only=True)
class AccountDeleted(AccountEvent):
    """The account is gone for good; whoever holds something of it deletes that now."""

    detail_type: ClassVar[str] = "AccountDeleted"

    profile_ids: list[str]


@dataclass(frozen=True, kw_only=True)
class ProfileDeleted(AccountEvent):
    """A profile is gone, the account stays; whoever holds something of it deletes that now."""

    detail_type: ClassVar[str] = "ProfileDeleted"

    profile_id: str


@dataclass(frozen=True, kw_only=True)
class SignInSucceeded(AccountEvent):
    """The right password was given."""

    detail_type: ClassVar[str] = "SignInSucceeded"

    client_id: str


@dataclass(frozen=True, kw_only=True)
class SignInFailed(AccountEvent):
    """A wrong password was given; for an address without an account, nobody's."""

    detail_type: ClassVar[str] = "SignInFailed"


@dataclass(frozen=True, kw_only=True)
class TokenReused(AccountEvent):
    """A code or refresh token that was spent came again: one of two who hold it stole it, and the
    sign-in that it belongs to has ended."""

    detail_type: ClassVar[str] = "TokenReused"

    family_id: str
    client_id: str
    grant_type: str
    """`authorization_code` or `refresh_token`."""


@dataclass(frozen=True, kw_only=True)
class SecondStepFailed(AccountEvent):
    """A wrong code was given after the right password."""

    detail_type: ClassVar[str] = "SecondStepFailed"


@dataclass(frozen=True, kw_only=True)
class ConfirmationFailed(AccountEvent):
    """A passkey was to confirm a change of the account, and did not: what it signed proves nothing,
    or the confirmation was used, too old or for something else, and then it is nobody's."""

    detail_type: ClassVar[str] = "ConfirmationFailed"


@dataclass(frozen=True, kw_only=True)
class ProfilePinFailed(AccountEvent):
    """A wrong PIN was given for a profile."""

    detail_type: ClassVar[str] = "ProfilePinFailed"

    profile_id: str


@dataclass(frozen=True, kw_only=True)
class CodeFailed(AccountEvent):
    """A wrong code was given in place of a letter's; for a page that waits for none, nobody's."""

    detail_type: ClassVar[str] = "CodeFailed"

    purpose: str
    """`sign_up`, `reset` or `change_email`."""


@dataclass(frozen=True, kw_only=True)
class AttemptsLimited(AccountEvent):
    """Somebody tries too often and is made to wait: told once in ten minutes for each limit."""

    detail_type: ClassVar[str] = "AttemptsLimited"

    limit: str
    """Its name in `identity.accounts.limits`."""


@dataclass(frozen=True, kw_only=True)
class ProofRefused(AccountEvent):
    """A code or refresh token that belongs to a key (RFC 9449) came without it, with another, or
    with a proof that is none: whoever sent it may have stolen it, or the proof. Nobody's account
    where what came along is no code and no token of anybody's."""

    detail_type: ClassVar[str] = "ProofRefused"

    client_id: str
    grant_type: str
    """`authorization_code` or `refresh_token`; of a proof that is none, whatever was sent."""
    family_id: str = ""
    """Of the refresh token."""
    reason: str = "another_key"
    """Or `not_a_proof`: malformed, old, made for something else, or used before."""


@dataclass(frozen=True, kw_only=True)
class ProfileGuardChanged(AccountEvent):
    """What keeps somebody in or out of a profile is another: its PIN or what it may see."""

    detail_type: ClassVar[str] = "ProfileGuardChanged"

    profile_id: str
    pin: str
    """`set`, `changed` or `removed`; empty when it is as it was."""
    maturity: int
    """The age limit from now on."""
    kids: bool


@dataclass(frozen=True, kw_only=True)
class DeviceDecided(AccountEvent):
    """Its owner let a device in by its code, or refused it."""

    detail_type: ClassVar[str] = "DeviceDecided"

    client_id: str
    is_approved: bool


@dataclass(frozen=True, kw_only=True)
class UserCodeFailed(AccountEvent):
    """A device's code was entered that no device has; before the sign-in, by nobody known."""

    detail_type: ClassVar[str] = "UserCodeFailed"


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeUsed(LetterEvent):
    """A recovery code was given in place of the app's, `when`."""

    detail_type: ClassVar[str] = "RecoveryCodeUsed"


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesReplaced(LetterEvent):
    """The owner has other recovery codes, and those before are good no more."""

    detail_type: ClassVar[str] = "RecoveryCodesReplaced"


@dataclass(frozen=True, kw_only=True)
class AppAllowed(AccountEvent):
    """Its owner let an app of somebody else's use the account."""

    client_id: str
    scope: str
    """What for, in words of RFC 6749 section 3.3."""

    detail_type: ClassVar[str] = "AppAllowed"


@dataclass(frozen=True, kw_only=True)
class AppStopped(AccountEvent):
    """Its owner lets an app use the account no more."""

    client_id: str

    detail_type: ClassVar[str] = "AppStopped"
