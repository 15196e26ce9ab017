"""The JWT authorizer of HTTP APIs: which tokens it takes, and how it says why it takes none.

Source: "Control access to HTTP APIs with JWT authorizers" in the API Gateway developer guide.
RSA signatures only, `kid` required, keys found through the issuer's discovery document.
"""

from __future__ import annotations

import base64
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

from localcloud.gateway.model import JwtAuthorizer
from localcloud.wire import HttpRequest

DISCOVERY = "/.well-known/openid-configuration"

KEYS_LIVE_SECONDS = 7200.0
"""API Gateway may keep an issuer's keys for two hours."""

RELOAD_AFTER_SECONDS = 5.0
"""An unknown key id asks the issuer again, but not for each of a flood of forged tokens."""

FETCH_TIMEOUT_SECONDS = 10.0
"""AWS allows about 1.5 s; here the issuer's function may be starting on a busy machine."""

_ALGORITHMS: Mapping[str, HashAlgorithm] = {
    "RS256": SHA256(),
    "RS384": SHA384(),
    "RS512": SHA512(),
}

Fetch = Callable[[str], bytes]


class FetchError(Exception):
    """An address did not answer with a document."""


class IssuerUnreachableError(Exception):
    """The issuer has no discovery document, for which API Gateway refuses the authorizer."""

    def __init__(self, issuer: str, reason: str) -> None:
        super().__init__(
            f"Caught exception when connecting to {issuer.rstrip('/')}{DISCOVERY} for issuer "
            f"{issuer}. Please try again later. Error: {reason}"
        )


class InvalidTokenError(Exception):
    """A token is refused; the description goes into `www-authenticate`."""

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description = description


class MissingTokenError(Exception):
    """The request carries no token where the authorizer looks for one."""


def fetch_over_http(url: str) -> bytes:
    """The document at an address; FetchError when there is none."""
    if not url.startswith(("http://", "https://")):
        raise FetchError(f"{url} is no web address")
    try:
        with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_SECONDS) as answer:  # noqa: S310 (checked above)
            return bytes(answer.read())
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise FetchError(f"{url}: {error}") from error


def identity(request: HttpRequest, sources: tuple[str, ...]) -> str:
    """The token that a request carries; MissingTokenError when it carries none."""
    for source in sources:
        kind, _, name = source.removeprefix("$request.").partition(".")
        value = request.header(name) if kind == "header" else _query_value(request.query, name)
        if value:
            scheme, _, rest = value.partition(" ")
            return rest.strip() if scheme.lower() == "bearer" else value
    raise MissingTokenError


def _query_value(query: str, name: str) -> str | None:
    pairs = (part.partition("=") for part in query.split("&"))
    return next((value for key, _, value in pairs if key == name), None)


class JwtVerifier:
    """Verifies tokens against the keys of their issuers, which it keeps; safe from any thread."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[dict[str, RSAPublicKey], float]] = {}

    def check_issuer(self, issuer: str) -> None:
        """What API Gateway asks when an authorizer is created; IssuerUnreachableError."""
        try:
            document = json.loads(self._fetch(issuer.rstrip("/") + DISCOVERY))
        except (FetchError, ValueError) as error:
            reason = (
                f"Invalid issuer: {issuer}. Issuer must have a valid discovery endpoint ended "
                f"with '{DISCOVERY}'"
            )
            raise IssuerUnreachableError(issuer, reason) from error
        if not isinstance(document, dict) or not document.get("jwks_uri"):
            raise IssuerUnreachableError(issuer, "the discovery document names no jwks_uri")

    def verify(self, token: str, authorizer: JwtAuthorizer) -> dict[str, Any]:
        """The claims of a good token; InvalidTokenError for any other."""
        header, claims, signed, signature = _parse(token)
        algorithm = _ALGORITHMS.get(str(header.get("alg")))
        if algorithm is None:
            raise InvalidTokenError(f"signing method {header.get('alg')} is invalid")
        key = self._key(authorizer.issuer, header.get("kid"))
        try:
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        except InvalidSignature as error:
            raise InvalidTokenError("signature is invalid") from error
        self._check_claims(claims, authorizer)
        return claims

    def _check_claims(self, claims: Mapping[str, Any], authorizer: JwtAuthorizer) -> None:
        if claims.get("iss") != authorizer.issuer:
            raise InvalidTokenError("the token does not have a valid issuer")
        audience = claims["aud"] if "aud" in claims else claims.get("client_id")
        audiences = audience if isinstance(audience, list) else [audience]
        if not any(each in authorizer.audiences for each in audiences):
            raise InvalidTokenError("the token does not have a valid audience")
        now = self._clock()
        expires, not_before, issued = (_time(claims, name) for name in ("exp", "nbf", "iat"))
        if expires is None or expires <= now:
            raise InvalidTokenError("the token has expired")
        if not_before is not None and not_before > now:
            raise InvalidTokenError("the token is not valid yet")
        if issued is not None and issued > now:
            raise InvalidTokenError("the token was issued in the future")

    def _key(self, issuer: str, key_id: object) -> RSAPublicKey:
        if not isinstance(key_id, str) or not key_id:
            raise InvalidTokenError("the token does not have a kid")
        with self._lock:
            keys, loaded = self._keys.get(issuer, ({}, float("-inf")))
            age = self._clock() - loaded
            stale = age > KEYS_LIVE_SECONDS
            if stale or (key_id not in keys and age > RELOAD_AFTER_SECONDS):
                keys = self._load(issuer)
                self._keys[issuer] = (keys, self._clock())
        if key_id not in keys:
            raise InvalidTokenError("the token's kid is unknown to the issuer")
        return keys[key_id]

    def _load(self, issuer: str) -> dict[str, RSAPublicKey]:
        try:
            jwks_uri = json.loads(self._fetch(issuer.rstrip("/") + DISCOVERY))["jwks_uri"]
        except (FetchError, ValueError, KeyError, TypeError) as error:
            raise InvalidTokenError("OIDC discovery endpoint communication error") from error
        try:
            keys = json.loads(self._fetch(jwks_uri))["keys"]
            return {key["kid"]: _rsa_key(key) for key in keys if _is_usable(key)}
        except (FetchError, ValueError, KeyError, TypeError) as error:
            raise InvalidTokenError("JWKS communication error") from error


def _parse(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidTokenError("token contains an invalid number of segments")
    try:
        header, claims = (json.loads(_unbase64(part)) for part in parts[:2])
        signature = _unbase64(parts[2])
        signed = f"{parts[0]}.{parts[1]}".encode("ascii")
    except ValueError as error:
        raise InvalidTokenError("token is malformed") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise InvalidTokenError("token is malformed")
    return header, claims, signed, signature


def _unbase64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _is_usable(key: Mapping[str, Any]) -> bool:
    return key.get("kty") == "RSA" and "kid" in key and key.get("use", "sig") == "sig"


def _rsa_key(key: Mapping[str, Any]) -> RSAPublicKey:
    modulus, exponent = (int.from_bytes(_unbase64(key[name]), "big") for name in ("n", "e"))
    return RSAPublicNumbers(exponent, modulus).public_key()


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidTokenError(f"the token's {name} is no time")
    return float(value)


def scopes_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The scopes a token grants, from `scope`, else from `scp`."""
    value = claims["scope"] if "scope" in claims else claims.get("scp", "")
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def claim_text(value: object) -> str:
    """A claim as it reaches a function: always a string, lists and objects in Go's notation."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return f"[{' '.join(claim_text(each) for each in value)}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{claim_text(value[key])}' for key in sorted(value))}]"
    return "<nil>" if value is None else str(value)
