"""The playback table, the vault's data keys and the token secrets in memory; a film to play."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import RLock

from kernel import envelope
from kernel.clock import epoch_milliseconds
from kernel.errors import DomainError
from kernel.events.playback import PlayRevoked
from kernel.tokens import MacKey
from playback.domain import (
    MOST_LICENCES,
    Allowance,
    AssetKeys,
    Rights,
    Session,
    Title,
    Viewer,
    WrappedKey,
)
from playback.downloads.domain import Shelf
from playback.leases import LEASE, Account, End, Reason, revocation
from playback.ports import Names, StartFacts

SD_KID = "98ee5596-cd3e-a20d-163a-e382420c6eff"
UHD_KID = "11111111-2222-4333-8444-555555555555"
AUDIO_KID = "53abdba2-f210-43cb-bc90-f18f9a890a02"

TRACKS = {SD_KID: "SD", UHD_KID: "UHD1", AUDIO_KID: "STEREO_AUDIO"}
CONTENT_KEYS = {SD_KID: b"s" * 16, UHD_KID: b"u" * 16, AUDIO_KID: b"a" * 16}
DATA_KEY = b"d" * 32
WRAPPED_DATA_KEY = b"data key of ast_1"

FAMILY = "fam_01k00000000000000000000000"
"""A sign-in of July 2025."""
VIEWER = Viewer("acc_1", "prf_1", "dev_1", family_id=FAMILY, has_place=True)
SECRET = MacKey(b"a token secret of enough length!!")

KEYS = AssetKeys(
    content_id="ast_1",
    sequence=1,
    wrapped_data_key=base64.b64encode(WRAPPED_DATA_KEY).decode(),
    keys=tuple(
        WrappedKey(
            kid, track_type, base64.b64encode(envelope.wrap(DATA_KEY, CONTENT_KEYS[kid])).decode()
        )
        for kid, track_type in TRACKS.items()
    ),
)

TITLE = Title(
    title_id="ttl_1",
    sequence=10,
    asset_id="ast_1",
    name="A Film",
    duration=timedelta(minutes=90),
    path="m/ast_1/v1",
    manifests={"dash-clearkey": "dash-clearkey.mpd", "hls-clearkey": "hls-clearkey.m3u8"},
    storyboard="storyboard.vtt",
    rights=Rights(("*",), datetime(2026, 1, 1, tzinfo=UTC), None),
    maturity=0,
)


def session(now: datetime, **changes: object) -> Session:
    """A play that began now."""
    made = Session(
        session_id="ses_1",
        viewer=VIEWER,
        title_id="ttl_1",
        asset_id="ast_1",
        kids=tuple(TRACKS),
        started_at=now,
        expires_at=now + timedelta(hours=4),
        held_until=now + LEASE,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # any field, by its name


def viewer_on(number: int, account_id: str = "acc_1") -> Viewer:
    """The same account's viewer on another device."""
    return replace(VIEWER, account_id=account_id, device_id=f"dev_{number}")


