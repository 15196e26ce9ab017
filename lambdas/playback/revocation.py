"""Plays that end because their viewers lost the right to them: signed out, removed, blocked, gone.

Each use case first keeps that the right is lost, so that no start is admitted any more, and then
ends the plays that it finds. Both may be done twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from kernel.clock import Clock, moment_of
from kernel.errors import UnavailableError
from kernel.ids import time_of
from playback.domain import Session
from playback.leases import Account, Reason
from playback.ports import ReadModel, Standing

TRIES = 8
"""How often ends that met a change of the same account are looked at again."""


class Revocation:
    """Ends plays, and sees to it that no more begin."""

    def __init__(self, standing: Standing, read_model: ReadModel, clock: Clock) -> None:
        self._standing = standing
        self._read_model = read_model
        self._clock = clock

    def session_ended(self, account_id: str, family_id: str, at: datetime) -> None:
        """One sign-in was ended."""
        account = self._standing.sign_out(account_id, family_id, at)
        self._end(account, lambda play: play.viewer.family_id == family_id, "signed_out")

    def signed_out_everywhere(self, account_id: str, at: datetime) -> None:
        """All sign-ins that began until then were ended."""
        account = self._standing.sign_out_everywhere(account_id, at)
        self._end(account, lambda play: time_of(play.viewer.family_id) <= at, "signed_out")

    def device_removed(self, account_id: str, device_id: str, at: datetime) -> None:
        """A device was taken off the account, which it may join again by another sign-in."""
        self._read_model.forget_device(account_id, device_id, at)
        account = self._standing.sign_out(account_id, device_id, at)
        self._end(
            account,
            lambda play: (
                play.viewer.device_id == device_id and time_of(play.viewer.family_id) <= at
            ),
            "device_removed",
        )

    def account_blocked(self, account_id: str, sequence: int) -> None:
        """The account may not play any more."""
        account = self._standing.block(account_id, sequence)
        # One that was unblocked since has plays of its own right.
        if account.is_blocked:
            self._end(account, lambda _: True, "account_blocked")

    def account_unblocked(self, account_id: str, sequence: int) -> None:
        """The account may play again."""
        self._standing.unblock(account_id, sequence)

    def account_deleted(self, account_id: str, sequence: int) -> None:
        """The account is gone: its last tokens start nothing, and nothing of it stays."""
        account = self._standing.block(account_id, sequence)
        self._end(account, lambda _: True, "account_deleted")
        self._read_model.forget_account(account_id, moment_of(sequence))

    def _end(self, account: Account, concerns: Callable[[Session], bool], reason: Reason) -> None:
        """UnavailableError when the account's plays change all the time: to be told again."""
        for _ in range(TRIES):
            ending = {key: reason for key, play in account.plays.items() if concerns(play)}
            if not ending or self._standing.revoke(account, ending, self._clock()):
                return
            account = self._standing.account(account.account_id)
        raise UnavailableError("The account's plays are changing; try again.")
