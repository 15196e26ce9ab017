"""Signs in as a browser does: authorization code with PKCE over the hosted page (RFC 7636).

It knows nothing of the pages but that one holds a form with a password field, and the next, for
who signs in in two steps, one with a field for the code, and where staff without them are sent.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx

from commands.totp import code_at, current_step

CLIENT_ID = "cli"

REDIRECT_URI = "http://127.0.0.1:1/callback"
"""Nobody listens there: the code is read from the redirect, which is not followed."""

RENEW_BEFORE_SECONDS = 60.0
"""A token this close to its end may be over before the request arrives."""


SECOND_STEP_SECONDS = 75.0
"""A code is taken once: whoever signs in often waits for the next, or for two while others do."""

SECOND_CODE = "second_code"

TURN_ON_PATH = "/account/two-step"
"""Where a page sends staff who have no second step."""


class SignInError(Exception):
    """Why signing in failed, in one line."""


class Tokens:
    """Access for one person, renewed as needed; safe to share between threads."""

    def __init__(
        self,
        answer: dict[str, object],
        renew: Callable[[str], dict[str, object]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._renew = renew
        self._clock = clock
        self._lock = threading.Lock()
        self._take(answer)

    def _take(self, answer: dict[str, object]) -> None:
        self._access = str(answer["access_token"])
        self._refresh = str(answer.get("refresh_token", ""))
        lifetime = float(str(answer.get("expires_in", 0)))
        self._ends_at = self._clock() + lifetime

    def access_token(self) -> str:
        """A token that is still good for a request."""
        with self._lock:
            if self._refresh and self._clock() > self._ends_at - RENEW_BEFORE_SECONDS:
                self._take(self._renew(self._refresh))
            return self._access

    def renew(self) -> str:
        """Another token at once: who watches, which tokens say, was chosen anew."""
        with self._lock:
            self._take(self._renew(self._refresh))
            return self._access


class SignIn:
    """The authorization server of a service."""

    def __init__(self, issuer: str, http: httpx.Client) -> None:
        self._issuer = issuer.rstrip("/")
        self._http = http

    def with_password(
        self, email: str, password: str, scope: str = "member staff", totp_secret: str = ""
    ) -> Tokens:
        """Sign in; SignInError when the page or the server says no.

        `totp_secret` is what the codes of the second step are made of, for who has one.
        """
        verifier = secrets.token_urlsafe(48)
        state = secrets.token_urlsafe(16)
        page = self._http.get(
            f"{self._issuer}/authorize",
            params={
                "response_type": "code",
                "client_id": CLIENT_ID,
                "redirect_uri": REDIRECT_URI,
                "scope": scope,
                "state": state,
                "code_challenge": _challenge(verifier),
                "code_challenge_method": "S256",
            },
        )
        form = sign_in_form(page.text)
        if form is None:
            raise SignInError(f"the sign-in page answered {page.status_code} without a form")
        answer = self._http.post(
            page.url.join(form.action),
            data={**form.fields, "email": email, "password": password},
        )
        if asks_for_code(answer) is not None:
            answer = self._second_step(answer, email, totp_secret)
        code = _code(answer, state, email)
        granted = self._token(
            grant_type="authorization_code",
            code=code,
            redirect_uri=REDIRECT_URI,
            client_id=CLIENT_ID,
            code_verifier=verifier,
        )
        return Tokens(granted, self._renewed)

    def _second_step(self, page: httpx.Response, email: str, totp_secret: str) -> httpx.Response:
        """What follows a code: of the step before, of this one, of the next one or a later one,
        for each is taken once and none before it any more."""
        if not totp_secret:
            raise SignInError(f"{email} signs in in two steps: set MARQUEE_TOTP_SECRET")
        deadline = time.monotonic() + SECOND_STEP_SECONDS
        tried = 0
        while (form := asks_for_code(page)) is not None:
            step = max(tried + 1, current_step() - 1)
            if step > current_step() + 1:
                if time.monotonic() > deadline:
                    raise SignInError(f"no code was taken for {email}: is the clock right?")
                time.sleep(1)
                continue
            tried = step
            filled = {**form.fields, SECOND_CODE: code_at(totp_secret, step)}
            page = self._http.post(page.url.join(form.action), data=filled)
            if page.status_code == httpx.codes.TOO_MANY_REQUESTS:
                break
        return page

    def _renewed(self, refresh_token: str) -> dict[str, object]:
        return self._token(
            grant_type="refresh_token", refresh_token=refresh_token, client_id=CLIENT_ID
        )

    def _token(self, **form: str) -> dict[str, object]:
        answer = self._http.post(f"{self._issuer}/token", data=form)
        try:
            parsed = answer.json()
        except ValueError:
            parsed = {}
        if not answer.is_success or "access_token" not in parsed:
            said = parsed.get("error_description") or parsed.get("error") or answer.status_code
            raise SignInError(f"sign-in failed: {said}")
        return dict(parsed)


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _code(answer: httpx.Response, state: str, email: str) -> str:
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        wait = answer.headers.get("retry-after", "some")
        raise SignInError(f"too many attempts for {email}: try again in {wait} seconds")
    if not answer.is_redirect:
        if TURN_ON_PATH in answer.text:
            turn_on = answer.url.join(TURN_ON_PATH)
            raise SignInError(f"{email} is staff without a second step: turn it on at {turn_on}")
        if answer.status_code in (200, 400, 401, 403):
            raise SignInError(f"wrong e-mail or password for {email}")
        raise SignInError(f"sign-in answered {answer.status_code}")
    target = answer.headers["location"]
    found = parse_qs(urlsplit(target).query)
    if not target.startswith(REDIRECT_URI) or found.get("state") != [state]:
        raise SignInError("sign-in answered for somebody else's request")
    if "code" not in found:
        said = found.get("error_description") or found.get("error") or ["no code was given"]
        raise SignInError(f"sign-in failed: {said[0]}")
    return found["code"][0]


class Form:
    """A form as a browser would send it."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}
        self.asks_for_a_password = False


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self._open = Form(attributes.get("action") or "")
            self.found.append(self._open)
        elif tag == "input" and self._open is not None:
            kind = attributes.get("type") or "text"
            self._open.asks_for_a_password |= kind == "password"
            name = attributes.get("name")
            if name and kind not in ("submit", "button", "image", "checkbox", "radio"):
                self._open.fields[name] = attributes.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def sign_in_form(page: str) -> Form | None:
    """The page's form that asks for a password, with what it already holds."""
    return next((form for form in _forms(page) if form.asks_for_a_password), None)


def asks_for_code(answer: httpx.Response) -> Form | None:
    """The form of the second step, when that is what follows."""
    if answer.is_redirect:
        return None
    return next((form for form in _forms(answer.text) if SECOND_CODE in form.fields), None)


def _forms(page: str) -> list[Form]:
    parser = _Forms()
    parser.feed(page)
    return parser.found
