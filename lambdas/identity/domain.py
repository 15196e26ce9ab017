"""Accounts, authorization codes and refresh tokens, by the rules of OAuth 2.1 and PKCE.

Pure: time and randomness come in as arguments; secrets are kept only as SHA-256 digests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from kernel.errors import ConflictError, DomainError, InvalidInputError

AUDIENCE = "marquee"
"""What every access token is for; API Gateway's authorizer accepts no other."""

ACCESS_TOKEN_LIFE = timedelta(minutes=10)
"""A ban reaches cached browsing after at most this long."""

CODE_LIFE = timedelta(seconds=60)
"""RFC 6749 section 4.1.2 allows ten minutes; a redirect takes one second."""

REFRESH_LIFE = timedelta(days=30)
"""A device that was not used for this long signs in again."""

PASSWORD_MIN_CHARACTERS = 8
"""NIST SP 800-63B section 5.1.1.1."""

PASSWORD_MAX_CHARACTERS = 128
"""Enough for any passphrase; a bound on what argon2 is made to hash."""

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,253}\.[^@\s.]{2,63}")
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
"""RFC 7636 section 4.1."""
_CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}")
"""A SHA-256 digest in base64url without padding."""
_LOOPBACK_REDIRECT = re.compile(r"http://127\.0\.0\.1:\d{1,5}/callback")
"""RFC 8252 section 7.3: a native client listens on whichever port is free."""

SCOPES = ("member", "staff")


class OAuthError(DomainError):
    """A refusal in the words of RFC 6749 section 5.2: `code` is its `error`."""


class InvalidRequestError(OAuthError):
    """Something required is absent or malformed."""

    code: ClassVar[str] = "invalid_request"


class InvalidGrantError(OAuthError):
    """The code or refresh token is unknown, used, expired, or somebody else's."""

    code: ClassVar[str] = "invalid_grant"


class InvalidScopeError(OAuthError):
    """The account does not hold what was asked for."""

    code: ClassVar[str] = "invalid_scope"


class UnsupportedGrantTypeError(OAuthError):
    """Only authorization_code and refresh_token are granted here."""

    code: ClassVar[str] = "unsupported_grant_type"


class UnsupportedResponseTypeError(OAuthError):
    """Only the code flow is offered."""

    code: ClassVar[str] = "unsupported_response_type"


class UnknownClientError(DomainError):
    """Who asks, or where to send the answer, is not known: shown to the person, not redirected."""

    code: ClassVar[str] = "unknown_client"


class EmailTakenError(ConflictError):
    """An account with that address exists."""

    code: ClassVar[str] = "email_taken"


@dataclass(frozen=True)
class Client:
    """A public client: it proves itself by PKCE and by where its redirect goes."""

    client_id: str
    redirect_uri: str | None
    """The one address it may redirect to; None for a native client on a loopback port."""

    def accepts(self, redirect_uri: str) -> bool:
        """Whether an answer may be sent there."""
        if self.redirect_uri is None:
            return _LOOPBACK_REDIRECT.fullmatch(redirect_uri) is not None
        return redirect_uri == self.redirect_uri


def clients(public_origin: str) -> dict[str, Client]:
    """The clients there are: the web app and the command line."""
    known = [Client("web", f"{public_origin}/callback"), Client("cli", None)]
    return {client.client_id: client for client in known}


@dataclass(frozen=True)
class Account:
    """Someone who may sign in."""

    account_id: str
    email: str
    password_hash: str
    """Argon2id in PHC string form."""
    scopes: tuple[str, ...]
    profile_id: str
    """The profile that was made with the account."""
    created_at: datetime


@dataclass(frozen=True)
class AuthorizationRequest:
    """What a client asks for when it sends somebody to sign in."""

    client_id: str
    redirect_uri: str
    code_challenge: str
    scope: str
    state: str
    nonce: str


@dataclass(frozen=True)
class AuthorizationCode:
    """A sign-in that succeeded, waiting to be exchanged once."""

    code_digest: str
    request: AuthorizationRequest
    account_id: str
    scope: str
    expires_at: datetime


