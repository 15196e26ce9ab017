"""Deletes accounts when the time to take them back is over; knows no schedule and no clock's end.

A run goes through all that is due. What it cannot finish it says by failing, and the next run takes
up: nothing may stay for longer than docs/adr/0414 adds up to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from identity.accounts.ports import Members
from kernel.clock import Clock, epoch_milliseconds
from kernel.events.identity import AccountDeleted

ONE_DELETION = timedelta(seconds=10)
"""A run that has less left begins no further account: a second's work, and calls made again."""

MOST_NAMED = 10
"""Accounts that a failed run's message names: enough to find out why."""


class DeletionUnfinishedError(Exception):
    """Accounts that were due are left."""

    def __init__(self, deleted: int, failed: list[str], *, ran_out_of_time: bool) -> None:
        named = ", ".join(failed[:MOST_NAMED])
        reasons = [f"{len(failed)} failed: {named}"] if failed else []
        reasons += ["there was no time for more"] if ran_out_of_time else []
        super().__init__(f"{deleted} accounts were deleted; {'; '.join(reasons)}.")
        self.deleted = deleted
        self.failed = failed


@dataclass(frozen=True)
class Deletion:
    """What happens when the time to take an account back is over."""

    members: Members
    clock: Clock

    def delete_due(self, time_left: Callable[[], timedelta]) -> int:
        """Forget the accounts whose deletion is due; how many.

        One that fails stops no other. DeletionUnfinishedError in the end, when one did, or when
        the time was over before.
        """
        deleted, failures = 0, dict[str, Exception]()
        ran_out_of_time = False
        for account_id in self.members.due_for_deletion(self.clock()):
            ran_out_of_time = time_left() < ONE_DELETION
            if ran_out_of_time:
                break
            try:
                deleted += self._delete(account_id)
            except Exception as error:  # noqa: BLE001 - raised in the end, after all the others
                failures[account_id] = error
        if failures or ran_out_of_time:
            raise DeletionUnfinishedError(
                deleted, list(failures), ran_out_of_time=ran_out_of_time
            ) from next(iter(failures.values()), None)
        return deleted

    def _delete(self, account_id: str) -> bool:
        account = self.members.by_id(account_id)
        if account is None or account.deletion_due is None:
            return False
        now = self.clock()
        told = AccountDeleted(
            sequence=epoch_milliseconds(now),
            account_id=account.account_id,
            profile_ids=[one.profile_id for one in account.household.profiles],
        )
        return self.members.delete(account, told, now)
