"""Posts to a vendor's licence server: bounded in time and size, once more when it does not answer.

It follows no redirect and logs no body. What an answer means is the caller's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from playback.domain import VendorGarbledError, VendorUnavailableError

ATTEMPTS = 2

SECONDS = 3.0
"""For one attempt, from connecting to the last byte: two end before our function's ten do."""

LARGEST_ANSWER = 256 * 1024
"""Bytes. A licence for six keys has 10 KB."""

CHUNK = 16 * 1024
SERVER_ERROR = 500


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    body: bytes

    @property
    def is_ok(self) -> bool:
        """Whether it says that it did what was asked."""
        return self.status == 200


def _is_final(answer: Answer) -> bool:
    return answer.status < SERVER_ERROR and answer.status != 429


class VendorHttp:
    """One licence server's address."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        self._url = urlsplit(url)
        self._seconds = seconds

    def post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        is_final: Callable[[Answer], bool] = _is_final,
    ) -> Answer:
        """The first final answer; VendorUnavailableError without one, VendorGarbledError for one
        that does not end."""
        for _ in range(ATTEMPTS):
            try:
                answer = self._attempt(body, headers)
            except (OSError, HTTPException):
                continue
            if is_final(answer):
                return answer
        raise VendorUnavailableError("The licence server does not answer right now; try again.")

    def _attempt(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        deadline = time.monotonic() + self._seconds
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        connection = kind(self._url.netloc, timeout=self._seconds)
        try:
            connection.connect()
            # `getresponse` may take the connection's socket along, so it is held here.
            sock = connection.sock
            sock.settimeout(_left(deadline))
            path = self._url.path or "/"
            target = f"{path}?{self._url.query}" if self._url.query else path
            connection.request("POST", target, body, dict(headers))
            sock.settimeout(_left(deadline))
            response = connection.getresponse()
            return Answer(
                response.status, _read(response, lambda: sock.settimeout(_left(deadline)))
            )
        finally:
            connection.close()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("The vendor's time is over.")
    return left


def _read(response: HTTPResponse, before_each: Callable[[], None]) -> bytes:
    body = b""
    while True:
        before_each()
        chunk = response.read1(CHUNK)
        if not chunk:
            break
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise VendorGarbledError("The licence server's answer does not end; try again.")
    if response.length:
        raise HTTPException("The answer is cut off.")
    return body
