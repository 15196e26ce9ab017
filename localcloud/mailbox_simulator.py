"""What SES's mailbox simulator makes of a message: addresses that bounce or complain on purpose.

Source: SES developer guide, "Using the Amazon SES mailbox simulator" and "Event data that Amazon
SES publishes". A label (`bounce+label@…`) changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

DOMAIN = "simulator.amazonses.com"

_BOUNCES = {"bounce": ("General", "5.1.1"), "suppressionlist": ("Suppressed", "5.1.1")}
"""Mailboxes that bounce for good, with the bounce's kind and status code."""


@dataclass(frozen=True)
class Outcome:
    """One event that SES publishes about a message."""

    event_type: str
    """As `MatchingEventTypes` has it."""
    detail_type: str
    """As EventBridge has it."""
    detail: Mapping[str, Any]


def outcomes(
    message_id: str,
    sender: str,
    recipients: Sequence[str],
    tags: Mapping[str, Sequence[str]],
    account: str,
    now: datetime,
) -> Iterator[Outcome]:
    """What comes back of a message, by its recipients in the simulator; nothing for any other."""
    at = now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    mail = {
        "timestamp": at,
        "source": sender,
        "sendingAccountId": account,
        "messageId": message_id,
        "destination": list(recipients),
        "headersTruncated": False,
        "tags": {name: list(values) for name, values in tags.items()},
    }
    for recipient in recipients:
        name, _, domain = recipient.lower().rpartition("@")
        mailbox = name.partition("+")[0]
        if domain != DOMAIN:
            continue
        if mailbox in _BOUNCES:
            kind, status = _BOUNCES[mailbox]
            bounced = {
                "emailAddress": recipient,
                "action": "failed",
                "status": status,
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }
            bounce = {
                "feedbackId": f"{message_id}-000000",
                "bounceType": "Permanent",
                "bounceSubType": kind,
                "bouncedRecipients": [bounced],
                "timestamp": at,
                "reportingMTA": f"dns; {DOMAIN}",
            }
            detail = {"eventType": "Bounce", "bounce": bounce, "mail": mail}
            yield Outcome("BOUNCE", "Email Bounced", detail)
        elif mailbox == "complaint":
            complaint = {
                "feedbackId": f"{message_id}-000000",
                "complaintSubType": None,
                "complainedRecipients": [{"emailAddress": recipient}],
                "timestamp": at,
                "complaintFeedbackType": "abuse",
            }
            detail = {"eventType": "Complaint", "complaint": complaint, "mail": mail}
            yield Outcome("COMPLAINT", "Email Complaint Received", detail)
