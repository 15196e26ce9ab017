"""Identity's ports in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from identity.domain import (
    Account,
    AuthorizationCode,
    EmailTakenError,
    InvalidGrantError,
    RefreshToken,
)
from identity.jwt import public_jwk


@dataclass
class FakeAccounts:
    accounts: dict[str, Account] = field(default_factory=dict)

    def add(self, account: Account) -> None:
        if self.by_email(account.email):
            raise EmailTakenError("taken")
        self.accounts[account.account_id] = account

    def by_email(self, email: str) -> Account | None:
        return next((a for a in self.accounts.values() if a.email == email), None)

    def by_id(self, account_id: str) -> Account | None:
        return self.accounts.get(account_id)


@dataclass
class FakeGrants:
    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    tokens: dict[str, RefreshToken] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)

    def keep_code(self, code: AuthorizationCode) -> None:
        self.codes[code.code_digest] = code

    def spend_code(self, code_digest: str, now: datetime) -> AuthorizationCode:
        code = self.codes.pop(code_digest, None)
        if code is None or code.expires_at <= now:
            raise InvalidGrantError("spent")
        return code

    def keep_refresh(self, token: RefreshToken) -> None:
        self.tokens[token.token_digest] = token

    def rotate_refresh(
        self, token_digest: str, client_id: str, next_digest: str, now: datetime
    ) -> RefreshToken:
        token = self.tokens.get(token_digest)
        if token is None or token.client_id != client_id:
            raise InvalidGrantError("unknown")
        if token_digest in self.spent:
            self.revoked.add(token.family_id)
        if token.family_id in self.revoked or token.expires_at <= now:
            raise InvalidGrantError("revoked")
        self.spent.add(token_digest)
        successor = token.followed_by(next_digest, now)
        self.tokens[next_digest] = successor
        return successor


class PlainPasswords:
    """No hash at all: tests of rules do not wait for argon2."""

    def hash(self, password: str) -> str:
        return f"plain:{password}"

    def matches(self, password_hash: str | None, password: str) -> bool:
        return password_hash == f"plain:{password}"


class LocalSigner:
    """RS256 with a key in memory."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.jwk = public_jwk(
            self.private.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )

    @property
    def key_id(self) -> str:
        return self.jwk["kid"]

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())
