"""The playback table, the vault's data keys and the token secrets in memory; a film to play."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from kernel import envelope
from kernel.errors import ConflictError
from kernel.tokens import MacKey
from playback.domain import (
    MOST_LICENCES,
    UNTOLD,
    Allowance,
    AssetKeys,
    Rights,
    Session,
    Title,
    Viewer,
    WrappedKey,
)
from playback.ports import StartFacts

SD_KID = "98ee5596-cd3e-a20d-163a-e382420c6eff"
UHD_KID = "11111111-2222-4333-8444-555555555555"
AUDIO_KID = "53abdba2-f210-43cb-bc90-f18f9a890a02"

TRACKS = {SD_KID: "SD", UHD_KID: "UHD1", AUDIO_KID: "STEREO_AUDIO"}
CONTENT_KEYS = {SD_KID: b"s" * 16, UHD_KID: b"u" * 16, AUDIO_KID: b"a" * 16}
DATA_KEY = b"d" * 32
WRAPPED_DATA_KEY = b"data key of ast_1"

VIEWER = Viewer("acc_1", "prf_1", "dev_1")
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
)


def session(now: datetime, **changes: object) -> Session:
    """A play that began now."""
    made = Session(
        session_id="ses_1",
        viewer=VIEWER,
        title_id="ttl_1",
        keys=KEYS,
        started_at=now,
        expires_at=now + timedelta(hours=4),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # any field, by its name


@dataclass
class FakePlayback:
    """Does what the table does: sessions, licences' counters, read model."""

    titles: dict[str, Title] = field(default_factory=dict)
    asset_keys: dict[str, AssetKeys] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    allowances: dict[str, tuple[int, Allowance]] = field(default_factory=dict)

    def facts(self, title_id: str, account_id: str) -> StartFacts:
        _, allowance = self.allowances.get(account_id, (0, UNTOLD))
        return StartFacts(self.titles.get(title_id), account_id in self.blocked, allowance)

    def open(self, session: Session) -> None:
        if session.session_id in self.sessions:
            raise ConflictError("This play has already been started.")
        self.sessions[session.session_id] = session

    def find(self, session_id: str) -> Session | None:
        return self.sessions.get(session_id)

    def end(self, session_id: str, account_id: str, now: datetime) -> bool:
        kept = self.sessions.get(session_id)
        if kept is None or kept.viewer.account_id != account_id:
            return False
        self.sessions[session_id] = replace(kept, ended_at=kept.ended_at or now)
        return True

    def use(self, session_id: str, viewer: Viewer, now: datetime) -> Session | None:
        kept = self.sessions.get(session_id)
        if kept is None or kept.viewer != viewer or kept.is_over(now):
            return None
        if kept.licences >= MOST_LICENCES:
            return None
        self.sessions[session_id] = replace(kept, licences=kept.licences + 1)
        return self.sessions[session_id]

    def save_title(self, title: Title) -> None:
        kept = self.titles.get(title.title_id)
        if kept is None or kept.sequence < title.sequence:
            self.titles[title.title_id] = replace(title, keys=kept.keys if kept else None)

    def withdraw_title(self, title_id: str, sequence: int) -> None:
        kept = self.titles.get(title_id)
        if kept is not None and kept.sequence < sequence:
            del self.titles[title_id]

    def save_allowance(self, account_id: str, allowance: Allowance, sequence: int) -> None:
        kept, _ = self.allowances.get(account_id, (0, UNTOLD))
        if kept < sequence and account_id not in self.gone:
            self.allowances[account_id] = (sequence, allowance)

    def forget_account(self, account_id: str, deleted_at: datetime) -> None:
        self.gone.add(account_id)
        self.blocked.add(account_id)
        self.allowances.pop(account_id, None)

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
