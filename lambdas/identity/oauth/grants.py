"""Authorization codes, refresh tokens and the families they descend in, by OAuth 2.1 and PKCE.

Pure: time and randomness come in as arguments; secrets are kept only as SHA-256 digests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from identity.oauth.clients import AuthorizationRequest
from identity.oauth.errors import InvalidGrantError, InvalidProofError
from kernel.ids import names_one

CODE_LIFE = timedelta(seconds=60)
"""RFC 6749 section 4.1.2 allows ten minutes; a redirect takes one second."""

REFRESH_LIFE = timedelta(days=30)
"""A device that was not used for this long signs in again."""

RETRY_GRACE = timedelta(seconds=10)
"""A client whose answer was lost asks again at once: its own timeout and one retry."""

SECRET_BYTES = 32
"""256 bits: a code or token cannot be guessed."""

LONGEST_REFRESH_TOKEN = 160
"""Characters; one of ours has 148: two identifiers, two secrets, three dots."""

_SECRET = re.compile(r"[A-Za-z0-9_\-]{43}")
"""`SECRET_BYTES` in base64url."""

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
"""RFC 7636 section 4.1."""


@dataclass(frozen=True)
class AuthorizationCode:
    """A sign-in that succeeded, waiting to be exchanged once."""

    code_digest: str
    request: AuthorizationRequest
    account_id: str
    scope: str
    expires_at: datetime
    spent_for: str = ""
    """The family that began with it, once it was exchanged."""
    methods: str = "pwd"
    """How its owner was known: authentication methods of RFC 8176."""
    signed_in_at: datetime | None = None
    """When its owner was known; None in codes from before that was written down for each."""

    @property
    def began(self) -> datetime:
        """When the sign-in began."""
        return self.signed_in_at or self.expires_at - CODE_LIFE

    def is_anothers(self, key: str) -> bool:
        """Whether it was asked for with a key, and not with that one."""
        return self.request.dpop_jkt not in ("", key)

    def check(self, *, client_id: str, redirect_uri: str, verifier: str, key: str) -> None:
        """InvalidGrantError unless whoever asked for the code presents it."""
        asked = self.request
        if (
            client_id != asked.client_id
            or redirect_uri != asked.redirect_uri
            or not verifier_matches(verifier, asked.code_challenge)
        ):
            raise InvalidGrantError("The code was not issued for this client and verifier.")
        if self.is_anothers(key):
            raise InvalidGrantError("The code was asked for with another DPoP key.")


@dataclass(frozen=True)
class RefreshToken:
    """What a client keeps of a sign-in, to renew it; each serves once and is followed by the next.

    It names its sign-in and carries two secrets. The family's is in every token of the sign-in:
    who shows it has held one of them. Its own is the right to the next access token.
    """

    account_id: str
    family_id: str
    """All tokens that descend from one sign-in; also the device's session."""
    family_secret: str
    secret: str

    def __str__(self) -> str:
        return ".".join((self.account_id, self.family_id, self.family_secret, self.secret))

    @classmethod
    def read(cls, text: str) -> RefreshToken | None:
        """The token with that text; None for a text that can be none of ours."""
        if len(text) > LONGEST_REFRESH_TOKEN:
            return None
        account_id, _, rest = text.partition(".")
        family_id, _, rest = rest.partition(".")
        family_secret, _, secret = rest.partition(".")
        if not (names_one(account_id, "acc") and names_one(family_id, "fam")):
            return None
        if not (_SECRET.fullmatch(family_secret) and _SECRET.fullmatch(secret)):
            return None
        return cls(account_id, family_id, family_secret, secret)

    def followed_by(self, secret: str) -> RefreshToken:
        """The next token of the same sign-in."""
        return replace(self, secret=secret)


@dataclass(frozen=True)
class Rotation:
    """The last exchange of a family's refresh token, so that its answer can be given again."""

    spent_digest: str
    sealed_successor: str
    """Opens with the token that was spent, and with nothing that is stored."""
    key_thumbprint: str
    at: datetime


