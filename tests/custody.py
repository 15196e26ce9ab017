"""What only those who run an environment hold, read from DATA_DIR: its signing keys and secrets.

With them a test makes what nobody else could: a token that is truly the issuer's, but expired.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.cloud import eventually

SAVED_SECONDS = 60
"""The state is saved every 30 s."""


def kept(data_dir: Path, kind: str, resource: str) -> dict[str, Any]:
    """What the state keeps of a resource, by its stack and the beginning of its logical id."""

    def found() -> dict[str, Any] | None:
        index = data_dir / "state" / "index.json"
        entries = json.loads(index.read_text()).get(kind, {}) if index.exists() else {}
        return next((entries[place] for place in entries if resource in place), None)

    value = eventually(found, SAVED_SECONDS, f"{resource} in the state")
    assert value is not None
    return value


def token_key(data_dir: Path) -> RSAPrivateKey:
    """The private half of what the JWKS shows."""
    pem = kept(data_dir, "keys", "identity/TokenKey")["private_key"].encode()
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


def ticket_secret(data_dir: Path) -> str:
    """The secret under which licence tokens are made."""
    secret = kept(data_dir, "secrets", "signing/TicketSecret")
    return str(secret["versions"][secret["default"]]["secret_string"])


def resource_server_secret(data_dir: Path) -> str:
    """What a resource server proves itself by."""
    secret = kept(data_dir, "secrets", "identity/ResourceServerSecret")
    return str(secret["versions"][secret["default"]]["secret_string"])


def claims_of(token: str) -> dict[str, Any]:
    """What a token says; no signature is checked."""
    return dict(json.loads(_decoded(token.split(".")[1])))


def signed_again(token: str, key: RSAPrivateKey, **changes: Any) -> str:
    """An access token with other claims, truly signed; None removes a claim."""
    header = token.split(".")[0]
    claims = {
        name: value for name, value in {**claims_of(token), **changes}.items() if value is not None
    }
    signed = f"{header}.{_encoded(json.dumps(claims).encode())}"
    return f"{signed}.{_encoded(key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def with_header(token: str, sign: Callable[[bytes], bytes], **changes: Any) -> str:
    """The same claims under another header, signed as the caller likes."""
    head, payload, _ = token.split(".")
    said = {**json.loads(_decoded(head)), **changes}
    kept = {name: value for name, value in said.items() if value is not None}
    signed = f"{_encoded(json.dumps(kept).encode())}.{payload}"
    return f"{signed}.{_encoded(sign(signed.encode()))}"


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
