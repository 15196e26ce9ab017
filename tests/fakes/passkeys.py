"""What passkeys need, in memory, and an authenticator in software."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor
from fido2.cose import CoseKey

from identity.domain import Account
from identity.passkeys.domain import (
    MOST_PASSKEYS,
    Assertion,
    Ceremony,
    KnownPasskeyError,
    Passkey,
    StaleCeremonyError,
    TooManyPasskeysError,
    UnknownPasskeyError,
    encoded,
)
from kernel.events import Event
from tests.fakes.identity import FakeAccounts

USER_PRESENT, USER_VERIFIED, BACKED_UP, ATTESTED = 0x01, 0x04, 0x18, 0x40
"""Flags of authenticator data (section 6.1)."""

VERIFIED = USER_PRESENT | USER_VERIFIED


@dataclass
class FakeCeremonies:
    begun: dict[str, Ceremony] = field(default_factory=dict)

    def begin(self, ceremony: Ceremony) -> None:
        self.begun[ceremony.digest] = ceremony

    def find(self, digest: str) -> Ceremony | None:
        return self.begun.get(digest)

    def take(self, digest: str) -> Ceremony | None:
        return self.begun.pop(digest, None)


@dataclass
class FakePasskeys:
    told: list[Event] = field(default_factory=list)
    passkeys: dict[str, Passkey] = field(default_factory=dict)
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    """Each counts its own."""

    def of(self, account_id: str) -> Sequence[Passkey]:
        return [one for one in self.passkeys.values() if one.account_id == account_id]

    def find(self, account_id: str, passkey_id: str) -> Passkey | None:
        found = self.passkeys.get(passkey_id)
        return found if found is not None and found.account_id == account_id else None

    def add(self, account: Account, passkey: Passkey, told: Event, now: datetime) -> None:
        if passkey.passkey_id in self.passkeys:
            raise KnownPasskeyError("known")
        if len(self.of(account.account_id)) >= MOST_PASSKEYS:
            raise TooManyPasskeysError("many")
        known = self.accounts.by_id(account.account_id)
        if known is not None and known.sessions_from != account.sessions_from:
            raise StaleCeremonyError("ended")
        self.passkeys[passkey.passkey_id] = passkey
        self.told.append(told)
        self._count(account.account_id)

    def rename(self, account_id: str, passkey_id: str, name: str) -> None:
        self.passkeys[passkey_id] = replace(self._own(account_id, passkey_id), name=name)

    def remove(self, account_id: str, passkey_id: str, told: Event, now: datetime) -> None:
        del self.passkeys[self._own(account_id, passkey_id).passkey_id]
        self.told.append(told)
        self._count(account_id)

    def use(self, passkey: Passkey, assertion: Assertion, now: datetime) -> bool:
        current = self.find(passkey.account_id, passkey.passkey_id)
        count = assertion.sign_count
        if current is None or not (current.sign_count < count or current.sign_count == count == 0):
            return False
        self.passkeys[passkey.passkey_id] = replace(
            current,
            sign_count=count,
            is_backed_up=assertion.is_backed_up,
            last_used_at=now.replace(microsecond=0),
        )
        return True

    def forget(self, account_id: str) -> None:
        """What goes when somebody who reads the account's mail chooses a password."""
        for passkey in self.of(account_id):
            del self.passkeys[passkey.passkey_id]
        self._count(account_id)

    def _count(self, account_id: str) -> None:
        account = self.accounts.by_id(account_id)
        if account is not None:
            counted = replace(account, passkeys=len(self.of(account_id)))
            self.accounts.accounts[account_id] = counted

    def _own(self, account_id: str, passkey_id: str) -> Passkey:
        found = self.find(account_id, passkey_id)
        if found is None:
            raise UnknownPasskeyError("unknown")
        return found


def new_key(algorithm: str) -> Any:
    """A private key for one of COSE's algorithms."""
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm == "RS256":
        return rsa.generate_private_key(65537, 2048)
    curves: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1()}
    return ec.generate_private_key(curves[algorithm])


@dataclass
class Authenticator:
    """A browser with an authenticator in it; a test has it lie by arguments."""

    origin: str
    rp_id: str
    algorithm: str = "ES256"
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: str = ""
    count: int = 0

    def __post_init__(self) -> None:
        self.key = new_key(self.algorithm)

    def make(self, options: dict[str, Any], *, flags: int = VERIFIED, **lies: Any) -> str:
        """The answer to `navigator.credentials.create`."""
        self.handle = options["user"]["id"]
        key = lies.pop("cose", None) or CoseKey.for_name(self.algorithm).from_cryptography_key(
            self.key.public_key()
        )
        attested = (
            bytes(16)
            + struct.pack(">H", len(self.credential_id))
            + self.credential_id
            + cbor.encode(key)
        )
        data = self._data(flags | ATTESTED) + attested
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        client_data = self._client_data("webauthn.create", options["challenge"], **lies)
        return self._answer(clientDataJSON=client_data, attestationObject=cbor.encode(statement))

    def sign(self, options: dict[str, Any], *, flags: int = VERIFIED, **lies: Any) -> str:
        """The answer to `navigator.credentials.get`."""
        client_data = self._client_data("webauthn.get", options["challenge"], **lies)
        data = self._data(flags)
        signature = self._signature(data + hashlib.sha256(client_data).digest())
        answer = self._answer(
            clientDataJSON=client_data, authenticatorData=data, signature=signature
        )
        sent = json.loads(answer)
        sent["response"]["userHandle"] = self.handle
        return json.dumps(sent)

    def _data(self, flags: int) -> bytes:
        rp_id_hash = hashlib.sha256(self.rp_id.encode()).digest()
        return rp_id_hash + struct.pack(">BI", flags, self.count)

    def _client_data(self, kind: str, challenge: str, **lies: Any) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **lies}).encode()

    def _signature(self, message: bytes) -> bytes:
        if self.algorithm == "EdDSA":
            signed: bytes = self.key.sign(message)
        elif self.algorithm == "RS256":
            signed = self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        else:
            signed = self.key.sign(message, ec.ECDSA(hashes.SHA256()))
        return signed

    def _answer(self, **parts: bytes) -> str:
        name = encoded(self.credential_id)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {part: encoded(value) for part, value in parts.items()},
            }
        )
