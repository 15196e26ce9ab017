"""The use cases of playing: start, renew, end; licence; keep the read model."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kernel import envelope, tokens
from kernel.aside import Aside
from kernel.clock import Clock
from kernel.ids import new_id
from kernel.tokens import MacKeys
from playback import domain, grants
from playback.devices import CLEARKEY, Device, DeviceNotSupportedError, Drm, Offer, offer_for
from playback.domain import (
    Allowance,
    AssetKeys,
    LicenceGrant,
    LicenceRefusedError,
    LicenceTokenError,
    Session,
    SessionNotFoundError,
    Title,
    Viewer,
)
from playback.ports import Cookies, DataKeys, Licensing, ReadModel, Sessions


@dataclass(frozen=True)
class Started:
    """A play that may begin."""

    session: Session
    title: Title
    offer: Offer
    manifest_url: str
    licence_token: str
    keys: Mapping[str, bytes]
    """The session's content keys by key id, in the clear, where they ride along."""
    ticket: str
    cookies: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Started(session_id={self.session.session_id!r}, kids={list(self.keys)})"


class Playback:
    """Starts, renews and ends plays."""

    def __init__(
        self,
        sessions: Sessions,
        cookies: Cookies,
        mac_keys: MacKeys,
        clock: Clock,
        *,
        clearkey: ContentKeys | None,
        vendors: Collection[Drm] = (),
    ) -> None:
        """`clearkey` opens keys for players of ClearKey; None where that is not offered.
        `vendors` are the other systems that a licence can be had for.
        """
        self._sessions = sessions
        self._cookies = cookies
        self._mac_keys = mac_keys
        self._clock = clock
        self._clearkey = clearkey
        self._offered: set[Drm] = set(vendors)
        if clearkey is not None:
            self._offered.add("clearkey")

    def start(self, viewer: Viewer, title_id: str, device: Device, country: str | None) -> Started:
        """Admit a play: one read, one write and one signature; the keys are opened beside the
        write. Raises the domain's refusals.

        `country` is where the viewer is (ISO 3166-1 alpha-2), None when that is not known.
        """
        now = self._clock()
        facts = self._sessions.facts(title_id, viewer.account_id)
        if facts.account_blocked:
            raise domain.AccountBlockedError("This account cannot play titles at the moment.")
        title = facts.title
        if title is None:
            raise domain.TitleNotFoundError("There is no such title.")
        title.rights.check(now, country)
        offer = offer_for(device, offered=self._offered)
        device = device.within(facts.allowance.max_height)
        manifest_url = domain.manifest_of(title, offer, device)
        session = Session(
            session_id=new_id("ses", now),
            viewer=viewer,
            title_id=title.title_id,
            keys=_keys_for(title, device),
            started_at=now,
            expires_at=now + domain.play_life(title.duration),
            licences=1 if device.drm == "clearkey" else 0,
            drm=device.drm,
        )
        with Aside(lambda: self._keys_along(session, offer)) as keys:
            self._sessions.open(session)
        mac_key = self._mac_keys.current()
        return Started(
            session=session,
            title=title,
            offer=offer,
            manifest_url=manifest_url,
            licence_token=grants.licence_token(session, now, mac_key),
            keys=keys.answer,
            ticket=grants.session_ticket(session, mac_key),
            cookies=self._cookies.asset_cookies(title.asset_id, session.expires_at),
        )

    def _keys_along(self, session: Session, offer: Offer) -> Mapping[str, bytes]:
        """The keys in the start's answer; a vendor's licence needs the player's challenge."""
        if self._clearkey is None or offer.key_system != CLEARKEY:
            return {}
        return self._clearkey.of(session)

    def renew(self, viewer: Viewer, session_id: str) -> str:
        """A fresh licence token for a play that lives, to the same account and device."""
        now = self._clock()
        session = self._sessions.find(session_id)
        if session is None or session.viewer.account_id != viewer.account_id:
            raise SessionNotFoundError("There is no such play.")
        if session.viewer != viewer or session.is_over(now):
            raise LicenceRefusedError("This play has ended or belongs to another device.")
        return grants.licence_token(session, now, self._mac_keys.current())

    def end(self, viewer: Viewer, session_id: str) -> None:
        """End a play of the viewer's account: no licence is given for it from now on."""
        if not self._sessions.end(session_id, viewer.account_id, self._clock()):
            raise SessionNotFoundError("There is no such play.")


def _keys_for(title: Title, device: Device) -> AssetKeys:
    if title.keys is None or title.keys.content_id != title.asset_id:
        raise domain.KeysNotReadyError("This title is being prepared; try again in a moment.")
    keys = title.keys.allowed_for(device)
    if not keys.keys:
        raise DeviceNotSupportedError("This title has no picture for this device.")
    return keys


