"""The use cases of playing: start, renew, end; licence; keep the read model."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from kernel import envelope
from kernel.clock import Clock
from kernel.ids import new_id
from playback import domain, grants, tokens
from playback.domain import (
    AssetKeys,
    Device,
    LicenceGrant,
    LicenceRefusedError,
    LicenceTokenError,
    Offer,
    Session,
    SessionNotFoundError,
    Title,
    Viewer,
)
from playback.ports import Cookies, DataKeys, Licensing, MacKeys, ReadModel, Sessions


@dataclass(frozen=True)
class Started:
    """A play that may begin."""

    session: Session
    title: Title
    offer: Offer
    manifest_url: str
    licence_token: str
    ticket: str
    cookies: tuple[str, ...]


class Playback:
    """Starts, renews and ends plays."""

    def __init__(
        self,
        sessions: Sessions,
        cookies: Cookies,
        mac_keys: MacKeys,
        clock: Clock,
        *,
        clearkey: bool,
    ) -> None:
        self._sessions = sessions
        self._cookies = cookies
        self._mac_keys = mac_keys
        self._clock = clock
        self._clearkey = clearkey

    def start(self, viewer: Viewer, title_id: str, device: Device, country: str | None) -> Started:
        """Admit a play: one read, one write, one signature. Raises the domain's refusals.

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
        offer = domain.offer_for(device, clearkey=self._clearkey)
        manifest_url = domain.manifest_of(title, offer)
        session = Session(
            session_id=new_id("ses", now),
            viewer=viewer,
            title_id=title.title_id,
            keys=_keys_for(title, device),
            started_at=now,
            expires_at=now + domain.play_life(title.duration),
        )
        self._sessions.open(session)
        mac_key = self._mac_keys.current()
        return Started(
            session=session,
            title=title,
            offer=offer,
            manifest_url=manifest_url,
            licence_token=grants.licence_token(session, now, mac_key),
            ticket=grants.session_ticket(session, mac_key),
            cookies=self._cookies.asset_cookies(title.asset_id, session.expires_at),
        )

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
        raise domain.DeviceNotSupportedError("This title has no picture for this device.")
    return keys


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
        self, licensing: Licensing, data_keys: DataKeys, mac_keys: MacKeys, clock: Clock
    ) -> None:
        self._licensing = licensing
        self._data_keys = data_keys
        self._mac_keys = mac_keys
        self._clock = clock

    def issue(self, session_id: str, token: str | None, kids: tuple[str, ...]) -> Licence:
        """The keys asked for that the token and the play both allow.

        The same holder may ask again (a start asks two or three times). LicenceTokenError when
        there is no token that can be believed, LicenceRefusedError when it does not allow this.
        """
        now = self._clock()
        grant = self._grant(token)
        if grant.session_id != session_id:
            raise LicenceRefusedError("The licence token is for another play.")
        allowed = [kid for kid in kids if kid in grant.kids]
        if not allowed:
            raise LicenceRefusedError("None of these keys is allowed.")
        session = self._licensing.use(session_id, grant.viewer, now)
        if session is None:
            raise LicenceRefusedError(
                "This play is over, is somebody else's or has had all its licences."
            )
        if session.asset_id != grant.asset_id:
            raise LicenceRefusedError("The licence token is for another film.")
        return Licence(grant, self._unwrapped(session, allowed), session.licences)

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

    def _unwrapped(self, session: Session, kids: list[str]) -> dict[str, bytes]:
        wrapped_keys = session.wrapped_keys(kids)
        if not wrapped_keys:
            raise LicenceRefusedError("None of these keys is allowed.")
        wrapped_data_key = base64.b64decode(session.keys.wrapped_data_key)
        data_key = self._data_keys.open(session.asset_id, wrapped_data_key)
        return {
            key.kid: envelope.unwrap(data_key, base64.b64decode(key.wrapped_key))
            for key in wrapped_keys
        }


class Projection:
    """Keeps what starts read, from the events of catalogue and vault."""

    def __init__(self, read_model: ReadModel) -> None:
        self._read_model = read_model

    def title_published(self, title: Title) -> None:
        """A title is published or changed."""
        self._read_model.save_title(title)
        self._read_model.join(title.asset_id)

    def keys_issued(self, keys: AssetKeys) -> None:
        """An asset has keys, or more of them."""
        self._read_model.save_keys(keys)
        self._read_model.join(keys.content_id)
