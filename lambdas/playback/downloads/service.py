"""The use cases of downloads: keep, renew, list, tell of the first play, return."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kernel.clock import Clock
from kernel.errors import UnavailableError
from kernel.ids import new_id
from kernel.tokens import MacKeys
from playback import maturity
from playback.devices import CLEARKEY, Device, Drm, DrmNotOfferedError, Offer, offer_for
from playback.domain import DeviceLimitError, Title, Viewer, manifest_of
from playback.downloads.domain import FETCH_LIFE, Download, DownloadNotFoundError, Shelf
from playback.downloads.ports import Facts, Shelves
from playback.edge_access import EdgeGrant, Opened
from playback.grants import download_ticket
from playback.maturity import BLIND, Sight
from playback.ports import Cookies, StartFacts
from playback.service import ContentKeys, keys_for, published

LATE_BEACONS = timedelta(days=30)
"""How long after its end a device that comes back may tell where watching stopped."""

ATTEMPTS = 5
"""Two tabs of one device change its shelf at once; five times is something else."""


@dataclass(frozen=True)
class Granted:
    """A film that a device may keep."""

    download: Download
    title: Title
    offer: Offer
    manifest_url: str
    keys: Mapping[str, bytes]
    """By key id, in the clear: the app wraps them. None where a vendor licenses them."""
    cookies: tuple[str, ...]
    ticket: str
    """Says whose plays of it they are, for as long as it is kept: beacons carry it."""

    def __repr__(self) -> str:
        return f"Granted(download_id={self.download.download_id!r}, kids={list(self.keys)})"


class Downloads:
    """Lets devices keep films."""

    def __init__(
        self,
        facts: Facts,
        shelves: Shelves,
        cookies: Cookies,
        clock: Clock,
        content_keys: ContentKeys | None,
        mac_keys: MacKeys,
        vendors: Sequence[Drm] = (),
    ) -> None:
        """`content_keys` opens keys for ClearKey; None where that is not offered. `vendors` are
        the systems whose licence servers are there."""
        self._facts = facts
        self._shelves = shelves
        self._cookies = cookies
        self._clock = clock
        self._content_keys = content_keys
        self._mac_keys = mac_keys
        own: tuple[Drm, ...] = ("clearkey",) if content_keys else ()
        self._offered: Sequence[Drm] = (*own, *vendors)

    def grant(
        self,
        viewer: Viewer,
        title_id: str,
        device: Device,
        country: str | None,
        sight: Sight = BLIND,
    ) -> Granted:
        """Put a title on the device's shelf; again is to renew it. The domain's refusals.

        `country` is where the viewer is (ISO 3166-1 alpha-2), None when that is not known.
        `sight` is what the viewer's profile may see; no PIN opens more of it here, as nobody
        asks for one when the title is watched.
        """
        now = self._clock()
        facts = self._facts.facts(title_id, viewer.account_id)
        allowance = facts.account.allowance
        title = may_keep(facts, viewer, country, sight, now)
        if device.drm not in self._offered:
            raise DrmNotOfferedError(
                "Titles cannot be kept with your device's protection system yet.", drm=device.drm
            )
        offer = offer_for(device, offered=self._offered)
        keys = keys_for(title, device, allowance)
        kids = () if offer.key_system == CLEARKEY else tuple(key.kid for key in keys.keys)
        manifest_url = manifest_of(title, offer, device.within(allowance.max_height))
        download_id = new_id("dwl", now)
        shelf = changed(
            self._shelves,
            viewer.account_id,
            viewer.device_id,
            lambda held: held.granted(
                title, download_id, allowance.downloads, now, drm=device.drm, kids=kids
            ),
        )
        download = shelf.downloads[title.title_id]
        edge = EdgeGrant(
            download.edge_session,
            title.path,
            title.rights.binds_to(country),
            now + FETCH_LIFE,
        )
        opened = Opened("cookie", edge.folder, edge.session_folder)
        return Granted(
            download=download,
            title=title,
            offer=offer,
            manifest_url=opened.address(manifest_url),
            keys=self._content_keys.of(keys)
            if self._content_keys is not None and offer.key_system == CLEARKEY
            else {},
            cookies=self._cookies.cookies(edge),
            ticket=download_ticket(
                download.download_id,
                viewer,
                title,
                download.expires_at + LATE_BEACONS,
                self._mac_keys.current(),
            ),
        )

    def renew(
        self,
        viewer: Viewer,
        download_id: str,
        device: Device,
        country: str | None,
        sight: Sight = BLIND,
    ) -> Granted:
        """Another 30 days for a film that is on this device's shelf, begun or ended.

        DownloadNotFoundError once it was returned or the device removed; else as `grant`.
        """
        shelf = self._shelves.shelf(viewer.account_id, viewer.device_id)
        found = shelf.find(download_id)
        if found is None:
            raise DownloadNotFoundError("This device keeps no such title.")
        return self.grant(viewer, found.title_id, device, country, sight)

    def held(self, account_id: str) -> list[tuple[str, Download]]:
        """What the account's devices may still watch: device and film."""
        now = self._clock()
        return [
            (shelf.device_id, download)
            for shelf in self._shelves.shelves(account_id)
            for download in shelf.live(now)
        ]

    def played(self, viewer: Viewer, download_id: str, at: datetime) -> Download:
        """A film of this device was begun, maybe a while ago; the first time counts."""
        now = self._clock()
        shelf = changed(
            self._shelves,
            viewer.account_id,
            viewer.device_id,
            lambda held: held.with_played(download_id, at, now),
        )
        found = shelf.find(download_id)
        if found is None:
            raise DownloadNotFoundError("This device keeps no such title.")
        return found

    def give_back(self, account_id: str, download_id: str) -> None:
        """Free the place of a film, on whichever device of the account; again is the same."""
        for shelf in self._shelves.shelves(account_id):
            if shelf.find(download_id) is not None:
                changed(
                    self._shelves,
                    account_id,
                    shelf.device_id,
                    lambda held: held.without(download_id),
                )


def may_keep(
    facts: StartFacts, viewer: Viewer, country: str | None, sight: Sight, now: datetime
) -> Title:
    """The title, where the viewer may have it on a device now; else the domain's refusals."""
    facts.account.check(viewer)
    if not viewer.has_place:
        raise DeviceLimitError("Your plan has no place for another device.")
    title = published(facts)
    title.rights.check(now, country)
    maturity.check(title, viewer, sight, None, now)
    return title


def changed(
    shelves: Shelves, account_id: str, device_id: str, change: Callable[[Shelf], Shelf]
) -> Shelf:
    """Read, decide, and write unless somebody else wrote: then all again."""
    for _ in range(ATTEMPTS):
        shelf = change(shelves.shelf(account_id, device_id))
        if shelves.save(shelf):
            return replace(shelf, version=shelf.version + 1)
    raise UnavailableError("Your downloads are being changed elsewhere; try again.")
