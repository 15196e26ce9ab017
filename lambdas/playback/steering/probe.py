"""Asks a CDN for something that nobody may have: its refusal shows that it works."""

from __future__ import annotations

import base64
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

SECONDS = 3.0
"""What players wait for a connection."""

_BEGINNING = bytes.fromhex("d83dd18443a10105a10448")
"""As tokens of ours begin (`edge/token.js`)."""

PATH = f"/t/{base64.urlsafe_b64encode(_BEGINNING + b'no probe').decode().rstrip('=')}/m/"
"""A token under a key that nobody has. Who refuses it has first looked whether the deny list is
ready, and says 503 when it is not."""

SERVER_ERROR = 500


class HttpProbe:
    """Over HTTP, from where our functions run."""

    def answers(self, origin: str) -> bool:
        """Whether anything but its own trouble came back in time."""
        address = urlsplit(origin)
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        connection = kind(address.netloc, timeout=SECONDS)
        try:
            connection.request("GET", PATH)
            return connection.getresponse().status < SERVER_ERROR
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
