"""Answers SES's SendEmail (API v2): checks a message as SES would, keeps it, and sends nothing.

What comes back of messages to SES's mailbox simulator goes where their configuration set says.
Moto keeps one part of a message only and knows no event destinations, so both are kept here.
Identities are moto's; an environment outside of SES's sandbox is assumed, so that every recipient
is fine.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from localcloud import front_errors
from localcloud.iam import operations
from localcloud.identities import Principal
from localcloud.mailbox import Mail
from localcloud.mailbox_simulator import Outcome, outcomes
from localcloud.service_model import ServiceModel
from localcloud.wire import HttpRequest, HttpResponse

RECIPIENTS = 50
"""To, cc and bcc of one message. Source: SES, service quotas."""

Emit = Callable[[str, str, Mapping[str, Any], Sequence[str]], None]
"""Puts a service's own event on the default bus: source, detail type, detail, resources."""

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
        emit: Emit = lambda *_: None,
        account: str = "123456789012",
    ) -> None:
        self._is_verified = is_verified
        self._region = region
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: list[Mail] = []
        self._emit = emit
        self._account = account
        self._sets: dict[str, list[Mapping[str, Any]]] = {}
        """Configuration sets with their event destinations."""

    def sent(self) -> Sequence[Mail]:
        """What was sent so far, oldest first."""
        with self._lock:
            return tuple(self._sent)

    def handle(self, request: HttpRequest, _principal: Principal) -> HttpResponse | None:
        """The answer to what is kept here; None for any other operation."""
        operation = operations.identify("ses", request, request.body)
        answers: dict[str, Callable[[Mapping[str, Any]], dict[str, str]]] = {
            "SendEmail": self._send,
            "CreateConfigurationSet": self._create_set,
            "CreateConfigurationSetEventDestination": self._create_destination,
        }
        if operation.name not in answers:
            return None
        try:
            answer = answers[operation.name](operation.parameters)
        except RefusedMessageError as refused:
            status = 404 if refused.code == "NotFoundException" else 400
            return front_errors.render(
                operations.REST_JSON, "ses", status, refused.code, str(refused)
            )
        headers = (("content-type", "application/json"),)
        return HttpResponse(200, headers, json.dumps(answer).encode())

    def _create_set(self, asked: Mapping[str, Any]) -> dict[str, str]:
        with self._lock:
            self._sets[str(asked["ConfigurationSetName"])] = []
        return {}

    def _create_destination(self, asked: Mapping[str, Any]) -> dict[str, str]:
        destination = asked["EventDestination"]
        bus = destination["EventBridgeDestination"]["EventBusArn"]
        if not bus.endswith(":event-bus/default"):
            raise RefusedMessageError("BadRequestException", "Only the default bus is supported.")
        self._destinations(asked).append(destination)
        return {}

    def _destinations(self, asked: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        name = str(asked["ConfigurationSetName"])
        with self._lock:
            if name not in self._sets:
                raise RefusedMessageError(
                    "NotFoundException", f"Configuration set <{name}> does not exist."
                )
            return self._sets[name]

    def _send(self, asked: Mapping[str, Any]) -> dict[str, str]:
        for fault in ServiceModel.load("sesv2").faults("SendEmailRequest", dict(asked)):
            raise RefusedMessageError("BadRequestException", str(fault))
        if set(asked["Content"]) != {"Simple"}:
            raise NotImplementedError("SendEmail takes Content.Simple here, nothing else")
        sender = str(asked.get("FromEmailAddress", ""))
        simple, destination = asked["Content"]["Simple"], asked.get("Destination", {})
        recipients = tuple(address for some in destination.values() for address in some)
        self._check(sender, recipients, simple["Body"])
        told = self._destinations(asked) if "ConfigurationSetName" in asked else []
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
        for outcome in self._outcomes(mail, asked):
            for destination in told:
                wanted = outcome.event_type in destination["MatchingEventTypes"]
                if destination["Enabled"] and wanted:
                    self._emit("aws.ses", outcome.detail_type, outcome.detail, [])
        return {"MessageId": message_id}

    def _outcomes(self, mail: Mail, asked: Mapping[str, Any]) -> Iterator[Outcome]:
        tags = {tag["Name"]: [tag["Value"]] for tag in asked.get("EmailTags", [])}
        if "ConfigurationSetName" in asked:
            tags["ses:configuration-set"] = [asked["ConfigurationSetName"]]
        return outcomes(
            mail.message_id, mail.sender, mail.recipients, tags, self._account, self._clock()
        )

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
