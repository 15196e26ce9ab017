"""What playing needs from outside, in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from playback.domain import AssetKeys, Session, Title, Viewer
from playback.tokens import MacKey


@dataclass(frozen=True)
class StartFacts:
    """Everything a start reads, in one go."""

    title: Title | None
    account_blocked: bool


class Cookies(Protocol):
    """Signs access to the edge."""

    def asset_cookies(self, asset_id: str, expires_at: datetime) -> tuple[str, ...]:
        """The values of the Set-Cookie headers that open the asset's folder until then."""


class Sessions(Protocol):
    """Plays that are under way."""

    def facts(self, title_id: str, account_id: str) -> StartFacts:
        """What is known of the title and of the account."""

    def open(self, session: Session) -> None:
        """Keep a new play; ConflictError when its id is taken."""

    def find(self, session_id: str) -> Session | None:
        """A play as last written, None when there is none."""

    def end(self, session_id: str, account_id: str, now: datetime) -> bool:
        """End an account's play; again is the same. False when that account has no such play."""


class Licensing(Protocol):
    """What a licence needs of a play."""

    def use(self, session_id: str, viewer: Viewer, now: datetime) -> Session | None:
        """Count one licence of a viewer's play that lives and has some left, in one atomic step.

        The play after counting; None when this viewer may have no licence of it.
        """


class ReadModel(Protocol):
    """What other domains' events tell, kept for starts. All of it may arrive twice or late."""

    def save_title(self, title: Title) -> None:
        """Keep a title unless a newer one is kept; its keys are left as they are."""

    def save_keys(self, keys: AssetKeys) -> None:
        """Keep an asset's keys unless newer ones are kept."""

    def join(self, asset_id: str) -> None:
        """Copy an asset's keys, where they are known, to every title that plays it."""


class DataKeys(Protocol):
    """The vault's data keys."""

    def open(self, content_id: str, wrapped: bytes) -> bytes:
        """A content's data key in the clear."""


class MacKeys(Protocol):
    """The secrets behind our tokens."""

    def current(self) -> MacKey:
        """The one that makes tokens."""

    def accepted(self) -> Mapping[str, MacKey]:
        """Those that tokens may be made with, by key id."""

    def refresh(self) -> None:
        """Read them again, at most every few seconds."""
