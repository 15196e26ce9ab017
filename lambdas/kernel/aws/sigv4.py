"""AWS Signature Version 4 of the requests made here: a body posted to `/`, or a file asked for.

It knows no service and sends nothing. The algorithm is AWS's own description of it:
docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Credentials:
    """A function's own, as Lambda puts them into its environment for as long as it lives."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """KeyError names the variable that is missing."""
        return cls(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            environment.get("AWS_SESSION_TOKEN"),
        )


class Signer:
    """Signs requests to one service of one region."""

    def __init__(self, credentials: Credentials, region: str, service: str) -> None:
        self._credentials = credentials
        self._region = region
        self._service = service
        self._day = ""
        self._key = b""

    def signed(
        self,
        headers: Mapping[str, str],
        body: bytes,
        now: datetime,
        *,
        method: str = "POST",
        path: str = "/",
    ) -> dict[str, str]:
        """The headers with those that prove who sends them.

        `headers` have lower-case names, `host` among them, and values without spare spaces; all
        of them are signed. `path` is encoded once, as S3 wants it and as it is sent; no query.
        """
        moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        sent = {**headers, "x-amz-date": moment}
        if self._credentials.session_token is not None:
            sent["x-amz-security-token"] = self._credentials.session_token
        names = sorted(sent)
        lines = "".join(f"{name}:{sent[name]}\n" for name in names)
        signed_names = ";".join(names)
        request = f"{method}\n{path}\n\n{lines}\n{signed_names}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{moment[:8]}/{self._region}/{self._service}/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = f"{ALGORITHM}\n{moment}\n{scope}\n{digest}"
        signature = _mac(self._key_of(moment[:8]), text).hex()
        sent["authorization"] = (
            f"{ALGORITHM} Credential={self._credentials.access_key_id}/{scope}, "
            f"SignedHeaders={signed_names}, Signature={signature}"
        )
        return sent

    def _key_of(self, day: str) -> bytes:
        """The signing key, which is good for a day."""
        if day != self._day:
            key = f"AWS4{self._credentials.secret_access_key}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = _mac(key, part)
            self._day, self._key = day, key
        return self._key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
