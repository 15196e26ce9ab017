"""Changes of an account, and what a passkey that was shown for one of them is good for.

A passkey is proven in one place, where signatures are verified. What comes of it is a confirmation:
a secret that the form of that one change carries in place of the password, once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal, get_args

from kernel.errors import RefusedError, UnauthenticatedError

Change = Literal[
    "password",
    "email",
    "two-step",
    "two-step-off",
    "recovery-codes",
    "passkeys",
    "apps",
    "export",
    "delete",
]
"""What is asked for on the account's pages; each is confirmed by itself."""

CHANGES: tuple[Change, ...] = get_args(Change)

CONFIRMATION_LIFE = timedelta(minutes=5)
"""To choose a password, or type an address twice; whoever is slower shows the passkey again."""

PASSKEY_NEEDED = (
    "This account has a passkey, and a password is not enough to change it. Confirm with the "
    "passkey. If you lost it, choose a new password by mail: that removes the passkeys."
)

STALE_CONFIRMATION = "That confirmation was used before, or is too old. Confirm again."


class PasskeyNeededError(RefusedError):
    """The password is right, but of an account that has a passkey and no app it changes nothing."""

    code: ClassVar[str] = "passkey_needed"


class StaleConfirmationError(UnauthenticatedError):
    """A confirmation is used, too old, for another change or none of ours."""

    code: ClassVar[str] = "stale_confirmation"


def asking_for(change: Change) -> str:
    """What a challenge is for that a passkey answers."""
    return f"confirm {change}"


def confirmation_of(change: Change) -> str:
    """What a confirmation is for: kept as a ceremony, it is not found for anything else."""
    return f"confirmed {change}"
