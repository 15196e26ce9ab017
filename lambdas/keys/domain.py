"""Content keys of a film: what is asked for, what is kept, and when two requests mean one key.

It knows neither XML nor where keys are stored; randomness and time come in as arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kernel.errors import ConflictError, InvalidInputError, UnavailableError

KEY_BYTES = 16
"""AES-128, the only size of Common Encryption (ISO/IEC 23001-7)."""

IV_BYTES = 16
"""The constant IV of cbcs (ISO/IEC 23001-7, 10.4.1)."""

MOST_KEYS = 200
"""Of one content: a ladder asks for six, so this is 30 packagings, and fits one event."""


class KeyIdTakenError(ConflictError):
    """A key id of this content already protects other tracks or another period."""

    code = "key_id_taken"


class TooManyKeysError(InvalidInputError):
    """A content would hold more keys than one event can tell of."""

    code = "too_many_keys"


class VaultBusyError(UnavailableError):
    """Others kept changing the same content's keys; the same request may succeed later."""

    code = "vault_busy"


@dataclass(frozen=True)
class WantedKey:
    """A key that an encryptor asks for. The encryptor chooses the key id."""

    kid: str
    """UUID in lower case."""
    track_type: str
    """SPEKE's `intendedTrackType`, such as SD, UHD1 or STEREO_AUDIO."""
    period: int = 0
    """Index of the key period; a film has one."""
    iv: bytes | None = None
    """The IV that the encryptor brings, None to get the one kept with the key."""


@dataclass(frozen=True)
class ContentKey:
    """A key in the clear, for as long as one answer takes."""

    kid: str
    value: bytes
    iv: bytes

    def __repr__(self) -> str:
        return f"ContentKey(kid={self.kid!r})"


@dataclass(frozen=True)
class StoredKey:
    """A key at rest: wrapped under its content's data key."""

    kid: str
    track_type: str
    period: int
    wrapped_key: bytes
    iv: bytes


@dataclass(frozen=True)
class StoredKeys:
    """All keys of one content, under one data key that the vault's master key encrypted."""

    content_id: str
    sequence: int
    """Milliseconds since 1970 of the last change, growing even within one millisecond."""
    wrapped_data_key: bytes
    keys: tuple[StoredKey, ...]

    def key(self, wanted: WantedKey) -> StoredKey | None:
        """The key kept under that id; KeyIdTakenError when it protects something else."""
        kept = next((key for key in self.keys if key.kid == wanted.kid), None)
        if kept is None:
            return None
        if (kept.track_type, kept.period) != (wanted.track_type, wanted.period):
            raise KeyIdTakenError(
                f"Key id {wanted.kid} already protects {kept.track_type} of period {kept.period}.",
                kid=wanted.kid,
            )
        return kept

    def with_keys(self, added: tuple[StoredKey, ...], now_ms: int) -> StoredKeys:
        """The same content with more keys, one step later; TooManyKeysError past the limit."""
        keys = (*self.keys, *added)
        if len(keys) > MOST_KEYS:
            raise TooManyKeysError(f"A content holds at most {MOST_KEYS} keys.", limit=MOST_KEYS)
        return replace(self, keys=keys, sequence=max(now_ms, self.sequence + 1))
