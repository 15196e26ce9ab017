"""What a device may keep and until when: count by the plan, 30 days, 48 hours once begun.

The limits of time are enforced where the film is: by the app with ClearKey, by the device with a
vendor's DRM. Here they decide what counts, what is listed, and what may be renewed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kernel.errors import NotFoundError, RefusedError
from playback.domain import MOST_LICENCES, REMEMBERED_GONE, LicenceRefusedError, Title

LICENCE_LIFE = timedelta(days=30)
"""How long a film that was not begun may be kept; renewing begins it anew."""

PLAY_LIFE = timedelta(hours=48)
"""How long a film that was begun may be watched."""

FETCH_LIFE = timedelta(hours=4)
"""How long the cookies open the film's files: two hours of film in HD over a slow line."""


class DownloadsNotInPlanError(RefusedError):
    """The account's plan keeps nothing on devices."""

    code = "downloads_not_in_plan"


class TooManyDownloadsError(RefusedError):
    """The device keeps as many films as the plan allows."""

    code = "too_many_downloads"


class DeviceRemovedError(RefusedError):
    """The device was taken off the account: its last tokens keep nothing."""

    code = "device_removed"


class DownloadNotFoundError(NotFoundError):
    """The account keeps no such film on that device: it was returned, or has ended."""

    code = "download_not_found"


@dataclass(frozen=True)
class Download:
    """One film on one device."""

    download_id: str
    title_id: str
    name: str
    granted_at: datetime
    expires_at: datetime
    first_played_at: datetime | None = None
    drm: str = "clearkey"
    """The system that its keys leave by."""
    kids: tuple[str, ...] = ()
    """Keys that the device may have by a vendor's licence; with ClearKey they were handed over."""
    licences: int = 0
    """How many vendor's licences were asked for since it was granted or renewed."""

    @property
    def edge_session(self) -> str:
        """What the edge knows the fetching of its files by, beside the plays."""
        return f"ses{self.download_id.removeprefix('dwl')}"

    @property
    def ends_at(self) -> datetime:
        """When it may not be watched any more."""
        if self.first_played_at is None:
            return self.expires_at
        return min(self.expires_at, self.first_played_at + PLAY_LIFE)

    def licensed(self) -> Download:
        """The film after one more licence; LicenceRefusedError when it has had all of them."""
        if self.licences >= MOST_LICENCES:
            raise LicenceRefusedError("This title has had all its licences; renew it.")
        return replace(self, licences=self.licences + 1)

    def played(self, at: datetime, now: datetime) -> Download:
        """The film after it was begun at some moment; the first is what counts.

        A moment that cannot be (before the grant, after now) is moved to where it can.
        """
        told = max(self.granted_at, min(at, now))
        first = told if self.first_played_at is None else min(told, self.first_played_at)
        return replace(self, first_played_at=first)


@dataclass(frozen=True)
class Shelf:
    """What one device keeps."""

    account_id: str
    device_id: str
    downloads: Mapping[str, Download] = field(default_factory=dict)
    """By title: a film is kept once."""
    version: int = 0
    """Grows with every change; 0 before the first."""
    is_removed: bool = False

    def live(self, now: datetime) -> tuple[Download, ...]:
        """What may still be watched, oldest first."""
        held = (one for one in self.downloads.values() if now < one.ends_at)
        return tuple(sorted(held, key=lambda one: (one.granted_at, one.download_id)))

    def find(self, download_id: str) -> Download | None:
        """A film by its download, ended or not."""
        held = self.downloads.values()
        return next((one for one in held if one.download_id == download_id), None)

    def granted(
        self,
        title: Title,
        download_id: str,
        limit: int,
        now: datetime,
        *,
        drm: str = "clearkey",
        kids: tuple[str, ...] = (),
    ) -> Shelf:
        """With a title on it for another 30 days, or as long as its rights last.

        A title that is there already keeps its id and takes no second place. The refusals are
        DeviceRemovedError, DownloadsNotInPlanError and TooManyDownloadsError.
        """
        if self.is_removed:
            raise DeviceRemovedError("This device is no longer part of your account.")
        if limit <= 0:
            raise DownloadsNotInPlanError("Your plan does not include downloads.")
        live = {one.title_id for one in self.live(now)}
        before = self.downloads.get(title.title_id)
        if title.title_id not in live and len(live) >= limit:
            raise TooManyDownloadsError(
                f"This device keeps {limit} titles, as many as your plan allows: remove one first.",
                limit=limit,
            )
        ends = [now + LICENCE_LIFE, *filter(None, [title.rights.ends_at])]
        kept = Download(
            download_id=download_id if before is None else before.download_id,
            title_id=title.title_id,
            name=title.name,
            granted_at=now,
            expires_at=min(ends),
            drm=drm,
            kids=kids,
        )
        # A film that has ended takes no place, and may still be renewed for a while.
        known = {
            title_id: one
            for title_id, one in self.downloads.items()
            if now < one.expires_at + REMEMBERED_GONE
        }
        return replace(self, downloads={**known, title.title_id: kept})

    def without(self, download_id: str) -> Shelf:
        """Without a film that was returned."""
        kept = {
            title_id: one
            for title_id, one in self.downloads.items()
            if one.download_id != download_id
        }
        return replace(self, downloads=kept)

    def licensed(self, download_id: str, drm: str, now: datetime) -> Shelf:
        """With one more licence for a film.

        DeviceRemovedError, DownloadNotFoundError for one that is not there or has ended,
        LicenceRefusedError for another system's and for one licence too many.
        """
        if self.is_removed:
            raise DeviceRemovedError("This device is no longer part of your account.")
        found = self.find(download_id)
        if found is None or now >= found.ends_at:
            raise DownloadNotFoundError("This device keeps no such title.")
        if found.drm != drm:
            raise LicenceRefusedError("This title is kept by another protection system.")
        return replace(self, downloads={**self.downloads, found.title_id: found.licensed()})

    def with_played(self, download_id: str, at: datetime, now: datetime) -> Shelf:
        """With a film begun; DownloadNotFoundError when it is not there."""
        found = self.find(download_id)
        if found is None:
            raise DownloadNotFoundError("This device keeps no such title.")
        return replace(self, downloads={**self.downloads, found.title_id: found.played(at, now)})
