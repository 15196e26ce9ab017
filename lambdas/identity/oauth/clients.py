"""The clients there are, and what they may ask for when they send somebody to sign in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from identity.oauth.errors import (
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    LoginRequiredError,
    RequestNotSupportedError,
    RequestUriNotSupportedError,
    UnauthorizedClientError,
    UnknownClientError,
    UnsupportedGrantTypeError,
    UnsupportedResponseTypeError,
)

AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a grant's name
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
"""RFC 8628 section 3.4."""
GRANT_TYPES = (AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE)

PARAMETER_MAX_CHARACTERS = 512
"""`state` and `nonce` are a client's own random text: more than this is no such thing."""

PROMPTS = ("none", "login", "consent", "select_account")
"""OpenID Connect Core section 3.1.2.1. Everybody signs in each time, as whom they like: `login` and
`select_account` ask for what happens anyway."""

_MAX_AGE = re.compile(r"\d{1,9}")
_THUMBPRINT = re.compile(r"[A-Za-z0-9\-_]{43}")
"""A SHA-256 digest in base64url without padding."""
_LOOPBACK_REDIRECT = re.compile(r"http://127\.0\.0\.1:\d{1,5}/callback")
"""RFC 8252 section 7.3: a native client listens on whichever port is free."""


@dataclass(frozen=True)
class Client:
    """A public client: it proves itself by PKCE and by where its redirect goes."""

    client_id: str
    redirect_uri: str | None
    """The one address it may redirect to; None for a native client on a loopback port."""
    name: str = ""
    """What a person calls it, on the page where they let it in."""
    grant_types: tuple[str, ...] = (AUTHORIZATION_CODE, REFRESH_TOKEN)
    post_logout_redirect_uris: tuple[str, ...] = ()
    """Where it may send somebody who signed out."""
    is_ours: bool = True
    """Whether it is part of the service; somebody else's is let in by the account's owner only."""

    def accepts(self, redirect_uri: str) -> bool:
        """Whether an answer may be sent there."""
        if self.redirect_uri is None:
            return _LOOPBACK_REDIRECT.fullmatch(redirect_uri) is not None
        return redirect_uri == self.redirect_uri


def partner(
    client_id: str, name: str, redirect_uri: str, post_logout_redirect_uri: str | None = None
) -> Client:
    """A client that is somebody else's."""
    after = () if post_logout_redirect_uri is None else (post_logout_redirect_uri,)
    return Client(
        client_id, redirect_uri, name=name, post_logout_redirect_uris=after, is_ours=False
    )


def clients(
    public_origin: str, issuer: str = "", partners: Sequence[Client] = ()
) -> dict[str, Client]:
    """The clients there are: the web app, the command line, the TV, our own device page, and
    those that the environment's settings name."""
    known = [
        Client(
            "web",
            f"{public_origin}/callback",
            name="Web",
            post_logout_redirect_uris=(f"{public_origin}/",),
        ),
        Client("cli", None, name="Command line"),
        Client("tv", "", name="TV", grant_types=(DEVICE_CODE, REFRESH_TOKEN)),
        # The page where a code is entered has people sign in as every client does. It takes the
        # code itself: no token is ever made for it.
        Client("device-page", f"{issuer}/device/approve", name="TV sign-in", grant_types=()),
    ]
    return {client.client_id: client for client in (*partners, *known)}


def client_named(known: Mapping[str, Client], client_id: str) -> Client:
    """The client; InvalidClientError when there is none."""
    client = known.get(client_id)
    if client is None:
        raise InvalidClientError("client_id is not one of ours.")
    return client


def client_for(known: Mapping[str, Client], client_id: str, grant_type: str) -> Client:
    """The client, when it may use that grant."""
    if grant_type not in GRANT_TYPES:
        raise UnsupportedGrantTypeError(f"grant_type must be one of {', '.join(GRANT_TYPES)}.")
    client = client_named(known, client_id)
    if grant_type not in client.grant_types:
        raise UnauthorizedClientError(f"The client {client_id} does not use {grant_type}.")
    return client


