"""What a play may fetch from the edge: which folder, from which country, until when.

Two carriers take it there: signed cookies for the pages of our own origin, a Common Access Token
in the path for players that keep no cookies and for other CDNs. It knows neither's format.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Carrier = Literal["cookie", "token"]

CARRIERS: tuple[Carrier, ...] = get_args(Carrier)


def carrier_of(family: str) -> Carrier:
    """What a player of this family can carry, unless it asks for the other.

    A system's own player takes one address and sends no cookies of ours.
    """
    return "token" if family == "native" else "cookie"


WORLDWIDE = "world"
"""In a path where the rights name no country; no country's code has five letters."""


@dataclass(frozen=True)
class EdgeGrant:
    """What the edge lets one play have."""

    session_id: str
    """What the deny list names."""
    folder: str
    """The packaged files of one asset, `m/<asset>/<version>`."""
    country: str | None
    """Where the play began (ISO 3166-1 alpha-2), None where the rights are for everywhere."""
    expires_at: datetime

    @property
    def session_folder(self) -> str:
        """The folder as cookies open it: the play and its country stand in the path, so that the
        signature covers both. The edge takes them out before it looks into its cache."""
        _, _, rest = self.folder.partition("/")
        return f"m/{self.session_id}/{self.country or WORLDWIDE}/{rest}"


@dataclass(frozen=True)
class Opened:
    """A play's folder as its player can fetch it."""

    carrier: Carrier
    folder: str
    """The packaged files, `m/<asset>/<version>`."""
    open_folder: str
    """The same with what opens it, or with what the cookies' policy names."""
    elsewhere: tuple[str, ...] = ()
    """Addresses of the same folder on other CDNs."""
    cookies: tuple[str, ...] = ()
    """Values of Set-Cookie headers."""

    def __repr__(self) -> str:
        return f"Opened(carrier={self.carrier!r}, folder={self.folder!r})"

    def address(self, path: str) -> str:
        """Where a file of the folder is, from the root: `path` as `/m/<asset>/<version>/…`."""
        return self.addresses(path)[0]

    def addresses(self, path: str) -> tuple[str, ...]:
        """The same on each CDN, the public origin's first."""
        rest = path.removeprefix(f"/{self.folder}")
        return tuple(f"{folder}{rest}" for folder in (f"/{self.open_folder}", *self.elsewhere))
