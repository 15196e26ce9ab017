"""Manifests from the bucket of packaged films, by S3's own GetObject.

They never change under their address, so that a process keeps the last ones: on the evening that a
film comes out all of its steered plays ask for the same few.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlsplit

from kernel import log
from kernel.aws.sigv4 import Credentials, Signer
from kernel.clock import Clock, utc_now
from kernel.errors import NotFoundError, UnavailableError

KEPT = 32
"""A manifest of three hours has some 100 KB, and a function 512 MB."""

SECONDS = 3.0

OK, FORBIDDEN, NOT_FOUND = 200, 403, 404


class S3Manifests:
    """The bucket, for the function whose environment this is."""

    def __init__(
        self, bucket: str, environment: Mapping[str, str], *, clock: Clock = utc_now
    ) -> None:
        """`AWS_ENDPOINT_URL` names another address than S3's own, as for the SDKs: buckets are
        folders there. KeyError names the variable that is missing."""
        region = environment["AWS_REGION"]
        own = f"https://{bucket}.s3.{region}.amazonaws.com"
        given = environment.get("AWS_ENDPOINT_URL")
        self._address = urlsplit(f"{given}/{bucket}" if given else own)
        self._signer = Signer(Credentials.from_environment(environment), region, "s3")
        self._clock = clock
        self.read = lru_cache(maxsize=KEPT)(self._read)

    def _read(self, path: str) -> str:
        """A manifest's text; NotFoundError, UnavailableError."""
        target = f"{self._address.path}/{quote(path)}"
        try:
            status, body = self._exchange(target)
        except (OSError, HTTPException):
            status, body = 0, b""
        if status == OK:
            return body.decode()
        log.note(s3_status=status)
        if status in (FORBIDDEN, NOT_FOUND):
            # Without the right to list, S3 says 403 of what is not there.
            raise NotFoundError("There is no such manifest.")
        raise UnavailableError("The film's manifest cannot be read right now; try again.")

    def _exchange(self, target: str) -> tuple[int, bytes]:
        headers = {
            "host": self._address.netloc,
            "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
        }
        signed = self._signer.signed(headers, b"", self._clock(), method="GET", path=target)
        kind = HTTPConnection if self._address.scheme == "http" else HTTPSConnection
        connection = kind(self._address.netloc, timeout=SECONDS)
        try:
            connection.request("GET", target, headers=signed)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
