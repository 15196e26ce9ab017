"""What playing needs from outside, in its own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from playback.domain import (
    UNTOLD,
    Allowance,
    AssetKeys,
    Challenge,
    LicenceTerms,
    Session,
    Title,
    Viewer,
)


@dataclass(frozen=True)
class StartFacts:
    """Everything a start reads, in one go."""

    title: Title | None
    account_blocked: bool
    allowance: Allowance = UNTOLD


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

    def withdraw_title(self, title_id: str, sequence: int) -> None:
        """Keep that a title is gone, unless something newer is kept."""

    def save_keys(self, keys: AssetKeys) -> None:
        """Keep an asset's keys unless newer ones are kept."""

    def save_allowance(self, account_id: str, allowance: Allowance, sequence: int) -> None:
        """Keep what an account's plan allows, unless something newer is kept."""

    def forget_account(self, account_id: str, deleted_at: datetime) -> None:
        """Keep of a deleted account only that it may not play, for `REMEMBERED_GONE`."""

    def join(self, asset_id: str) -> None:
        """Copy an asset's keys, where they are known, to every title that plays it."""


class DataKeys(Protocol):
    """The vault's data keys."""

    def open(self, content_id: str, wrapped: bytes) -> bytes:
        """A content's data key in the clear."""


class LicenceVendor(Protocol):
    """A DRM system's licence server, reached over the network."""

    content_type: str
    """Of the licences it gives."""

    def read(self, message: bytes) -> Challenge:
        """A player's request; ChallengeError when it is none of this system."""

    def licence(self, challenge: Challenge, terms: LicenceTerms) -> bytes:
        """The licence for those keys; VendorRefusedError, VendorUnavailableError or
        VendorGarbledError."""
