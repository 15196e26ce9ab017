"""Turning the ring of token keys: makes the next key in time, and drops what is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from identity.oauth.jwt import public_jwk
from identity.oauth.key_ring import WrappedKey
from identity.oauth.ports import KeyRings
from kernel.clock import Clock


@dataclass(frozen=True)
class Turning:
    """What the schedule asks each hour; asked twice at once, the ring turns once."""

    rings: KeyRings
    make: Callable[[], tuple[bytes, bytes]]
    """A private key and its public half, in DER."""
    close: Callable[[str, bytes], str]
    """Wraps a private half for the name of its key."""
    clock: Clock

    def turn(self) -> int:
        """Turn the ring where it is due; how many keys are published then."""
        now = self.clock()
        ring = self.rings.read()
        another = self._another() if ring.wants_another(now) else None
        turned = ring.turned(now, another)
        if turned.keys != ring.keys:
            self.rings.replace(turned)
        return len(turned.keys)

    def _another(self) -> WrappedKey:
        private_key, public_key = self.make()
        jwk = public_jwk(public_key)
        sealed = self.close(jwk["kid"], private_key)
        return WrappedKey(jwk, sealed, self.clock().replace(microsecond=0))
