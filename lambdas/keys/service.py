"""Issuing content keys: the same content, key id and period always get the same key."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kernel import envelope
from kernel.clock import Clock, epoch_milliseconds
from keys.domain import (
    IV_BYTES,
    KEY_BYTES,
    ContentKey,
    StoredKey,
    StoredKeys,
    VaultBusyError,
    WantedKey,
)
from keys.ports import DataKeys, Vault, VaultChangedError

ATTEMPTS = 5
"""Each lost race means that another request won, so five losses are five other encryptors."""


class KeyServer:
    """Hands out a content's keys, making those that do not exist yet."""

    def __init__(
        self,
        vault: Vault,
        data_keys: DataKeys,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._vault = vault
        self._data_keys = data_keys
        self._clock = clock
        self._random_bytes = random_bytes

    def issue(self, content_id: str, wanted: Sequence[WantedKey]) -> dict[str, ContentKey]:
        """The wanted keys by key id.

        The vault is written before a key leaves, so two requests at once get the same keys.
        KeyIdTakenError, TooManyKeysError, VaultBusyError.
        """
        for _ in range(ATTEMPTS):
            stored = self._vault.find(content_id)
            data_key, complete = self._completed(content_id, stored, wanted)
            if stored is None or complete is not stored:
                try:
                    self._vault.save(complete, replaces=stored.sequence if stored else None)
                except VaultChangedError:
                    continue
            return {want.kid: _opened(data_key, complete, want) for want in wanted}
        raise VaultBusyError("The keys of this content are being changed by others; try again.")

    def _completed(
        self, content_id: str, stored: StoredKeys | None, wanted: Sequence[WantedKey]
    ) -> tuple[bytes, StoredKeys]:
        """The content's keys with every wanted one among them, and the data key to open them."""
        if stored is None:
            fresh = self._data_keys.new(content_id)
            data_key = fresh.plain
            stored = StoredKeys(content_id, 0, fresh.wrapped, ())
        else:
            data_key = self._data_keys.open(content_id, stored.wrapped_data_key)
        added = tuple(self._new_key(data_key, want) for want in wanted if stored.key(want) is None)
        if not added:
            return data_key, stored
        return data_key, stored.with_keys(added, epoch_milliseconds(self._clock()))

    def _new_key(self, data_key: bytes, want: WantedKey) -> StoredKey:
        return StoredKey(
            kid=want.kid,
            track_type=want.track_type,
            period=want.period,
            wrapped_key=envelope.wrap(data_key, self._random_bytes(KEY_BYTES)),
            iv=want.iv or self._random_bytes(IV_BYTES),
        )


def _opened(data_key: bytes, keys: StoredKeys, want: WantedKey) -> ContentKey:
    stored = keys.key(want)
    if stored is None:
        raise LookupError(want.kid)
    value = envelope.unwrap(data_key, stored.wrapped_key)
    return ContentKey(kid=stored.kid, value=value, iv=want.iv or stored.iv)
