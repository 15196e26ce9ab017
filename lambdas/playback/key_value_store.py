"""The edge's store in a CloudFront KeyValueStore, by its data plane API.

CloudFront API reference, "CloudFront KeyValueStore"; requests are signed by SigV4A. Every write
names the version that it changes (ETag), so that two writers never undo each other.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from kernel import log
from kernel.aws.json_client import AwsError
from kernel.aws.sigv4 import Credentials
from kernel.aws.sigv4a import RegionlessSigner
from kernel.clock import Clock, utc_now
from kernel.errors import UnavailableError

SERVICE = "cloudfront-keyvaluestore"

PAGE = 50
"""Items of a page, the API's bound."""

ATTEMPTS = 6
"""A conflict means that the other writer was faster; there are two, and both are done soon."""

FIRST_PAUSE_SECONDS = 0.1
"""Doubled each time, of which a random part is waited."""

TIMEOUT_SECONDS = 3.0

OK = 200
CONFLICT = 409
TOO_MANY = 429
SERVER_ERROR = 500


class _LaterError(Exception):
    """Another attempt may succeed."""


class CloudFrontKeyValueStore:
    """One store, for the function whose environment this is. Not safe to share between threads."""

    def __init__(
        self,
        arn: str,
        environment: Mapping[str, str],
        *,
        clock: Clock = utc_now,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`AWS_ENDPOINT_URL` names another address than the service's own, as for the SDKs."""
        account = arn.split(":")[4]
        own = f"https://{account}.cloudfront-kvs.global.api.aws"
        self._address = urlsplit(environment.get("AWS_ENDPOINT_URL") or own)
        self._path = f"/key-value-stores/{quote(arn, safe='')}"
        self._signer = RegionlessSigner(Credentials.from_environment(environment), SERVICE)
        self._clock = clock
        self._pause = pause
        self._etag: str | None = None

    def entries(self) -> Iterator[tuple[str, str]]:
        """All entries, page by page; UnavailableError, AwsError."""
        query = {"MaxResults": str(PAGE)}
        while True:
            answer = self._tried(lambda: self._ask("GET", f"{self._path}/keys?{urlencode(query)}"))
            for item in answer["Items"]:
                yield item["Key"], item["Value"]
            if not answer.get("NextToken"):
                return
            query["NextToken"] = answer["NextToken"]

    def change(self, puts: Mapping[str, str], forgets: Collection[str]) -> int:
        """Put and delete at once; the store's bytes afterwards. UnavailableError, AwsError."""
        changes = {
            "Puts": [{"Key": name, "Value": value} for name, value in puts.items()],
            "Deletes": [{"Key": name} for name in forgets],
        }
        body = json.dumps({name: each for name, each in changes.items() if each}).encode()
        return int(self._tried(lambda: self._change(body))["TotalSizeInBytes"])

    def _change(self, body: bytes) -> dict[str, Any]:
        if self._etag is None:
            self._ask("GET", self._path)
        return self._ask("POST", f"{self._path}/keys", body)

    def _tried(self, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        for attempt in range(ATTEMPTS):
            if attempt:
                longest = FIRST_PAUSE_SECONDS * 2**attempt
                self._pause(random.uniform(0, longest))  # noqa: S311 - spreads load, hides nothing
            try:
                return ask()
            except _LaterError:
                self._etag = None
        log.note(unanswered=SERVICE)
        raise UnavailableError("The edge's store does not take the change right now.")

    def _ask(self, method: str, target: str, body: bytes = b"") -> dict[str, Any]:
        status, etag, answer = self._exchange(method, target, body)
        if status == OK:
            self._etag = etag or self._etag
            return answer
        if status in (CONFLICT, TOO_MANY) or status >= SERVER_ERROR:
            raise _LaterError
        raise AwsError(str(status), str(answer.get("Message") or answer.get("message")), answer)

    def _exchange(
        self, method: str, target: str, body: bytes
    ) -> tuple[int, str | None, dict[str, Any]]:
        headers = {"host": self._address.netloc}
        if body:
            headers |= {"content-type": "application/json", "if-match": self._etag or ""}
        signed = self._signer.signed(method, target, headers, body, self._clock())
        kind = HTTPConnection if self._address.scheme == "http" else HTTPSConnection
        connection = kind(self._address.netloc, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, target, body or None, signed)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("etag"), json.loads(answer.read() or b"{}")
        except (OSError, HTTPException, ValueError) as error:
            raise _LaterError from error
        finally:
            connection.close()
