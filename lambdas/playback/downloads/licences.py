"""Vendors' licences that devices store: on the terms of the download, and given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kernel.clock import Clock
from playback.devices import DrmNotOfferedError
from playback.domain import (
    Challenge,
    Kept,
    KeysNotReadyError,
    LicenceRefusedError,
    LicenceTerms,
    LicensedKey,
    Title,
    Viewer,
)
from playback.downloads.domain import PLAY_LIFE, Download, DownloadNotFoundError
from playback.downloads.ports import Facts, Shelves
from playback.downloads.service import changed, may_keep
from playback.maturity import BLIND, Sight
from playback.ports import LicenceVendor, TakesBack
from playback.protection import demand_of
from playback.service import ContentKeys


@dataclass(frozen=True)
class StoredLicence:
    """A vendor's answer for one device, and what the log says of it."""

    download: Download
    message: bytes
    content_type: str
    content_id: str
    kids: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"StoredLicence({self.download.download_id!r}, kids={list(self.kids)})"


class StoredLicences:
    """Asks vendors for licences that outlive the network, and takes them back."""

    def __init__(
        self,
        facts: Facts,
        shelves: Shelves,
        content_keys: ContentKeys,
        vendors: Mapping[str, LicenceVendor],
        clock: Clock,
    ) -> None:
        """`vendors` by DRM system; a system without one is refused."""
        self._facts = facts
        self._shelves = shelves
        self._content_keys = content_keys
        self._vendors = vendors
        self._clock = clock

    def issue(
        self,
        drm: str,
        viewer: Viewer,
        download_id: str,
        country: str | None,
        message: bytes,
        sight: Sight = BLIND,
    ) -> StoredLicence:
        """A licence, or its renewal, for what the device keeps; everything that a grant asks is
        asked again.

        Nothing is counted, opened or sent before the message is known to be whole. A vendor's
        refusal or silence has used up one licence of the download.
        """
        vendor = self._vendors.get(drm)
        if vendor is None:
            raise DrmNotOfferedError("This service has no licence of this system.", drm=drm)
        challenge = vendor.read(message)
        now = self._clock()
        download = self._on_shelf(viewer, download_id)
        title = may_keep(
            self._facts.facts(download.title_id, viewer.account_id), viewer, country, sight, now
        )
        keys = self._keys(challenge, title, download)
        shelf = changed(
            self._shelves,
            viewer.account_id,
            viewer.device_id,
            lambda held: held.licensed(download_id, drm, now),
        )
        download = shelf.downloads[title.title_id]
        terms = self._terms(title, download, keys)
        return StoredLicence(
            download=download,
            message=vendor.licence(challenge, terms),
            content_type=vendor.content_type,
            content_id=title.asset_id,
            kids=tuple(key.kid for key in keys),
        )

    def release(self, drm: str, viewer: Viewer, download_id: str, message: bytes) -> StoredLicence:
        """Give a licence back: off the device's shelf once the vendor has taken it.

        Nobody is asked whether they may: who was blocked gives back, too.
        """
        vendor = self._vendors.get(drm)
        if not isinstance(vendor, TakesBack):
            raise DrmNotOfferedError("This system's licences are not given back.", drm=drm)
        challenge = vendor.read_release(message)
        download = self._on_shelf(viewer, download_id)
        if download.drm != drm:
            raise LicenceRefusedError("This title is kept by another protection system.")
        facts = self._facts.facts(download.title_id, viewer.account_id)
        content_id = "" if facts.title is None else facts.title.asset_id
        if challenge.content_id not in (None, content_id):
            raise LicenceRefusedError("What is given back is of another film.")
        answer = vendor.release(challenge, content_id)
        changed(
            self._shelves,
            viewer.account_id,
            viewer.device_id,
            lambda held: held.without(download_id),
        )
        return StoredLicence(download, answer, vendor.content_type, content_id)

    def _on_shelf(self, viewer: Viewer, download_id: str) -> Download:
        shelf = self._shelves.shelf(viewer.account_id, viewer.device_id)
        found = shelf.find(download_id)
        if found is None:
            raise DownloadNotFoundError("This device keeps no such title.")
        return found

    def _keys(
        self, challenge: Challenge, title: Title, download: Download
    ) -> tuple[LicensedKey, ...]:
        """Those that were granted and, of these, the one that is asked for."""
        if challenge.content_id not in (None, title.asset_id):
            raise LicenceRefusedError("The licence request is for another film.")
        if title.keys is None or title.keys.content_id != title.asset_id:
            raise KeysNotReadyError("This title is being prepared; try again in a moment.")
        asked = set(download.kids) if challenge.kid is None else {challenge.kid}
        keys = title.keys.among(asked & set(download.kids))
        if not keys.keys:
            raise LicenceRefusedError("None of these keys is allowed.")
        return tuple(
            LicensedKey(key.kid, key.track_type, demand, b"")
            for key in keys.keys
            if (demand := demand_of(key.track_type)) is not None
        )

    def _terms(
        self, title: Title, download: Download, keys: tuple[LicensedKey, ...]
    ) -> LicenceTerms:
        """As long as the download has left, by the service's own word of its first play."""
        assert title.keys is not None
        now = self._clock()
        values = self._content_keys.of(title.keys.among(key.kid for key in keys))
        rights_end = title.rights.ends_at
        left = download.ends_at - now
        return LicenceTerms(
            content_id=title.asset_id,
            session_id=download.download_id,
            keys=tuple(replace(key, value=values[key.kid]) for key in keys),
            life=left,
            kept=Kept(
                play_life=min(PLAY_LIFE, left),
                rights_life=None if rights_end is None else rights_end - now,
            ),
        )