@dataclass(frozen=True)
class Family:
    """One sign-in on one device, for as long as its refresh tokens follow each other."""

    family_id: str
    account_id: str
    client_id: str
    device_id: str
    scope: str
    started_at: datetime
    expires_at: datetime
    """When the refresh token that is good now ends, if nobody uses it."""
    family_digest: str
    """Of the secret that all of its refresh tokens carry."""
    token_digest: str
    """Of the secret of the one refresh token that is good now."""
    key_thumbprint: str = ""
    """RFC 7638 thumbprint of the only key that may renew it; empty when it is not bound."""
    is_revoked: bool = False
    rotation: Rotation | None = None
    profile_id: str = ""
    """Whom it was last chosen to watch as; empty in sign-ins from before there was a choice."""
    methods: str = "pwd"
    """How its owner was known: authentication methods of RFC 8176."""
    device_registered: bool = False
    """Whether the device had one of the account's places when it was renewed last."""
    signed_in_at: datetime | None = None
    """When its owner was known, where the family began noticeably later."""
    arrival_ms: int = 0
    """When its next renewal is due by its limit (`accounts.limits`)."""

    def has(self, token: RefreshToken) -> bool:
        """Whether a token is, or was, one of its own, and not made up by somebody who knows only
        what the sign-in is called."""
        return hmac.compare_digest(self.family_digest, digest(token.family_secret))

    def is_renewed_by(self, token: RefreshToken) -> bool:
        """Whether it is the one of its tokens that is good now."""
        return hmac.compare_digest(self.token_digest, digest(token.secret))

    def is_anothers(self, key: str) -> bool:
        """Whether it belongs to a DPoP key, and not to that one."""
        return self.key_thumbprint not in ("", key)

    def check(self, key: str, now: datetime) -> None:
        """Whether it can be renewed with the DPoP key that was proved."""
        if self.is_revoked:
            raise InvalidGrantError("The sign-in was ended; sign in again.")
        if self.key_thumbprint and not key:
            raise InvalidProofError("The refresh token is bound to a key: send a DPoP proof.")
        if self.is_anothers(key):
            raise InvalidGrantError("The refresh token is bound to another key.")
        if self.expires_at <= now:
            raise InvalidGrantError("The refresh token has expired; sign in again.")

    def renewed(
        self, token: RefreshToken, secret: str, key: str, now: datetime, *, arrival_ms: int
    ) -> Family:
        """The same sign-in, which a new secret renews from now on; bound, when a key was proved."""
        bound_to = self.key_thumbprint or key
        return replace(
            self,
            token_digest=digest(secret),
            expires_at=now + REFRESH_LIFE,
            key_thumbprint=bound_to,
            rotation=Rotation(self.token_digest, sealed(token.secret, secret), bound_to, now),
            arrival_ms=arrival_ms,
        )

    def answer_again(self, token: RefreshToken, key: str, now: datetime) -> str | None:
        """The secret that a spent token was already answered with; None when that is over.

        Only of the last rotation, whose successor nobody has used; only within the grace; only
        to the key that the successor is bound to. Thief and owner then hold one and the same
        token, not two: whoever comes second later is noticed as before.
        """
        last = self.rotation
        if self.is_revoked or last is None or last.spent_digest != digest(token.secret):
            return None
        if now - last.at > RETRY_GRACE or key != last.key_thumbprint:
            return None
        return sealed(token.secret, last.sealed_successor)


def digest(secret: str) -> str:
    """How a code or token is stored: whoever reads the table cannot use it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sealed(presented: str, successor: str) -> str:
    """A successor as only the holder of the token before it can read it, and back again.

    A one-time pad: every token is spent for one successor, and both are 256 random bits.
    """
    pad = hmac.digest(presented.encode(), b"successor of a refresh token", "sha256")
    secret = base64.urlsafe_b64decode(successor + "=")
    text = bytes(a ^ b for a, b in zip(secret, pad, strict=True))
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def verifier_challenge(verifier: str) -> str:
    """RFC 7636 section 4.2, S256."""
    hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    return hashed.rstrip(b"=").decode()


def verifier_matches(verifier: str, challenge: str) -> bool:
    """RFC 7636 section 4.6, S256."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(verifier_challenge(verifier), challenge)
