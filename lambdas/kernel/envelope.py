"""Content keys under an asset's data key: how the vault stores them and a licence unwraps them.

RFC 3394 AES key wrap: deterministic, authenticated, made for exactly this. The data key itself
comes from KMS with `encryption_context`, so a ciphertext moved to another asset does not open.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from kernel.errors import UnavailableError


class DamagedKeyError(UnavailableError):
    """A wrapped key does not open under its data key."""

    code = "damaged_key"


def encryption_context(content_id: str) -> dict[str, str]:
    """What KMS binds an asset's data key to."""
    return {"contentId": content_id}


def wrap(data_key: bytes, content_key: bytes) -> bytes:
    """A 16-byte content key wrapped under a 32-byte data key: 24 bytes."""
    return aes_key_wrap(data_key, content_key)


def unwrap(data_key: bytes, wrapped_key: bytes) -> bytes:
    """The content key; DamagedKeyError when it was altered or belongs to another asset."""
    try:
        return aes_key_unwrap(data_key, wrapped_key)
    except InvalidUnwrap as error:
        raise DamagedKeyError("The content keys of this title cannot be read.") from error
