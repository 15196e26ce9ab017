"""Asks the other domains what they keep of an account, over the service's own public address."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from kernel import log
from kernel.errors import UnavailableError

SECONDS = 20.0
"""A cold function takes three; API Gateway lets the one who waits for us wait 30."""

DOMAINS = ("billing", "notifications", "playback", "progress")
"""Whoever keeps something of an account. A test of the templates holds that nobody is left out."""


@dataclass(frozen=True)
class HttpElsewhere:
    """`Elsewhere` by `GET /v1/export/<domain>`; redirects are not followed."""

    public_origin: str
    domains: Sequence[str] = DOMAINS

    def kept(self, token: str) -> dict[str, Any]:
        """By domain; UnavailableError when one does not answer."""
        with ThreadPoolExecutor(len(self.domains)) as pool:
            answers = pool.map(lambda domain: self._ask(domain, token), self.domains)
            return dict(zip(self.domains, answers, strict=True))

    def _ask(self, domain: str, token: str) -> Any:
        address = urlsplit(self.public_origin)
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        connection = kind(address.netloc, timeout=SECONDS)
        try:
            headers = {"authorization": f"Bearer {token}"}
            connection.request("GET", f"/v1/export/{domain}", headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                raise self._failed(domain, answer.status)
            return json.loads(answer.read())["items"]
        except (OSError, HTTPException, ValueError) as error:
            raise self._failed(domain, type(error).__name__) from error
        finally:
            connection.close()

    def _failed(self, domain: str, why: object) -> UnavailableError:
        log.note(domain=domain, why=str(why))
        return UnavailableError("Not all of your data could be gathered. Try again in a minute.")
