"""What playing needs from outside, in its own words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from playback.domain import (
    Allowance,
    AssetKeys,
    Challenge,
    LicenceTerms,
    Session,
    Title,
    Viewer,
)
from playback.edge_access import EdgeGrant
from playback.leases import Account, Reason


@dataclass(frozen=True)
class StartFacts:
    """Everything a start reads, in one go."""

    title: Title | None
    account: Account
    was_withdrawn: bool = False
    """Whether the title was published once, and is not any more."""


@dataclass(frozen=True)
class Names:
    """What people call things, by id; what nobody has told of is absent."""

    devices: Mapping[str, str]
    titles: Mapping[str, str]


class Cookies(Protocol):
    """Signs access to the edge."""

    def cookies(self, grant: EdgeGrant) -> tuple[str, ...]:
        """The values of the Set-Cookie headers that open the play's folder."""


class Sessions(Protocol):
    """Plays that are under way."""

    def facts(self, title_id: str, account_id: str) -> StartFacts:
        """What is known of the title and of the account."""

    def account(self, account_id: str) -> Account:
        """The account as last written."""

    def open(
        self, session: Session, account: Account, giving_way: Mapping[str, Reason], now: datetime
    ) -> bool:
        """Keep a new play and end those that give way, whose ends are told, in one atomic step.

        False when the account is not as it was read any more: another play was admitted, one
        that gives way has ended or spoken, or the viewer may not play any more.
        """

    def names(self, plays: Collection[Session]) -> Names:
        """What the plays' devices and titles are called."""

    def renew(self, session_id: str, viewer: Viewer, until: datetime) -> Session | None:
        """Hold the screen of a viewer's play until then.

        The play as it is then; None when it is held as long already, or that viewer has no such
        play.
        """

    def leave(self, session_id: str, account_id: str, now: datetime) -> bool:
        """End an account's play because it was left; False when the account has no such play."""


class Licensing(Protocol):
    """What a licence needs of a play."""

    def use(self, session_id: str, viewer: Viewer, now: datetime) -> Session | None:
        """Count one licence of a viewer's play that is held and has some left, in one atomic step.

        The play after counting; None when this viewer may have no licence of it.
        """

    def give_back(self, session_id: str, viewer: Viewer) -> None:
        """Count one licence less of a viewer's play: one that was counted and not had.

        Once, however often it takes; a play that is no more has nothing to count.
        """

    def keys(self, asset_id: str) -> AssetKeys | None:
        """An asset's keys, None when they are not known."""


class Standing(Protocol):
    """Accounts that lose their right to play, wholly or for one sign-in or device."""

    def sign_out(self, account_id: str, ended: str, at: datetime) -> Account:
        """Keep that a sign-in, or all up to then on a device, ended; the account after that.

        `ended` is the id of either.
        """

    def sign_out_everywhere(self, account_id: str, at: datetime) -> Account:
        """Keep that all sign-ins up to then ended; the account after that."""

    def block(self, account_id: str, sequence: int) -> Account:
        """Keep that an account may not play, unless something newer is; the account after that."""

    def unblock(self, account_id: str, sequence: int) -> None:
        """Keep that it may play again, unless something newer is kept or it is gone."""

    def account(self, account_id: str) -> Account:
        """The account as last written."""

    def revoke(self, account: Account, ending: Mapping[str, Reason], now: datetime) -> bool:
        """End an account's plays and tell of each, in one atomic step; False when one of them
        has ended meanwhile."""


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

    def save_device(self, account_id: str, device_id: str, name: str, sequence: int) -> None:
        """Keep what a device is called, unless something newer is kept or its account is gone."""

    def forget_device(self, account_id: str, device_id: str, removed_at: datetime) -> None:
        """Keep of a removed device only when that was, for `REMEMBERED_GONE`, unless something
        newer is kept."""

    def join(self, asset_id: str) -> None:
        """Copy an asset's keys, where they are known, to every title that plays it."""


class DataKeys(Protocol):
    """The vault's data keys."""

    def open(self, content_id: str, wrapped: bytes) -> bytes:
        """A content's data key in the clear."""


@runtime_checkable
class TakesBack(Protocol):
    """A vendor whose devices prove that they have forgotten a stored licence."""

    content_type: str

    def read_release(self, message: bytes) -> Challenge:
        """A device's proof; ChallengeError when it is none of this system."""

    def release(self, challenge: Challenge, content_id: str) -> bytes:
        """What the device is told then; the refusals are those of a licence."""


class LicenceVendor(Protocol):
    """A DRM system's licence server, reached over the network."""

    content_type: str
    """Of the licences it gives."""

    def read(self, message: bytes) -> Challenge:
        """A player's request; ChallengeError when it is none of this system."""

    def licence(self, challenge: Challenge, terms: LicenceTerms) -> bytes:
        """The licence for those keys; VendorRefusedError, VendorUnavailableError or
        VendorGarbledError."""
