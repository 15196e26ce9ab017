"""Who may watch what, when and on which device; which keys a device gets; how long a play lives.

It takes the time as an argument and knows no store, no HTTP and no signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
    UnavailableError,
)
from kernel.ids import derived_id, new_id
from kernel.maturity import UNRATED
from playback.devices import (
    Device,
    DeviceNotSupportedError,
    Drm,
    ManifestClass,
    Offer,
    class_for,
    may_have,
)
from playback.protection import Demand, Quality, demand_of

LICENCE_TOKEN_LIFE = timedelta(seconds=120)
"""A player asks for its licence within seconds of the start; a slow television within a minute."""

MOST_LICENCES = 10
"""A start makes two or three licence requests and a player retries: more is somebody sharing."""

SHORTEST_PLAY = timedelta(hours=4)
"""A short film is paused too; cookies that die with it would stop an honest viewer."""

LONGEST_PLAY = timedelta(hours=12)
"""No signature lives longer, whatever the film."""

REMEMBERED_GONE = timedelta(days=14)
"""How long it is known that an account was deleted: its tokens, and events told late, end well
before; the privacy notice allows no longer."""

EVERYWHERE = ("*",)


class TitleNotFoundError(NotFoundError):
    """No such title is published."""

    code = "title_not_found"


class NotInYourCountryError(RefusedError):
    """The rights do not cover the viewer's country, or the country is not known."""

    code = "not_in_your_country"


class OutsideRightsWindowError(RefusedError):
    """The rights have not begun or have ended."""

    code = "outside_rights_window"


class AccountBlockedError(RefusedError):
    """The account may not play anything."""

    code = "account_blocked"


class TitleWithdrawnError(NotFoundError):
    """The title was published once, and is not any more."""

    code = "title_withdrawn"


class NotInYourPlanError(RefusedError):
    """The title has no picture that is small enough for the account's plan."""

    code = "not_in_your_plan"


class DeviceLimitError(RefusedError):
    """The device has none of the places that the account's plan has for devices."""

    code = "device_limit"


class SignedOutError(UnauthenticatedError):
    """The token is still good, but the sign-in that it belongs to was ended."""

    code = "signed_out"


class KeysNotReadyError(UnavailableError):
    """The title's keys have not arrived yet."""

    code = "keys_not_ready"


class SessionNotFoundError(NotFoundError):
    """There is no such play, or it is somebody else's."""

    code = "session_not_found"


class RequestReusedError(ConflictError):
    """A start is told to be one that was made before, and asks for something else."""

    code = "request_id_reused"


class PlayOverError(ConflictError):
    """A start is made again whose play has ended since: it does not begin another one."""

    code = "play_over"


class LicenceTokenError(UnauthenticatedError):
    """There is no licence token, or it cannot be believed."""

    code = "licence_token_invalid"


class LicenceTokenExpiredError(LicenceTokenError):
    """The licence token was ours, once."""

    code = "licence_token_expired"


class LicenceRefusedError(RefusedError):
    """The token is ours, but not for this play or not for these keys."""

    code = "licence_refused"


class ChallengeError(InvalidInputError):
    """What the player sent is no licence request of the DRM system, or only a part of one."""

    code = "licence_challenge_invalid"


class VendorRefusedError(RefusedError):
    """The DRM's vendor will not license this device: revoked, outdated or not robust enough."""

    code = "licence_vendor_refused"


class VendorUnavailableError(UnavailableError):
    """The DRM's vendor does not answer in time, or says that it cannot."""

    code = "licence_vendor_unavailable"


class VendorGarbledError(UnavailableError):
    """The DRM's vendor answered something that is no licence."""

    code = "licence_vendor_garbled"


@dataclass(frozen=True)
class Viewer:
    """Who is watching, as the access token says."""

    account_id: str
    profile_id: str
    device_id: str
    family_id: str = field(default="", compare=False)
    """The sign-in that the token belongs to; another one of the same device is the same viewer."""
    has_place: bool = field(default=False, compare=False)
    """Whether the device has one of the account's places."""


