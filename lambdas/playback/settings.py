"""The playback functions' environments, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from playback.devices import Drm
from playback.steering.domain import Cdn, cdns_of

VENDORS: tuple[Drm, ...] = ("widevine", "playready", "fairplay")


def _address(drm: str) -> str:
    return f"{drm.upper()}_URL"


@dataclass(frozen=True)
class SessionSettings:
    """What starting a play needs."""

    table_name: str
    public_origin: str
    signing_secret: str
    ticket_secret: str
    origin_secret: str
    pin_secret: str
    vault_key_id: str | None
    """What opens keys for ClearKey; None where that is not offered."""
    vendors: tuple[Drm, ...]
    """The other DRM systems that are licensed here."""
    other_cdns: tuple[str, ...]
    """Origins of CDNs that have the same files and take our tokens."""
    beacons_url: str
    """Where players tell what happens in a play."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """KeyError names the variable that is missing."""
        return cls(
            table_name=environment["PLAYBACK_TABLE"],
            public_origin=environment["PUBLIC_ORIGIN"],
            signing_secret=environment["SIGNING_SECRET"],
            ticket_secret=environment["TICKET_SECRET"],
            origin_secret=environment["ORIGIN_SECRET"],
            pin_secret=environment["PIN_SECRET"],
            vault_key_id=environment["VAULT_KEY_ID"] if environment["CLEARKEY"] == "true" else None,
            vendors=tuple(drm for drm in VENDORS if _address(drm) in environment),
            other_cdns=tuple(environment.get("OTHER_CDNS", "").split()),
            beacons_url=environment["BEACONS_URL"],
        )


@dataclass(frozen=True)
class SteeringSettings:
    """What telling players of CDNs needs, and judging them."""

    table_name: str
    cdns: tuple[Cdn, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """KeyError names the variable that is missing."""
        origins = (environment["PUBLIC_ORIGIN"], *environment["OTHER_CDNS"].split())
        return cls(environment["PLAYBACK_TABLE"], cdns_of(origins))


@dataclass(frozen=True)
class DownloadSettings:
    """What keeping a film on a device needs."""

    table_name: str
    public_origin: str
    signing_secret: str
    ticket_secret: str
    origin_secret: str
    vault_key_id: str | None
    """What opens keys for ClearKey; None where that is not offered."""
    vendors: tuple[Drm, ...]
    """Systems with a licence server."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """KeyError names the variable that is missing."""
        return cls(
            table_name=environment["PLAYBACK_TABLE"],
            public_origin=environment["PUBLIC_ORIGIN"],
            signing_secret=environment["SIGNING_SECRET"],
            ticket_secret=environment["TICKET_SECRET"],
            origin_secret=environment["ORIGIN_SECRET"],
            vault_key_id=environment["VAULT_KEY_ID"] if environment["CLEARKEY"] == "true" else None,
            vendors=tuple(drm for drm in VENDORS if _address(drm) in environment),
        )


@dataclass(frozen=True)
class LicenceSettings:
    """What a licence needs."""

    table_name: str
    ticket_secret: str
    vault_key_id: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """KeyError names the variable that is missing."""
        return cls(
            table_name=environment["PLAYBACK_TABLE"],
            ticket_secret=environment["TICKET_SECRET"],
            vault_key_id=environment["VAULT_KEY_ID"],
        )


@dataclass(frozen=True)
class StoredLicenceSettings:
    """What a licence that a device stores needs."""

    table_name: str
    origin_secret: str
    vault_key_id: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """KeyError names the variable that is missing."""
        return cls(
            table_name=environment["PLAYBACK_TABLE"],
            origin_secret=environment["ORIGIN_SECRET"],
            vault_key_id=environment["VAULT_KEY_ID"],
        )


@dataclass(frozen=True)
class VendorSettings:
    """Where vendors' licence servers answer, and the secrets that they know us by."""

    urls: Mapping[Drm, str]
    secrets: Mapping[Drm, str]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """KeyError names the secret's variable that a vendor lacks."""
        urls = {drm: environment[_address(drm)] for drm in VENDORS if _address(drm) in environment}
        return cls(urls, {drm: environment[f"{drm.upper()}_SECRET"] for drm in urls})
