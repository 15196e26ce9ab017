"""Passkeys and their ceremonies (W3C Web Authentication, level 3).

Pure: time and randomness come in as arguments; how a signature is verified is not known here.
"""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from identity.domain import Account
from identity.oauth.grants import digest
from kernel.errors import ConflictError, InvalidInputError, NotFoundError, UnauthenticatedError

CEREMONY_LIFE = timedelta(minutes=10)
"""Section 15.1: five to ten minutes; somebody may have to look for a phone or a key."""

MOST_PASSKEYS = 10
"""Phones, laptops and keys of one person; also what one transaction deletes with the account."""

MOST_NAME_CHARACTERS = 40

MOST_HANDLE_BYTES = 64
"""Section 5.4.3; ours are the 30 of an account's id."""

ALGORITHMS = (-8, -7, -257)
"""EdDSA, ES256, RS256 (RFC 9053, RFC 8812): what section 5.4 asks every party to offer."""

METHODS = "pop user mfa"
"""RFC 8176: a key was proven, and the device knew its person. That is both factors."""


class StaleCeremonyError(UnauthenticatedError):
    """A challenge or a page is used, too old or for something else."""

    code: ClassVar[str] = "stale_passkey"


class RefusedPasskeyError(UnauthenticatedError):
    """What an authenticator sent does not prove what it has to."""

    code: ClassVar[str] = "refused_passkey"


class TooManyPasskeysError(ConflictError):
    """The account has as many as it may."""

    code: ClassVar[str] = "too_many_passkeys"


class KnownPasskeyError(ConflictError):
    """The passkey is an account's already."""

    code: ClassVar[str] = "known_passkey"


class UnknownPasskeyError(NotFoundError):
    """The account has no such passkey."""

    code: ClassVar[str] = "unknown_passkey"


REFUSED = "That passkey does not open an account here. Use another one, or your password."
STALE = "That took too long, or was done before. Try again."
UNKNOWN = "That passkey was removed before."


@dataclass(frozen=True)
class Passkey:
    """A key pair of which an authenticator holds one half, and we the other."""

    passkey_id: str
    """A digest of the credential's id, which may be longer than a key of DynamoDB."""
    account_id: str
    name: str
    credential: str
    """Attested credential data (section 6.5.1) in base64url: its id and its public key in COSE."""
    credential_id: str
    """In base64url, as browsers speak of it."""
    sign_count: int
    is_backed_up: bool
    """Whether it is synchronised: then it outlives the device that made it."""
    created_at: datetime
    last_used_at: datetime | None = None

    def told(self) -> dict[str, object]:
        """What its owner is given of it in their data."""
        used = self.last_used_at
        return {
            "name": self.name,
            "created_at": self.created_at.isoformat(),
            "last_used_at": used and used.isoformat(),
        }


@dataclass(frozen=True)
class NewCredential:
    """What an authenticator made, verified."""

    credential: str
    credential_id: str
    sign_count: int
    is_backed_up: bool


@dataclass(frozen=True)
class Assertion:
    """What an authenticator says of itself beside a good signature."""

    sign_count: int
    is_backed_up: bool


@dataclass(frozen=True)
class Ceremony:
    """Something that was begun, by the digest of a secret or challenge and of what it is for."""

    digest: str
    account_id: str
    """Empty while nobody knows who signs in."""
    began: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Response:
    """What a browser answered (section 5.1.8), before anything in it is believed."""

    sent: Mapping[str, Any]
    challenge: str
    passkey_id: str
    account_id: str
    """Whose the authenticator says the passkey is; empty when it was made just now."""


def ceremony_digest(secret: str, purpose: str) -> str:
    """How a ceremony is found: for another purpose there is none."""
    return digest(f"{purpose}:{secret}")


def passkey_id(credential_id: str) -> str:
    """The passkey of a credential."""
    return digest(credential_id)


def read_response(text: str) -> Response:
    """The parts that say what it has to match; RefusedPasskeyError for anything else."""
    try:
        sent = json.loads(text)
        client_data = json.loads(decoded(sent["response"]["clientDataJSON"]))
        handle = decoded(sent["response"].get("userHandle") or "").decode("ascii")
        challenge = str(client_data["challenge"])
        if not challenge.isascii() or len(handle) > MOST_HANDLE_BYTES:
            raise ValueError("Neither is one of ours.")
        return Response(sent, challenge, passkey_id(str(sent["id"])), handle)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedPasskeyError(REFUSED) from error


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """What `encoded` was given, or a browser sent in that form; ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def checked_name(name: str) -> str:
    """What its owner calls a passkey; InvalidInputError."""
    plain = " ".join(name.split())
    if not 0 < len(plain) <= MOST_NAME_CHARACTERS or any(
        unicodedata.category(character).startswith("C") for character in plain
    ):
        raise InvalidInputError(
            f"A name has 1 to {MOST_NAME_CHARACTERS} letters, digits and signs.", field="name"
        )
    return plain


def creation_options(
    rp_id: str, account: Account, passkeys: Sequence[Passkey], challenge: str
) -> dict[str, object]:
    """PublicKeyCredentialCreationOptionsJSON (section 5.1.9)."""
    return {
        "rp": {"id": rp_id, "name": "Marquee"},
        "user": {
            # Opaque: it says nothing of the person, and stays when the address changes.
            "id": encoded(account.account_id.encode()),
            "name": account.email,
            "displayName": account.email,
        },
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in ALGORITHMS],
        "timeout": _TIMEOUT_MS,
        "excludeCredentials": [
            {"type": "public-key", "id": passkey.credential_id} for passkey in passkeys
        ],
        "authenticatorSelection": {
            "residentKey": "required",
            # What level 1 asks instead.
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def request_options(rp_id: str, challenge: str) -> dict[str, object]:
    """PublicKeyCredentialRequestOptionsJSON (section 5.1.10), for whichever passkey there is."""
    return {
        "challenge": challenge,
        "rpId": rp_id,
        "timeout": _TIMEOUT_MS,
        "userVerification": "required",
        "allowCredentials": [],
    }


_TIMEOUT_MS = int(CEREMONY_LIFE.total_seconds() * 1000)