@dataclass
class FakePlayback:
    """Does what the table does: accounts with their plays, read model; one write at a time."""

    titles: dict[str, Title] = field(default_factory=dict)
    withdrawn: dict[str, int] = field(default_factory=dict)
    asset_keys: dict[str, AssetKeys] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    blocks: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    plans: dict[str, int] = field(default_factory=dict)
    devices: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    removed: dict[tuple[str, str], int] = field(default_factory=dict)
    told: list[PlayRevoked] = field(default_factory=list)
    lock: RLock = field(default_factory=RLock)

    @property
    def sessions(self) -> dict[str, Session]:
        """All plays under way."""
        return {key: play for each in self.accounts.values() for key, play in each.plays.items()}

    def account(self, account_id: str) -> Account:
        return self.accounts.get(account_id, Account(account_id, is_new=True))

    def _keep(self, account_id: str, **changes: object) -> Account:
        kept = replace(self.account(account_id), **changes)  # type: ignore[arg-type]
        self.accounts[account_id] = kept
        return kept

    def facts(self, title_id: str, account_id: str) -> StartFacts:
        return StartFacts(
            self.titles.get(title_id),
            self.account(account_id),
            was_withdrawn=title_id in self.withdrawn,
        )

    def open(
        self, session: Session, account: Account, giving_way: Mapping[str, Reason], now: datetime
    ) -> bool:
        with self.lock:
            kept = self.account(account.account_id)
            try:
                kept.check(session.viewer)
            except DomainError:
                return False
            room = account.allowance.streams + len(giving_way)
            known = {*kept.plays, *kept.ended}
            if len(kept.plays) >= room or session.session_id in known:
                return False
            if not self._end(kept, giving_way, now, account.forgettable(len(giving_way))):
                return False
            plays = {**self.account(account.account_id).plays, session.session_id: session}
            outdated = account.outdated(now)
            signed_out = {k: at for k, at in kept.signed_out.items() if k not in outdated}
            self._keep(account.account_id, plays=plays, signed_out=signed_out, is_new=False)
            return True

    def revoke(self, account: Account, ending: Mapping[str, Reason], now: datetime) -> bool:
        with self.lock:
            kept = self.account(account.account_id)
            return self._end(kept, ending, now, account.forgettable(len(ending)))

    def _end(
        self,
        kept: Account,
        ending: Mapping[str, Reason],
        now: datetime,
        forgetting: Collection[str] = (),
    ) -> bool:
        for key, reason in ending.items():
            if key not in kept.plays or (reason == "lapsed" and kept.plays[key].is_held(now)):
                return False
        told = [revocation(kept.plays[key], reason, now) for key, reason in ending.items()]
        self.told += [event for event in told if event is not None and event.reason != "left"]
        plays = {key: play for key, play in kept.plays.items() if key not in ending}
        ended = {key: end for key, end in kept.ended.items() if key not in forgetting}
        ended |= {key: End(now.replace(microsecond=0), reason) for key, reason in ending.items()}
        self._keep(kept.account_id, plays=plays, ended=ended)
        return True

    def names(self, plays: Collection[Session]) -> Names:
        devices = {
            play.viewer.device_id: self.devices[play.viewer.account_id, play.viewer.device_id][1]
            for play in plays
            if (play.viewer.account_id, play.viewer.device_id) in self.devices
        }
        titles = {
            p.title_id: self.titles[p.title_id].name for p in plays if p.title_id in self.titles
        }
        return Names(devices, titles)

    def _change(self, play: Session) -> Session:
        account_id = play.viewer.account_id
        self._keep(account_id, plays={**self.account(account_id).plays, play.session_id: play})
        return play

    def renew(self, session_id: str, viewer: Viewer, until: datetime) -> Session | None:
        with self.lock:
            kept = self.account(viewer.account_id).plays.get(session_id)
            until = until.replace(microsecond=0)
            if kept is None or kept.viewer != viewer or kept.held_until >= until:
                return None
            return self._change(replace(kept, held_until=until))

    def leave(self, session_id: str, account_id: str, now: datetime) -> bool:
        with self.lock:
            return self._end(self.account(account_id), {session_id: "left"}, now)

    def use(self, session_id: str, viewer: Viewer, now: datetime) -> Session | None:
        with self.lock:
            account = self.account(viewer.account_id)
            kept = account.plays.get(session_id)
            if kept is None or account.is_blocked or kept.viewer != viewer:
                return None
            if not kept.is_held(now) or kept.licences >= MOST_LICENCES:
                return None
            return self._change(replace(kept, licences=kept.licences + 1))

    def give_back(self, session_id: str, viewer: Viewer) -> None:
        with self.lock:
            kept = self.account(viewer.account_id).plays.get(session_id)
            if kept is not None and kept.viewer == viewer and kept.licences > 0:
                self._change(replace(kept, licences=kept.licences - 1))

    def keys(self, asset_id: str) -> AssetKeys | None:
        return self.asset_keys.get(asset_id)

    def sign_out(self, account_id: str, ended: str, at: datetime) -> Account:
        known = self.account(account_id).signed_out
        latest = max(at, known.get(ended, at))
        return self._keep(account_id, signed_out={**known, ended: latest})

    def sign_out_everywhere(self, account_id: str, at: datetime) -> Account:
        latest = max(at, self.account(account_id).signed_out_before or at)
        return self._keep(account_id, signed_out_before=latest)

    def block(self, account_id: str, sequence: int) -> Account:
        if self._is_news(account_id, sequence):
            self._keep(account_id, is_blocked=True)
        return self.account(account_id)

    def unblock(self, account_id: str, sequence: int) -> None:
        if self._is_news(account_id, sequence):
            self._keep(account_id, is_blocked=False)

    def _is_news(self, account_id: str, sequence: int) -> bool:
        if account_id in self.gone or self.blocks.get(account_id, 0) >= sequence:
            return False
        self.blocks[account_id] = sequence
        return True

    def save_device(self, account_id: str, device_id: str, name: str, sequence: int) -> None:
        kept, _ = self.devices.get((account_id, device_id), (0, ""))
        latest = max(kept, self.removed.get((account_id, device_id), 0))
        if latest < sequence and account_id not in self.gone:
            self.devices[account_id, device_id] = (sequence, name)

    def forget_device(self, account_id: str, device_id: str, removed_at: datetime) -> None:
        key, sequence = (account_id, device_id), epoch_milliseconds(removed_at)
        kept, _ = self.devices.get(key, (0, ""))
        if kept <= sequence:
            self.devices.pop(key, None)
            self.removed[key] = max(sequence, self.removed.get(key, 0))

    def save_title(self, title: Title) -> None:
        kept = self.titles.get(title.title_id)
        latest = max(kept.sequence if kept else 0, self.withdrawn.get(title.title_id, 0))
        if latest < title.sequence:
            self.titles[title.title_id] = replace(title, keys=kept.keys if kept else None)
            self.withdrawn.pop(title.title_id, None)

    def withdraw_title(self, title_id: str, sequence: int) -> None:
        kept = self.titles.get(title_id)
        if max(kept.sequence if kept else 0, self.withdrawn.get(title_id, 0)) < sequence:
            self.titles.pop(title_id, None)
            self.withdrawn[title_id] = sequence

    def save_allowance(self, account_id: str, allowance: Allowance, sequence: int) -> None:
        if self.plans.get(account_id, 0) < sequence and account_id not in self.gone:
            self.plans[account_id] = sequence
            self._keep(account_id, allowance=allowance)

    def forget_account(self, account_id: str, deleted_at: datetime) -> None:
        self.gone.add(account_id)
        self.accounts[account_id] = Account(account_id, is_blocked=True, is_new=True)
        self.devices = {key: kept for key, kept in self.devices.items() if key[0] != account_id}

    def save_keys(self, keys: AssetKeys) -> None:
        kept = self.asset_keys.get(keys.content_id)
        if kept is None or kept.sequence < keys.sequence:
            self.asset_keys[keys.content_id] = keys

    def join(self, asset_id: str) -> None:
        keys = self.asset_keys.get(asset_id)
        for title in list(self.titles.values()):
            if keys is not None and title.asset_id == asset_id:
                self.titles[title.title_id] = replace(title, keys=keys)