@dataclass(frozen=True)
class RefreshToken:
    """The right to new access tokens; each serves once and is followed by the next."""

    token_digest: str
    family_id: str
    """All tokens that descend from one sign-in; also the device's session."""
    account_id: str
    client_id: str
    device_id: str
    scope: str
    expires_at: datetime

    def followed_by(self, token_digest: str, now: datetime) -> RefreshToken:
        """The next token of the same sign-in."""
        return replace(self, token_digest=token_digest, expires_at=now + REFRESH_LIFE)


def digest(secret: str) -> str:
    """How a code or token is stored: whoever reads the table cannot use it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def canonical_email(email: str) -> str:
    """The address as it identifies an account; InvalidInputError when it is none."""
    folded = email.strip().lower()
    if not _EMAIL.fullmatch(folded):
        raise InvalidInputError("That is not an e-mail address.", field="email")
    return folded


def checked_password(password: str) -> str:
    """The password, when its length is acceptable; there are no composition rules."""
    if not PASSWORD_MIN_CHARACTERS <= len(password) <= PASSWORD_MAX_CHARACTERS:
        raise InvalidInputError(
            f"A password has {PASSWORD_MIN_CHARACTERS} to {PASSWORD_MAX_CHARACTERS} characters.",
            field="password",
        )
    return password


def checked_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes, when all are known and `member` is among them."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or "member" not in scopes:
        raise InvalidInputError(
            f"Scopes are some of {', '.join(SCOPES)}, and always member.", field="scopes"
        )
    return tuple(scope for scope in SCOPES if scope in scopes)


def authorization_request(
    parameters: Mapping[str, str], known: Mapping[str, Client]
) -> AuthorizationRequest:
    """The request in an /authorize URL.

    UnknownClientError before the redirect address is known to be the client's own, so that
    nothing is ever redirected to an address of an attacker's; an OAuthError after.
    """
    client = known.get(parameters.get("client_id", ""))
    redirect_uri = parameters.get("redirect_uri", "")
    if client is None or not client.accepts(redirect_uri):
        raise UnknownClientError("This sign-in link is not one of ours. Start again from the app.")
    if parameters.get("response_type") != "code":
        raise UnsupportedResponseTypeError("response_type must be code.")
    if parameters.get("code_challenge_method") != "S256":
        raise InvalidRequestError("code_challenge_method must be S256.")
    challenge = parameters.get("code_challenge", "")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequestError("code_challenge must be a SHA-256 digest in base64url.")
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        code_challenge=challenge,
        scope=parameters.get("scope", ""),
        state=parameters.get("state", ""),
        nonce=parameters.get("nonce", ""),
    )


def granted_scope(asked: str, account: Account) -> str:
    """The scope that a sign-in grants: what was asked for and is held.

    `openid` and unknown words are passed over, as OpenID Connect clients send them. Asking for
    `staff` without holding it is refused, so that nobody thinks they have it.
    """
    words = asked.split()
    if "staff" in words and "staff" not in account.scopes:
        raise InvalidScopeError("This account has no staff access.")
    wanted = [scope for scope in account.scopes if scope in words]
    return " ".join(wanted or ["member"])


def verifier_matches(verifier: str, challenge: str) -> bool:
    """RFC 7636 section 4.6, S256."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    return hmac.compare_digest(hashed.rstrip(b"=").decode(), challenge)


def access_claims(
    *,
    issuer: str,
    account: Account,
    client_id: str,
    device_id: str,
    scope: str,
    token_id: str,
    now: datetime,
) -> dict[str, str | int]:
    """The claims of an access token (RFC 9068); flat strings, as API Gateway passes them on."""
    return {
        "iss": issuer,
        "sub": account.account_id,
        "aud": AUDIENCE,
        "client_id": client_id,
        "scope": scope,
        "profile": account.profile_id,
        "device": device_id,
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_TOKEN_LIFE).timestamp()),
        "jti": token_id,
    }


def id_claims(
    *, issuer: str, account: Account, client_id: str, nonce: str, now: datetime
) -> dict[str, str | int]:
    """The claims of an ID token (OpenID Connect Core section 2)."""
    claims: dict[str, str | int] = {
        "iss": issuer,
        "sub": account.account_id,
        "aud": client_id,
        "email": account.email,
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_TOKEN_LIFE).timestamp()),
    }
    return {**claims, "nonce": nonce} if nonce else claims
