"""A running service as a command sees it: where it is, who signs in, and its public API.

Everything that can go wrong ends as a CommandError of one line.
"""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from commands.sign_in import SignIn, SignInError, Tokens

DEFAULT_SITE = "http://localhost:8080"
DEFAULT_DATA_DIR = ".data"

TIMEOUT = httpx.Timeout(30, connect=5)
"""The HTTP API answers within 30 s or not at all."""


class CommandError(Exception):
    """Why a command stops, in one line."""


@dataclass(frozen=True)
class Service:
    """Where a service is and who signs in to it."""

    site: str
    email: str
    password: str
    totp_secret: str = ""
    """What the codes of the second step are made of; staff have one."""


def find_service(environment: Mapping[str, str], site: str | None = None) -> Service:
    """The service that the environment or `DATA_DIR/ready.json` names; CommandError."""
    ready = _ready(Path(environment.get("DATA_DIR") or DEFAULT_DATA_DIR) / "ready.json")
    staff = ready.get("accounts", {}).get("staff", {})
    email = environment.get("MARQUEE_EMAIL") or staff.get("email")
    # Nobody's secret goes with somebody else's address.
    known = staff if email == staff.get("email") else {}
    password = environment.get("MARQUEE_PASSWORD") or known.get("password")
    totp_secret = environment.get("MARQUEE_TOTP_SECRET") or known.get("totp_secret", "")
    if not email or not password:
        raise CommandError(
            "nobody to sign in as: start the service with `make run`, "
            "or set MARQUEE_EMAIL, MARQUEE_PASSWORD and MARQUEE_TOTP_SECRET"
        )
    address = site or environment.get("MARQUEE_SITE") or ready.get("web") or DEFAULT_SITE
    return Service(address.rstrip("/"), email, password, totp_secret)


def _ready(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    return found if isinstance(found, dict) else {}


class Api:
    """The service's API for one person who signed in; safe to share between threads.

    All its requests carry one `correlation_id`, by which the service's logs can be followed.
    """

    def __init__(self, service: Service, http: httpx.Client, scope: str = "member staff") -> None:
        self._site = service.site
        self._http = http
        self.correlation_id = secrets.token_hex(16)
        settings = _json(self._send("GET", f"{service.site}/config.json"))
        try:
            issuer = str(settings["issuer"])
        except (KeyError, TypeError) as error:
            raise CommandError(f"{service.site} is not a Marquee service") from error
        try:
            signed_in = SignIn(issuer, http).with_password(
                service.email, service.password, scope, service.totp_secret
            )
        except SignInError as error:
            raise CommandError(str(error)) from error
        except httpx.HTTPError as error:
            raise CommandError(f"sign-in at {issuer} does not answer ({_why(error)})") from error
        self._tokens = signed_in

    def for_another_task(self) -> Api:
        """The same person, signed in once, under another `correlation_id`."""
        other = copy.copy(self)
        other.correlation_id = secrets.token_hex(16)
        return other

    @property
    def tokens(self) -> Tokens:
        """What signing in gave."""
        return self._tokens

    def get(self, path: str) -> dict[str, Any]:
        """GET a JSON object; CommandError with the problem's own words."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: object) -> dict[str, Any]:
        """POST JSON and read a JSON object; CommandError with the problem's own words."""
        return self._ask("POST", path, body)

    def put(self, path: str, body: object) -> dict[str, Any]:
        """PUT JSON and read a JSON object; CommandError with the problem's own words."""
        return self._ask("PUT", path, body)

    def _ask(self, method: str, path: str, body: object) -> dict[str, Any]:
        try:
            token = self._tokens.access_token()
        except SignInError as error:
            raise CommandError(str(error)) from error
        except httpx.HTTPError as error:
            raise CommandError(f"sign-in does not answer ({_why(error)})") from error
        headers = {
            "authorization": f"Bearer {token}",
            # W3C Trace Context, section 3.2: version, trace-id, parent-id, flags.
            "traceparent": f"00-{self.correlation_id}-{secrets.token_hex(8)}-00",
        }
        return _json(self._send(method, f"{self._site}{path}", headers, body))

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> httpx.Response:
        try:
            return self._http.request(method, url, headers=headers, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(
                f"no service answers at {self._site}; is it running? ({_why(error)})"
            ) from error


def _why(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        parsed = answer.json()
    except ValueError:
        parsed = None
    if answer.is_success and isinstance(parsed, dict):
        return parsed
    said = parsed.get("detail") or parsed.get("message") if isinstance(parsed, dict) else None
    raise CommandError(
        str(said)
        if said
        else f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}"
    )