@dataclass(frozen=True)
class AuthorizationRequest:
    """What a client asks for when it sends somebody to sign in."""

    client_id: str
    redirect_uri: str
    code_challenge: str
    scope: str
    state: str
    nonce: str
    dpop_jkt: str = ""
    """Thumbprint of the key whose proof the code must come with (RFC 9449 section 10)."""
    prompt: str = ""
    max_age: str = ""
    """Seconds; empty when any sign-in will do (OpenID Connect Core section 3.1.2.1)."""

    @property
    def asks_for_consent(self) -> bool:
        """Whether the person is to be asked even if they allowed it before."""
        return "consent" in self.prompt.split()

    def takes_sign_in_of(self, signed_in_at: datetime, now: datetime) -> bool:
        """Whether a sign-in of then is new enough for the client."""
        return not self.max_age or now - signed_in_at <= timedelta(seconds=int(self.max_age))


def authorization_request(
    parameters: Mapping[str, str], known: Mapping[str, Client]
) -> AuthorizationRequest:
    """The request in an /authorize URL.

    UnknownClientError before the redirect address is known to be the client's own, so that
    nothing is ever redirected to an address of an attacker's; an OAuthError after.
    """
    client = known.get(parameters.get("client_id", ""))
    redirect_uri = parameters.get("redirect_uri", "")
    if client is None or not redirect_uri or not client.accepts(redirect_uri):
        raise UnknownClientError("This sign-in link is not one of ours. Start again from the app.")
    if parameters.get("response_type") != "code":
        raise UnsupportedResponseTypeError("response_type must be code.")
    if parameters.get("code_challenge_method") != "S256":
        raise InvalidRequestError("code_challenge_method must be S256.")
    _check_is_supported(parameters)
    challenge, thumbprint = parameters.get("code_challenge", ""), parameters.get("dpop_jkt", "")
    if not _THUMBPRINT.fullmatch(challenge):
        raise InvalidRequestError("code_challenge must be a SHA-256 digest in base64url.")
    if thumbprint and not _THUMBPRINT.fullmatch(thumbprint):
        raise InvalidRequestError("dpop_jkt must be a SHA-256 digest in base64url.")
    if "staff" in parameters.get("scope", "").split() and not client.is_ours:
        raise InvalidScopeError("Staff access is for our own clients.")
    for name in ("state", "nonce", "scope"):
        if len(parameters.get(name, "")) > PARAMETER_MAX_CHARACTERS:
            raise InvalidRequestError(
                f"{name} has more than {PARAMETER_MAX_CHARACTERS} characters."
            )
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        code_challenge=challenge,
        scope=parameters.get("scope", ""),
        state=parameters.get("state", ""),
        nonce=parameters.get("nonce", ""),
        dpop_jkt=thumbprint,
        prompt=parameters.get("prompt", ""),
        max_age=parameters.get("max_age", ""),
    )


def _check_is_supported(parameters: Mapping[str, str]) -> None:
    """Refuse what a client must not believe to be obeyed (OpenID Connect Core section 3.1.2.6)."""
    if parameters.get("response_mode", "query") != "query":
        raise InvalidRequestError("response_mode must be query.")
    prompts = parameters.get("prompt", "").split()
    if "none" in prompts and len(prompts) > 1:
        # OpenID Connect Core section 3.1.2.1.
        raise InvalidRequestError("prompt must be none alone, or not none.")
    if "none" in prompts:
        raise LoginRequiredError("Nobody stays signed in here: a person has to see the page.")
    if not set(prompts) <= set(PROMPTS):
        raise InvalidRequestError(f"prompt must be of {', '.join(PROMPTS)}.")
    if not _MAX_AGE.fullmatch(parameters.get("max_age", "0")):
        raise InvalidRequestError("max_age must be a number of seconds.")
    for name, error in (
        ("request", RequestNotSupportedError),
        ("request_uri", RequestUriNotSupportedError),
    ):
        if name in parameters:
            raise error(f"{name} is not supported.")
