"""Answers SES's SendEmail (API v2): checks a message as SES would, keeps it, and sends nothing.

Moto keeps one part of a message only. Identities are moto's; an environment outside of SES's
sandbox is assumed, so that every recipient is fine.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from localcloud import front_errors
from localcloud.iam import operations
from localcloud.identities import Principal
from localcloud.mailbox import Mail
from localcloud.service_model import ServiceModel
from localcloud.wire import HttpRequest, HttpResponse

RECIPIENTS = 50
"""To, cc and bcc of one message. Source: SES, service quotas."""

IsVerified = Callable[[str], bool]
"""Whether an address, or its domain, is an identity that may send."""


class RefusedMessageError(Exception):
    """SES does not take the message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Ses:
    """SendEmail; safe from any thread. What else is asked of SES is moto's to answer."""

    def __init__(
        self,
        is_verified: IsVerified,
        region: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._is_verified = is_verified
        self._region = region
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: list[Mail] = []

    def sent(self) -> Sequence[Mail]:
        """What was sent so far, oldest first."""
        with self._lock:
            return tuple(self._sent)

    def handle(self, request: HttpRequest, _principal: Principal) -> HttpResponse | None:
        """The answer to SendEmail; None for any other operation."""
        operation = operations.identify("ses", request, request.body)
        if operation.name != "SendEmail":
            return None
        try:
            message_id = self._send(operation.parameters)
        except RefusedMessageError as refused:
            return front_errors.render(operations.REST_JSON, "ses", 400, refused.code, str(refused))
        body = json.dumps({"MessageId": message_id}).encode()
        return HttpResponse(200, (("content-type", "application/json"),), body)

    def _send(self, asked: Mapping[str, Any]) -> str:
        for fault in ServiceModel.load("sesv2").faults("SendEmailRequest", dict(asked)):
            raise RefusedMessageError("BadRequestException", str(fault))
        if set(asked["Content"]) != {"Simple"}:
            raise NotImplementedError("SendEmail takes Content.Simple here, nothing else")
        sender = str(asked.get("FromEmailAddress", ""))
        simple, destination = asked["Content"]["Simple"], asked.get("Destination", {})
        recipients = tuple(address for some in destination.values() for address in some)
        self._check(sender, recipients, simple["Body"])
        message_id = f"{secrets.token_hex(8)}-{secrets.token_hex(4)}"
        mail = Mail(
            message_id=message_id,
            sender=sender,
            recipients=recipients,
            subject=simple["Subject"]["Data"],
            text=simple["Body"].get("Text", {}).get("Data", ""),
            html=simple["Body"].get("Html", {}).get("Data", ""),
            sent_at=f"{self._clock():%Y-%m-%dT%H:%M:%SZ}",
        )
        with self._lock:
            self._sent.append(mail)
        return message_id

    def _check(self, sender: str, recipients: Sequence[str], body: Mapping[str, Any]) -> None:
        address = parseaddr(sender)[1]
        if not self._is_verified(address):
            raise RefusedMessageError(
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in "
                f"region {self._region.upper()}: {sender}",
            )
        if not recipients:
            raise RefusedMessageError("BadRequestException", "Provide at least one recipient.")
        if len(recipients) > RECIPIENTS:
            raise RefusedMessageError("MessageRejected", f"Recipient count exceeds {RECIPIENTS}.")
        for each in recipients:
            if "@" not in parseaddr(each)[1] or not each.isascii():
                raise RefusedMessageError("BadRequestException", "Illegal address")
        if not body:
            raise RefusedMessageError("BadRequestException", "The body has neither Text nor Html.")