@dataclass(frozen=True)
class Allowance:
    """What an account's plan allows, as billing tells it."""

    streams: int
    """Plays at the same time."""
    max_height: int
    """Pixels of the tallest picture."""
    downloads: int = 0
    """Titles that may be kept on a device."""


UNTOLD = Allowance(streams=1, max_height=1080)
"""Of an account that billing has not told of: no more than the smallest plan."""


@dataclass(frozen=True)
class Rights:
    """Where and when a title may be watched."""

    territories: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime | None

    def until(self, moment: datetime) -> datetime:
        """That moment, or the end of the rights where that comes before."""
        return moment if self.ends_at is None else min(moment, self.ends_at)

    def check(self, now: datetime, country: str | None) -> None:
        """Refuse outside the window or the territories; a country that is not known is outside.

        Only `*` alone means everywhere: beside a country it is a mistake, and opens nothing.
        """
        if self.territories != EVERYWHERE and (country is None or country not in self.territories):
            raise NotInYourCountryError("This title cannot be watched in your country.")
        if now < self.starts_at:
            raise OutsideRightsWindowError("This title is not available yet.")
        if self.ends_at is not None and now >= self.ends_at:
            raise OutsideRightsWindowError("This title is no longer available.")

    def binds_to(self, country: str | None) -> str | None:
        """The country that a play admitted there has to stay in; None for rights everywhere."""
        return None if self.territories == EVERYWHERE else country


@dataclass(frozen=True)
class WrappedKey:
    """A content key as the vault wrapped it."""

    kid: str
    """UUID in lower case."""
    track_type: str
    wrapped_key: str
    """Base64, under the asset's data key."""


@dataclass(frozen=True)
class AssetKeys:
    """The content keys of an asset."""

    content_id: str
    sequence: int
    wrapped_data_key: str
    """KMS ciphertext, base64."""
    keys: tuple[WrappedKey, ...]

    @property
    def has_picture(self) -> bool:
        """Whether any of the keys opens a picture."""
        demands = (demand_of(key.track_type) for key in self.keys)
        return any(demand is not None and not demand.audio_only for demand in demands)

    def among(self, kids: Iterable[str]) -> AssetKeys:
        """The same asset with only the keys of those ids."""
        asked = set(kids)
        return replace(self, keys=tuple(key for key in self.keys if key.kid in asked))

    def allowed_for(self, device: Device, best: Quality = Quality.UHD) -> AssetKeys:
        """The same asset with only the keys that the device may have under a plan."""
        keys = tuple(key for key in self.keys if may_have(device, key.track_type, best))
        return AssetKeys(self.content_id, self.sequence, self.wrapped_data_key, keys)


@dataclass(frozen=True)
class EpisodeOf:
    """A title's place in a series: what a player shows, and where it finds the next one."""

    series_id: str
    series: str
    season: int
    episode: int


@dataclass(frozen=True)
class Span:
    """A part of a title."""

    starts_at_seconds: float
    ends_at_seconds: float


@dataclass(frozen=True)
class Markers:
    """What a player offers to skip, as far as it is marked."""

    intro: Span | None = None
    credits_at_seconds: float | None = None

    def told(self) -> dict[str, Any]:
        """As it is kept, and as players are told."""
        intro = None if self.intro is None else vars(self.intro)
        return {"intro": intro, "credits_at_seconds": self.credits_at_seconds}


@dataclass(frozen=True)
class Title:
    """What a start needs to know of a title, kept from the catalogue's and vault's events."""

    title_id: str
    sequence: int
    asset_id: str
    name: str
    duration: timedelta
    path: str
    """Folder of the packaged files: `m/<asset_id>/<version>`."""
    manifests: Mapping[str, str]
    """Manifest family to manifest, relative to `path`."""
    rights: Rights
    keys: AssetKeys | None = None
    """None until the vault's event arrived."""
    classes: tuple[ManifestClass, ...] = ()
    """None in titles packaged before there were any."""
    storyboard: str | None = None
    """WebVTT of thumbnails, relative to `path`."""
    episode_of: EpisodeOf | None = None
    """None for a film."""
    maturity: int = UNRATED
    """From which age it may be watched, in years."""
    markers: Markers = Markers()