@dataclass
class FakeShelves:
    """What devices keep, in memory; `interfere` runs between a read and the write after it."""

    kept: dict[tuple[str, str], Shelf] = field(default_factory=dict)
    registered: dict[tuple[str, str], datetime] = field(default_factory=dict)
    removed: dict[tuple[str, str], datetime] = field(default_factory=dict)
    interfere: Callable[[], None] = lambda: None

    def shelf(self, account_id: str, device_id: str) -> Shelf:
        key = (account_id, device_id)
        return self.kept.get(key, Shelf(account_id, device_id))

    def shelves(self, account_id: str) -> list[Shelf]:
        return [shelf for (owner, _), shelf in self.kept.items() if owner == account_id]

    def save(self, shelf: Shelf) -> bool:
        self.interfere()
        now = self.shelf(shelf.account_id, shelf.device_id)
        if now.version != shelf.version or now.is_removed:
            return False
        key = (shelf.account_id, shelf.device_id)
        self.kept[key] = replace(shelf, version=shelf.version + 1)
        return True

    def device_removed(self, account_id: str, device_id: str, removed_at: datetime) -> None:
        key = (account_id, device_id)
        if key in self.registered and self.registered[key] >= removed_at:
            return
        self.removed[key] = removed_at
        version = self.shelf(account_id, device_id).version + 1
        self.kept[key] = Shelf(account_id, device_id, {}, version, is_removed=True)

    def device_registered(self, account_id: str, device_id: str, at: datetime) -> None:
        key = (account_id, device_id)
        if key in self.removed and self.removed[key] >= at:
            return
        self.registered[key] = at
        self.removed.pop(key, None)
        shelf = self.shelf(account_id, device_id)
        self.kept[key] = replace(shelf, version=shelf.version + 1, is_removed=False)

    def account_deleted(self, account_id: str) -> None:
        for key in [key for key in self.kept if key[0] == account_id]:
            del self.kept[key]


@dataclass
class FakeDataKeys:
    """Opens the one data key, for its own content."""

    opened: int = 0
    failure: Exception | None = None

    def open(self, content_id: str, wrapped: bytes) -> bytes:
        if self.failure is not None:
            raise self.failure
        assert (content_id, wrapped) == ("ast_1", WRAPPED_DATA_KEY)
        self.opened += 1
        return DATA_KEY


@dataclass
class FakeMacKeys:
    """Token secrets that rotate when told to; `known` changes on refresh alone."""

    secrets: list[MacKey] = field(default_factory=lambda: [SECRET])
    known: list[MacKey] = field(default_factory=lambda: [SECRET])
    refreshes: int = 0

    def current(self) -> MacKey:
        return self.known[0]

    def accepted(self) -> Mapping[str, MacKey]:
        return {key.key_id: key for key in self.known}

    def refresh(self) -> None:
        self.refreshes += 1
        self.known = list(self.secrets)
