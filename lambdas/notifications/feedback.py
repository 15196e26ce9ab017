"""What SES tells of letters that came back or were called spam, as EventBridge brings it.

Source: SES developer guide, "Event data that Amazon SES publishes"; the detail is one such record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from notifications.domain import BOUNCE, COMPLAINT

ACCOUNT_TAG = "account"
"""Which account a letter was for: a tag of each message, given back with what became of it."""

PERMANENT = "Permanent"
"""A bounce that is no use trying again: the others are full mailboxes and servers that rest."""


@dataclass(frozen=True)
class Feedback:
    """That addresses take no letters of ours."""

    kind: str
    addresses: tuple[str, ...]
    account_id: str | None


def read_feedback(detail: Mapping[str, Any]) -> Feedback | None:
    """What an event means for whom we write to; None when it means nothing."""
    kind = detail.get("eventType")
    tagged = detail.get("mail", {}).get("tags", {}).get(ACCOUNT_TAG, [])
    account_id = tagged[0] if tagged else None
    if kind == "Bounce" and detail["bounce"]["bounceType"] == PERMANENT:
        return Feedback(BOUNCE, _addresses(detail["bounce"]["bouncedRecipients"]), account_id)
    if kind == "Complaint":
        complained = detail["complaint"]["complainedRecipients"]
        return Feedback(COMPLAINT, _addresses(complained), account_id)
    return None


def _addresses(recipients: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(one["emailAddress"]) for one in recipients)
