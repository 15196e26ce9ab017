"""What staff ask about accounts, and do to them: one public method for each.

An access token outlives its sign-in by minutes. That is not good enough for who reads other
people's data: each request asks whether its own sign-in still holds, and is still staff's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from identity.accounts.letters import Letters
from identity.devices.domain import SignedOutError
from identity.devices.ports import Devices
from identity.devices.service import Caller
from identity.domain import Account, Block, canonical_email
from identity.oauth.ports import Grants
from identity.ports import Accounts
from identity.staff.domain import (
    SECOND_STEP_REASONS,
    AccountNotFoundError,
    AlreadyBlockedError,
    Found,
    OwnAccountError,
    StaffAccountError,
    checked_note,
    checked_reason,
)
from identity.staff.ports import Blocks, SecondSteps
from kernel.clock import Clock, epoch_milliseconds
from kernel.errors import ConflictError
from kernel.events.identity import (
    AccountBlocked,
    AccountBlockNotice,
    AccountUnblocked,
    AccountUnblockNotice,
    LetterEvent,
    SecondStepsRemoved,
    SecondStepsRemovedNotice,
)
from kernel.ids import names_one, time_of

_NOT_FOUND = "There is no such account."
_OWN = "This is the account that you are signed in with. Ask somebody else on the staff."
_STAFF = "This account works here. An operator gives it another second step."
_ALREADY = "This account is blocked already, for another reason. Look at it again."
_MEANWHILE = "The account was changed a moment ago. Look at it again."


@dataclass(frozen=True)
class StaffDesk:
    """Looks at accounts, blocks them, and takes lost second steps off them."""

    accounts: Accounts
    devices: Devices
    grants: Grants
    blocks: Blocks
    second_steps: SecondSteps
    letters: Letters
    clock: Clock

    def find(self, caller: Caller, email: object) -> Found:
        """The account with exactly that address; AccountNotFoundError."""
        self._check(caller)
        address = canonical_email(email if isinstance(email, str) else "")
        return self._found(self.accounts.by_email(address))

    def seen(self, caller: Caller, account_id: str) -> Found:
        """The account; AccountNotFoundError."""
        self._check(caller)
        return self._found(self._account(account_id))

    def block(self, caller: Caller, account_id: str, reason: object, note: object) -> Found:
        """Stop an account: its sign-ins end, nobody signs in, and its owner hears why.

        The same reason again changes nothing. AlreadyBlockedError for another one, and
        OwnAccountError: whoever could lock themselves out would need somebody to let them in.
        """
        self._check(caller)
        given, written = checked_reason(reason), checked_note(note)
        if account_id == caller.account_id:
            raise OwnAccountError(_OWN)
        account = self._account(account_id)
        if account.block is not None:
            if account.block.reason == given:
                return self._found(account)
            raise AlreadyBlockedError(_ALREADY)
        notice = self._notice(AccountBlockNotice, account, {"reason": given}, self.clock())
        # The last thing before the write: sign-ins that began while this sealed end with it.
        now = self.clock()
        block = Block(given, written, caller.account_id, now)
        blocked = AccountBlocked(sequence=epoch_milliseconds(now), account_id=account_id)
        if not self.blocks.block(account, block, (blocked, notice)):
            raise ConflictError(_MEANWHILE)
        return self._found(self._account(account_id))

    def unblock(self, caller: Caller, account_id: str) -> Found:
        """Let an account's owner sign in again; one that is not blocked stays as it is."""
        self._check(caller)
        account = self._account(account_id)
        if account.block is None:
            return self._found(account)
        now = self.clock()
        unblocked = AccountUnblocked(sequence=epoch_milliseconds(now), account_id=account_id)
        notice = self._notice(AccountUnblockNotice, account, {}, now)
        if not self.blocks.unblock(account, account.block, (unblocked, notice)):
            raise ConflictError(_MEANWHILE)
        return self._found(self._account(account_id))

    def remove_second_steps(self, caller: Caller, account_id: str, reason: object) -> Found:
        """Let a member in by the password alone: app, recovery codes and passkeys are gone, every
        sign-in has ended, and the owner hears of it.

        StepUpRequiredError for who signed in too long ago: this cannot be taken back. An account
        without any stays as it is. OwnAccountError, StaffAccountError.
        """
        self._check(caller)
        caller.check_is_fresh(self.clock())
        given = checked_reason(reason, SECOND_STEP_REASONS)
        if account_id == caller.account_id:
            raise OwnAccountError(_OWN)
        account = self._account(account_id)
        if "staff" in account.scopes:
            raise StaffAccountError(_STAFF)
        if not (account.factors or account.passkeys):
            return self._found(account)
        notice = self._notice(SecondStepsRemovedNotice, account, {"reason": given}, self.clock())
        now = self.clock()
        removed = SecondStepsRemoved(
            sequence=epoch_milliseconds(now),
            account_id=account_id,
            by=caller.account_id,
            reason=given,
        )
        if not self.second_steps.remove(account, (removed, notice), now):
            raise ConflictError(_MEANWHILE)
        return self._found(self._account(account_id))

    def _check(self, caller: Caller) -> None:
        account = self.accounts.by_id(caller.account_id)
        family = self.grants.family(caller.account_id, caller.session_id)
        if (
            account is None
            or "staff" not in account.scopes
            or not account.keeps(time_of(caller.session_id))
            or family is None
            or family.is_revoked
        ):
            raise SignedOutError("This sign-in was ended. Sign in again.")

    def _account(self, account_id: str) -> Account:
        account = self.accounts.by_id(account_id) if names_one(account_id, "acc") else None
        if account is None:
            raise AccountNotFoundError(_NOT_FOUND)
        return account

    def _found(self, account: Account | None) -> Found:
        if account is None:
            raise AccountNotFoundError(_NOT_FOUND)
        return Found(account, self.devices.of(account.account_id, self.clock()))

    def _notice(
        self,
        kind: type[LetterEvent],
        account: Account,
        facts: dict[str, str],
        now: datetime,
    ) -> LetterEvent:
        told = {"to": account.email, **facts}
        return self.letters.write(kind, account.account_id, account.language, told, now)
