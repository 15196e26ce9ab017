"""Calls the AWS services that speak AWS JSON, on one kept connection, without the SDK.

A call is an operation's name and its parameters as the service's API reference has them; binary
values are base64. It knows no operation. Not safe to share between threads: a Lambda function
handles one request at a time.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from kernel import log
from kernel.aws.kept_connection import KeptConnection
from kernel.aws.sigv4 import Credentials, Signer
from kernel.clock import Clock, utc_now
from kernel.errors import UnavailableError

ATTEMPTS = 3
"""As the SDKs' standard mode: a throttled or broken call is made twice more."""

TIMEOUT_SECONDS = 3.0
"""To connect, and between bytes. These services answer in milliseconds: three silent attempts
end before API Gateway's and our own functions' time does."""

FIRST_PAUSE_SECONDS = 0.05
"""Doubled each time, of which a random part is waited (the SDKs' full jitter)."""

OK = 200

SERVER_ERROR = 500
"""From here on it is the service's fault, and may be over (RFC 9110, section 15.6)."""

THROTTLED = frozenset(
    [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    ]
)
"""Refusals that mean: later. The last two of an item that a transaction is about to change."""


@dataclass(frozen=True)
class JsonService:
    """What tells one service's requests from another's."""

    name: str
    """In its address and in signatures."""
    target: str
    """Before each operation's name in `X-Amz-Target`."""
    version: str
    """Of AWS JSON."""


DYNAMODB = JsonService("dynamodb", "DynamoDB_20120810", "1.0")
KMS = JsonService("kms", "TrentService", "1.1")
SECRETS_MANAGER = JsonService("secretsmanager", "secretsmanager", "1.1")


class AwsError(Exception):
    """The service refused a call; `code` is its API reference's name of the reason, `response`
    all that it said."""

    def __init__(
        self, code: str, message: str, response: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.response = response


class ConditionFailedError(AwsError):
    """The item is not as the write's condition wants it."""


class TransactionCancelledError(AwsError):
    """One of the writes' conditions failed, or another writer was in the way: none was made."""


class NoSuchResourceError(AwsError):
    """There is no such table, secret, version or key."""


_KINDS: Mapping[str, type[AwsError]] = {
    "ConditionalCheckFailedException": ConditionFailedError,
    "TransactionCanceledException": TransactionCancelledError,
    "ResourceNotFoundException": NoSuchResourceError,
}


class AwsJson:
    """One service, for the function whose environment this is."""

    def __init__(
        self,
        service: JsonService,
        environment: Mapping[str, str],
        *,
        clock: Clock = utc_now,
        pause: Callable[[float], None] = time.sleep,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        """`AWS_ENDPOINT_URL` names another address than the service's own, as for the SDKs.

        KeyError names the variable that is missing.
        """
        region = environment["AWS_REGION"]
        own = f"https://{service.name}.{region}.amazonaws.com"
        address = urlsplit(environment.get("AWS_ENDPOINT_URL") or own)
        self._service = service
        self._signer = Signer(Credentials.from_environment(environment), region, service.name)
        self._clock = clock
        self._pause = pause
        self._connection = KeptConnection(address, timeout_seconds)

    def call(self, operation: str, **parameters: object) -> dict[str, Any]:
        """An operation's answer.

        A kind of AwsError when the service refuses it, UnavailableError when it stays without
        an answer. A write that is made again may meet its own first attempt, as with any SDK.
        """
        body = json.dumps(parameters, separators=(",", ":")).encode()
        for attempt in range(ATTEMPTS):
            if attempt:
                longest = FIRST_PAUSE_SECONDS * 2**attempt
                self._pause(random.uniform(0, longest))  # noqa: S311 - spreads load, hides nothing
            answer = self._attempt(operation, body)
            if answer is not None:
                return answer
        log.note(unanswered=f"{self._service.name}:{operation}")
        raise UnavailableError("Something we need does not answer right now; try again.")

    def _attempt(self, operation: str, body: bytes) -> dict[str, Any] | None:
        """The answer; None where another attempt may have one."""
        try:
            status, text = self._exchange(operation, body)
            answer: dict[str, Any] = json.loads(text)
        except (OSError, HTTPException, ValueError):
            self._connection.close()
            return None
        if status == OK:
            return answer
        if status >= SERVER_ERROR:
            return None
        # Some services put a namespace before the name: com.amazonaws.dynamodb.v20120810#Name.
        code = str(answer.get("__type", "")).rpartition("#")[2]
        if code in THROTTLED:
            return None
        message = str(answer.get("message") or answer.get("Message"))
        raise _KINDS.get(code, AwsError)(code, message, answer)

    def _exchange(self, operation: str, body: bytes) -> tuple[int, bytes]:
        headers = {
            "content-type": f"application/x-amz-json-{self._service.version}",
            "host": self._connection.host,
            "x-amz-target": f"{self._service.target}.{operation}",
        }
        return self._connection.post(self._signer.signed(headers, body, self._clock()), body)
