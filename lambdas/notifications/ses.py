"""The post by Amazon SES, API v2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from notifications.domain import Message, PostClosedError, RefusedLetterError
from notifications.feedback import ACCOUNT_TAG

_CLOSED = frozenset(
    [
        "TooManyRequestsException",
        "LimitExceededException",
        "AccountSuspendedException",
        "SendingPausedException",
        "MailFromDomainNotVerifiedException",
    ]
)
"""SendEmail's errors (SES API reference, version 2) that are over when somebody mends them."""

_REFUSED = frozenset(["MessageRejected", "BadRequestException", "NotFoundException"])
"""Those of this message."""


class SesClient(Protocol):
    """What is used of boto3's client."""

    def send_email(self, **asked: Any) -> dict[str, Any]:
        """SendEmail."""


@dataclass(frozen=True)
class SesPost:
    """`Post` by SES.

    The client must not retry by itself: SES knows no idempotency, and a call whose answer got
    lost may have sent the letter.
    """

    client: SesClient
    sender: str
    configuration_set: str
    """Tells us of what bounces, and of complaints."""

    def send(self, message: Message, account_id: str) -> str:
        """Hand a message over, as plain text and HTML."""
        try:
            answer = self.client.send_email(
                FromEmailAddress=self.sender,
                Destination={"ToAddresses": [message.to]},
                ConfigurationSetName=self.configuration_set,
                EmailTags=[{"Name": ACCOUNT_TAG, "Value": account_id}],
                Content={
                    "Simple": {
                        "Subject": {"Data": message.subject, "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": message.text, "Charset": "UTF-8"},
                            "Html": {"Data": message.html, "Charset": "UTF-8"},
                        },
                        "Headers": [{"Name": "Auto-Submitted", "Value": "auto-generated"}],
                    }
                },
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _CLOSED:
                raise PostClosedError(f"SES takes no mail: {code}.") from error
            if code in _REFUSED:
                raise RefusedLetterError(f"SES refused a message: {code}.") from error
            raise
        return str(answer["MessageId"])