class ContentKeys:
    """Opens the keys of plays: what the vault wrapped, in the clear."""

    def __init__(self, data_keys: DataKeys) -> None:
        self._data_keys = data_keys

    def of(self, session: Session, kids: Iterable[str] | None = None) -> dict[str, bytes]:
        """A play's keys among those ids, or all; LicenceRefusedError when there are none."""
        wrapped_keys = session.keys.keys if kids is None else session.wrapped_keys(kids)
        if not wrapped_keys:
            raise LicenceRefusedError("None of these keys is allowed.")
        wrapped_data_key = base64.b64decode(session.keys.wrapped_data_key)
        data_key = self._data_keys.open(session.asset_id, wrapped_data_key)
        return {
            key.kid: envelope.unwrap(data_key, base64.b64decode(key.wrapped_key))
            for key in wrapped_keys
        }


@dataclass(frozen=True)
class Licence:
    """Keys for one player, and what the log says of them."""

    grant: LicenceGrant
    keys: dict[str, bytes]
    """By key id, in the clear."""
    use: int
    """Which licence of the play this is."""

    def __repr__(self) -> str:
        return f"Licence(session_id={self.grant.session_id!r}, kids={list(self.keys)})"


class Licences:
    """Hands content keys to players that prove a right to them."""

    def __init__(
        self, licensing: Licensing, content_keys: ContentKeys, mac_keys: MacKeys, clock: Clock
    ) -> None:
        self._licensing = licensing
        self._content_keys = content_keys
        self._mac_keys = mac_keys
        self._clock = clock

    def issue(self, session_id: str, token: str | None, kids: tuple[str, ...]) -> Licence:
        """The keys asked for that the token and the play both allow.

        The same holder may ask again (a start asks two or three times). LicenceTokenError when
        there is no token that can be believed, LicenceRefusedError when it does not allow this.
        """
        grant, session = self.admit(session_id, token, "clearkey", kids)
        allowed = [kid for kid in kids if kid in grant.kids]
        return Licence(grant, self._content_keys.of(session, allowed), session.licences)

    def admit(
        self, session_id: str, token: str | None, drm: str, kids: Iterable[str] | None
    ) -> tuple[LicenceGrant, Session]:
        """What the token grants and the play after counting one licence of it.

        `kids` are those asked for, None for all. The refusals are those of `issue`.
        """
        now = self._clock()
        grant = self._grant(token)
        if grant.session_id != session_id:
            raise LicenceRefusedError("The licence token is for another play.")
        if grant.drm != drm:
            raise LicenceRefusedError("The licence token is for another protection system.")
        if kids is not None and not any(kid in grant.kids for kid in kids):
            raise LicenceRefusedError("None of these keys is allowed.")
        session = self._licensing.use(session_id, grant.viewer, now)
        if session is None:
            raise LicenceRefusedError(
                "This play is over, is somebody else's or has had all its licences."
            )
        if (session.asset_id, session.drm) != (grant.asset_id, grant.drm):
            raise LicenceRefusedError("The licence token is for another film.")
        return grant, session

    def _grant(self, token: str | None) -> LicenceGrant:
        """What the token grants; a secret that is new to us is read once more."""
        now = self._clock()
        try:
            return grants.read_licence_token(token, now, self._mac_keys.accepted())
        except tokens.UnknownKeyError:
            self._mac_keys.refresh()
        try:
            return grants.read_licence_token(token, now, self._mac_keys.accepted())
        except tokens.UnknownKeyError as error:
            raise LicenceTokenError("The licence token is not valid.") from error


class Projection:
    """Keeps what starts read, from the events of other domains."""

    def __init__(self, read_model: ReadModel) -> None:
        self._read_model = read_model

    def title_published(self, title: Title) -> None:
        """A title is published or changed."""
        self._read_model.save_title(title)
        self._read_model.join(title.asset_id)

    def title_withdrawn(self, title_id: str, sequence: int) -> None:
        """A title may not be watched any more."""
        self._read_model.withdraw_title(title_id, sequence)

    def plan_changed(self, account_id: str, allowance: Allowance, sequence: int) -> None:
        """An account has another plan."""
        self._read_model.save_allowance(account_id, allowance, sequence)

    def account_deleted(self, account_id: str, deleted_at: datetime) -> None:
        """An account is gone: its last tokens start nothing, and nothing of it stays."""
        self._read_model.forget_account(account_id, deleted_at)

    def keys_issued(self, keys: AssetKeys) -> None:
        """An asset has keys, or more of them."""
        self._read_model.save_keys(keys)
        self._read_model.join(keys.content_id)