def manifest_of(title: Title, offer: Offer, device: Device) -> str:
    """The path, from the root, of the manifest for a device as its plan lets it be.

    DeviceNotSupportedError when there is none. Titles that were packaged before there were
    classes have one manifest for all devices of a family; their keys alone hold those back.
    """
    if any(one.family == offer.manifest_family for one in title.classes):
        chosen = class_for(device, offer, title.classes)
        manifest = None if chosen is None else chosen.manifest
    else:
        manifest = title.manifests.get(offer.manifest_family)
    if manifest is None:
        raise DeviceNotSupportedError(
            "This title cannot be played on this kind of device.", family=offer.manifest_family
        )
    return f"/{title.path}/{manifest}"


def play_life(duration: timedelta) -> timedelta:
    """How long a play's signatures live: twice the film, within the shortest and the longest."""
    return min(max(2 * duration, SHORTEST_PLAY), LONGEST_PLAY)


@dataclass(frozen=True)
class Session:
    """One play, and its lease: who, what, on which device, with which keys, until when."""

    session_id: str
    viewer: Viewer
    title_id: str
    asset_id: str
    kids: tuple[str, ...]
    """Ids of the keys that the device may have; the keys stay with their asset."""
    started_at: datetime
    expires_at: datetime
    """When its signatures end, whoever goes on watching."""
    held_until: datetime
    """When the device has been silent for too long: whoever needs its screen may have it then."""
    licences: int = 0
    """How many licence requests were answered."""
    drm: Drm = "clearkey"
    """The only system its keys go out by: those of a vendor's play never leave in the clear."""

    def is_held(self, now: datetime) -> bool:
        """Whether somebody is watching, as far as is known."""
        return now < min(self.held_until, self.expires_at)


def session_id_for(viewer: Viewer, request_id: str | None, now: datetime) -> str:
    """The id of a play that begins: drawn, or the one that belongs to its viewer's request.

    A request that is made again names the same play, and nobody else's can: whoever asks is part
    of it.
    """
    if request_id is None:
        return new_id("ses", now)
    asked = (viewer.account_id, viewer.profile_id, viewer.device_id, request_id)
    return derived_id("ses", "\0".join(asked))


@dataclass(frozen=True)
class LicenceGrant:
    """What a licence token claims: who may have which keys of which play."""

    session_id: str
    viewer: Viewer
    asset_id: str
    drm: str
    kids: tuple[str, ...]


@dataclass(frozen=True)
class Challenge:
    """A player's licence request, read as far as its DRM system lets others read it."""

    message: bytes
    """What the vendor is given."""
    content_id: str | None = None
    """Whose keys it asks for, where the request says so; a claim of the player's."""
    kid: str | None = None
    """The one key it asks for; None where a licence holds several."""
    iv: bytes | None = None


@dataclass(frozen=True)
class LicensedKey:
    """A content key on its way into a vendor's licence, with what it demands."""

    kid: str
    track_type: str
    demand: Demand
    value: bytes

    def __repr__(self) -> str:
        return f"LicensedKey(kid={self.kid!r}, track_type={self.track_type!r})"


@dataclass(frozen=True)
class Kept:
    """On which terms a device stores a licence."""

    play_life: timedelta
    """How long the film may be watched once it is begun."""
    rights_life: timedelta | None = None
    """How long anybody may watch it; None while its rights have no end."""


@dataclass(frozen=True)
class LicenceTerms:
    """What a vendor is told to license."""

    content_id: str
    session_id: str
    keys: tuple[LicensedKey, ...]
    life: timedelta
    """Until the play's own end, so that no licence outlives it; of a film that is kept, until it
    must have been begun."""
    kept: Kept | None = None
    """None for a play: its licence is never stored."""
