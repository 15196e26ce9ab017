"""Which passwords may be chosen."""

from __future__ import annotations

from identity.accounts.breached import is_breached
from identity.domain import checked_password
from kernel.errors import InvalidInputError


def new_password(password: str, email: str = "") -> str:
    """The password, when nobody would try it first; InvalidInputError says why not."""
    checked_password(password)
    if is_breached(password):
        raise InvalidInputError(
            "That password is among the most common in stolen lists, and tried first. "
            "Choose another.",
            field="password",
        )
    if email and password.strip().lower() in (email, email.partition("@")[0]):
        raise InvalidInputError(
            "Your address is the first thing anybody would try. Choose another password.",
            field="password",
        )
    return password
