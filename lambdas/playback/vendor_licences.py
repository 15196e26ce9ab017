"""Licences of vendors' DRM: who may have one, and on which terms the vendor is to give it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.clock import Clock
from playback.devices import DrmNotOfferedError
from playback.domain import (
    Challenge,
    LicenceGrant,
    LicenceRefusedError,
    LicenceTerms,
    LicensedKey,
    Session,
)
from playback.ports import LicenceVendor
from playback.protection import demand_of
from playback.service import ContentKeys, Licences


@dataclass(frozen=True)
class VendorLicence:
    """A vendor's answer for one player, and what the log says of it."""

    grant: LicenceGrant
    message: bytes
    content_type: str
    kids: tuple[str, ...]
    use: int
    """Which licence of the play this is."""

    def __repr__(self) -> str:
        return f"VendorLicence(session_id={self.grant.session_id!r}, kids={list(self.kids)})"


class VendorLicences:
    """Asks vendors for licences on behalf of players that prove a right to them."""

    def __init__(
        self,
        licences: Licences,
        content_keys: ContentKeys,
        vendors: Mapping[str, LicenceVendor],
        clock: Clock,
    ) -> None:
        """`vendors` by DRM system; a system without one is refused."""
        self._licences = licences
        self._content_keys = content_keys
        self._vendors = vendors
        self._clock = clock

    def issue(self, drm: str, session_id: str, token: str | None, message: bytes) -> VendorLicence:
        """The vendor's licence for the keys that the token and the play both allow.

        Nothing is counted, opened or sent before the message is known to be whole. A vendor's
        refusal has used up one licence of the play; its silence has not.
        """
        vendor = self._vendors.get(drm)
        if vendor is None:
            raise DrmNotOfferedError("This service has no licence of this system.", drm=drm)
        challenge = vendor.read(message)
        grant, session = self._licences.admit(
            session_id, token, drm, None if challenge.kid is None else (challenge.kid,)
        )
        with self._licences.giving_back(grant):
            terms = self._terms(challenge, grant, session)
            answer = vendor.licence(challenge, terms)
        return VendorLicence(
            grant=grant,
            message=answer,
            content_type=vendor.content_type,
            kids=tuple(key.kid for key in terms.keys),
            use=session.licences,
        )

    def _terms(self, challenge: Challenge, grant: LicenceGrant, session: Session) -> LicenceTerms:
        if challenge.content_id not in (None, session.asset_id):
            raise LicenceRefusedError("The licence request is for another film.")
        asked = grant.kids if challenge.kid is None else (challenge.kid,)
        keys = self._licences.keys(grant, session, asked)
        values = self._content_keys.of(keys)
        return LicenceTerms(
            content_id=session.asset_id,
            session_id=session.session_id,
            keys=tuple(
                LicensedKey(key.kid, key.track_type, demand, values[key.kid])
                for key in keys.keys
                if (demand := demand_of(key.track_type)) is not None
            ),
            life=session.expires_at - self._clock(),
        )
