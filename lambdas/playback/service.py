"""The use cases of playing: start, renew, end; licence; keep the read model."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel import envelope, tokens
from kernel.aside import Aside
from kernel.clock import Clock
from kernel.errors import UnavailableError
from kernel.tokens import MacKey, MacKeys
from playback import domain, grants, maturity
from playback.cwt import common_access_token, edge_key
from playback.devices import CLEARKEY, Device, DeviceNotSupportedError, Drm, Offer, offer_for
from playback.domain import (
    Allowance,
    AssetKeys,
    LicenceGrant,
    LicenceRefusedError,
    LicenceTokenError,
    PlayOverError,
    Session,
    SessionNotFoundError,
    Title,
    Viewer,
)
from playback.edge_access import Carrier, EdgeGrant, Opened, carrier_of
from playback.leases import LEASE, Account, Reason, TooManyStreamsError
from playback.maturity import BLIND, PinGrants, Sight
from playback.ports import Cookies, DataKeys, Licensing, Names, ReadModel, Sessions, StartFacts
from playback.steering.domain import Cdn, cdns_of
from playback.steering.grants import steered_address


@dataclass(frozen=True)
class Started:
    """A play that may begin."""

    session: Session
    title: Title
    offer: Offer
    manifest_urls: tuple[str, ...]
    """One for each CDN, that of the public origin first."""
    cdns: tuple[Cdn, ...]
    steered_url: str | None
    """The manifest over all of them, for a player that follows content steering."""
    licence_token: str
    renew_after: timedelta
    """When the player asks for its next token, where its DRM system renews licences."""
    keys: Mapping[str, bytes]
    """The session's content keys by key id, in the clear, where they ride along."""
    ticket: str
    opened: Opened
    gave_way: Mapping[str, Reason]
    """The plays that ended for this one, and why."""
    is_repeated: bool = False
    """Whether it had begun before, and this is another answer to the same request."""

    def __repr__(self) -> str:
        return f"Started(session_id={self.session.session_id!r}, kids={list(self.keys)})"


@dataclass(frozen=True)
class Renewed:
    """Another licence token of a play."""

    licence_token: str
    renew_after: timedelta

    def __repr__(self) -> str:
        return "Renewed()"


TRIES = 8
"""How often a start that met another one of its account looks again: of a plan's few screens each
such meeting takes one."""

RENEWAL = (timedelta(seconds=180), timedelta(seconds=240))
"""A licence is renewed at some moment in between: within the lease, and not by everybody at once
who began when a film came out."""


class Playback:
    """Starts, renews and ends plays."""

    def __init__(
        self,
        sessions: Sessions,
        cookies: Cookies,
        mac_keys: MacKeys,
        clock: Clock,
        *,
        public_origin: str,
        clearkey: ContentKeys | None,
        vendors: Collection[Drm] = (),
        other_cdns: Collection[str] = (),
        chance: Callable[[], float] = random.random,
        pins: PinGrants | None = None,
    ) -> None:
        """`clearkey` opens keys for players of ClearKey; None where that is not offered.
        `vendors` are the other systems that a licence can be had for; `other_cdns` the origins
        where the same files can be had with a token. `chance` is evenly spread over [0, 1).
        `pins` says what a PIN has opened; None where none opens anything.
        """
        self._sessions = sessions
        self._cookies = cookies
        self._mac_keys = mac_keys
        self._clock = clock
        self._clearkey = clearkey
        self._chance = chance
        self._other_cdns = tuple(other_cdns)
        self._cdns = cdns_of((public_origin, *other_cdns))
        self._pins = pins
        self._offered: set[Drm] = set(vendors)
        if clearkey is not None:
            self._offered.add("clearkey")

    def start(
        self,
        viewer: Viewer,
        title_id: str,
        device: Device,
        country: str | None,
        take_over: str | None = None,
        carrier: Carrier | None = None,
        sight: Sight = BLIND,
        request_id: str | None = None,
        *,
        follows_steering: bool = False,
    ) -> Started:
        """Admit a play: one read, one write and one signature; the keys are opened beside the
        write. Raises the domain's refusals.

        With a `request_id`, the same viewer's start under the same one answers the play that it
        has begun; whatever would refuse the start refuses this, too.

        `country` is where the viewer is (ISO 3166-1 alpha-2), None when that is not known.
        `take_over` is a play of the same account that ends for this one; no such play, no matter.
        `carrier` is how the player proves its right to the files; None is what its family does.
        `sight` is what the viewer's profile may see. `follows_steering` is a player that asks which
        CDN to turn to, where there are several; it is let in everywhere by a token.
        """
        now = self._clock()
        facts = self._sessions.facts(title_id, viewer.account_id)
        account = facts.account
        account.check(viewer)
        if not viewer.has_place:
            raise domain.DeviceLimitError("Your plan has no place for another device.")
        title = published(facts)
        title.rights.check(now, country)
        maturity.check(title, viewer, sight, self._pins, now)
        offer = offer_for(device, offered=self._offered)
        keys = keys_for(title, device, account.allowance)
        within = device.within(account.allowance.max_height)
        manifest_url = domain.manifest_of(title, offer, within)
        session = Session(
            session_id=domain.session_id_for(viewer, request_id, now),
            viewer=viewer,
            title_id=title.title_id,
            asset_id=title.asset_id,
            kids=tuple(key.kid for key in keys.keys),
            started_at=now,
            expires_at=title.rights.until(now + domain.play_life(title.duration)),
            held_until=now + LEASE,
            licences=1 if device.drm == "clearkey" else 0,
            drm=device.drm,
        )
        begun = account.begun(session)
        # Whoever is refused anyway opens no key.
        giving_way = {} if begun else self._room(account, session, take_over)
        with Aside(lambda: self._keys_along(keys, offer)) as opened:
            if begun is None:
                begun, giving_way = self._open(session, account, giving_way, take_over)
            is_repeated, session = begun is not session, self._held(begun, now)
        mac_key = self._mac_keys.current()
        grant = EdgeGrant(
            session.session_id, title.path, title.rights.binds_to(country), session.expires_at
        )
        is_steered = follows_steering and bool(self._other_cdns)
        carrier = "token" if is_steered else carrier or carrier_of(device.family)
        access = self._access(grant, carrier, mac_key)
        return Started(
            session=session,
            title=title,
            offer=offer,
            manifest_urls=access.addresses(manifest_url),
            cdns=self._cdns,
            steered_url=steered_address(grant, manifest_url, mac_key) if is_steered else None,
            licence_token=grants.licence_token(session, now, mac_key),
            renew_after=self._renew_after(),
            keys=opened.answer,
            ticket=grants.session_ticket(session, mac_key),
            opened=access,
            gave_way=giving_way,
            is_repeated=is_repeated,
        )

    def _room(
        self, account: Account, session: Session, take_over: str | None
    ) -> Mapping[str, Reason]:
        """Which plays end for one more; TooManyStreamsError names those that do not."""
        try:
            return account.admit(session.viewer, session.started_at, take_over)
        except TooManyStreamsError as full:
            names = self._sessions.names(full.holders)
            streams = [_stream(play, names) for play in full.holders]
            raise full.naming(streams) from None

    def _open(
        self,
        session: Session,
        account: Account,
        giving_way: Mapping[str, Reason],
        take_over: str | None,
    ) -> tuple[Session, Mapping[str, Reason]]:
        """Keep the play; the play as it was begun, and those that ended for it."""
        for _ in range(TRIES):
            if self._sessions.open(session, account, giving_way, session.started_at):
                return session, giving_way
            account = self._sessions.account(account.account_id)
            # A write whose answer was lost is made again, and meets itself; so does a start that
            # is made twice at once.
            begun = account.begun(session)
            if begun is not None:
                return begun, giving_way
            account.check(session.viewer)
            giving_way = self._room(account, session, take_over)
        raise UnavailableError("Too many plays begin at once; try again.")

    def _held(self, play: Session, now: datetime) -> Session:
        """The play with a living lease: one that was silent comes back to life."""
        if play.is_held(now):
            return play
        held = self._sessions.renew(play.session_id, play.viewer, now + LEASE)
        if held is None:
            raise PlayOverError("This play has ended. Start it anew, with another request_id.")
        return held

    def _access(self, grant: EdgeGrant, carrier: Carrier, mac_key: MacKey) -> Opened:
        by_token = grant.folder
        if carrier == "token" or self._other_cdns:
            token = common_access_token(grant, edge_key(mac_key))
            by_token = f"t/{token}/{grant.folder}"
        others = tuple(f"{origin}/{by_token}" for origin in self._other_cdns)
        if carrier == "token":
            return Opened(carrier, grant.folder, by_token, others)
        cookies = self._cookies.cookies(grant)
        return Opened(carrier, grant.folder, grant.session_folder, others, cookies)

    def _keys_along(self, keys: AssetKeys, offer: Offer) -> Mapping[str, bytes]:
        """The keys in the start's answer; a vendor's licence needs the player's challenge."""
        if self._clearkey is None or offer.key_system != CLEARKEY:
            return {}
        return self._clearkey.of(keys)

    def _renew_after(self) -> timedelta:
        first, last = RENEWAL
        return first + self._chance() * (last - first)

    def renew(self, viewer: Viewer, session_id: str) -> Renewed:
        """A fresh licence token for a play that has its lease, to the same account and device;
        asking for it proves as well as a beacon that somebody watches."""
        now = self._clock()
        session = self._sessions.renew(session_id, viewer, now + LEASE)
        if session is None:
            account = self._sessions.account(viewer.account_id)
            session = account.plays.get(session_id)
            if session is None and session_id not in account.ended:
                raise SessionNotFoundError("There is no such play.")
        if session is None or session.viewer != viewer or now >= session.expires_at:
            raise LicenceRefusedError("This play has ended or belongs to another device.")
        token = grants.licence_token(session, now, self._mac_keys.current())
        return Renewed(token, self._renew_after())

    def end(self, viewer: Viewer, session_id: str) -> None:
        """End a play of the viewer's account: no licence is given for it from now on."""
        if self._sessions.leave(session_id, viewer.account_id, self._clock()):
            return
        if session_id not in self._sessions.account(viewer.account_id).ended:
            raise SessionNotFoundError("There is no such play.")

    def ending(self, viewer: Viewer, session_id: str) -> Reason | None:
        """Why a play of the viewer's account ended, None while it has not."""
        account = self._sessions.account(viewer.account_id)
        play = account.plays.get(session_id)
        if play is not None:
            return "expired" if self._clock() >= play.expires_at else None
        if session_id not in account.ended:
            raise SessionNotFoundError("There is no such play.")
        return account.ended[session_id].reason


def published(facts: StartFacts) -> Title:
    """The title; TitleWithdrawnError or TitleNotFoundError when there is none."""
    if facts.was_withdrawn:
        raise domain.TitleWithdrawnError("This title has left Marquee.")
    if facts.title is None:
        raise domain.TitleNotFoundError("There is no such title.")
    return facts.title


def keys_for(title: Title, device: Device, allowance: Allowance) -> AssetKeys:
    """The title's keys that a device may have under a plan.

    KeysNotReadyError until the vault has told of them; NotInYourPlanError or
    DeviceNotSupportedError when none of them opens a picture.
    """
    if title.keys is None or title.keys.content_id != title.asset_id:
        raise domain.KeysNotReadyError("This title is being prepared; try again in a moment.")
    keys = title.keys.allowed_for(device.within(allowance.max_height))
    if keys.has_picture:
        return keys
    if title.keys.allowed_for(device).has_picture:
        raise domain.NotInYourPlanError("Your plan does not include this title's picture quality.")
    raise DeviceNotSupportedError("This title has no picture for this device.")


def _stream(play: Session, names: Names) -> dict[str, str]:
    """What a person needs to know of a play to choose the one that ends."""
    return {
        "session_id": play.session_id,
        "device": names.devices.get(play.viewer.device_id, "Another device"),
        "profile": play.viewer.profile_id,
        "title": names.titles.get(play.title_id, "A title that has left Marquee"),
        "started_at": play.started_at.isoformat(),
    }


class ContentKeys:
    """Opens the keys of plays: what the vault wrapped, in the clear."""

    def __init__(self, data_keys: DataKeys) -> None:
        self._data_keys = data_keys

    def of(self, keys: AssetKeys) -> dict[str, bytes]:
        """Keys by key id; LicenceRefusedError when there are none."""
        if not keys.keys:
            raise LicenceRefusedError("None of these keys is allowed.")
        data_key = self._data_keys.open(keys.content_id, base64.b64decode(keys.wrapped_data_key))
        return {
            key.kid: envelope.unwrap(data_key, base64.b64decode(key.wrapped_key))
            for key in keys.keys
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
        with self.giving_back(grant):
            values = self._content_keys.of(self.keys(grant, session, kids))
        return Licence(grant, values, session.licences)

    @contextmanager
    def giving_back(self, grant: LicenceGrant) -> Iterator[None]:
        """What is done inside is for a licence that was counted: where something that it needs
        does not answer, it was not had, and counts no more. A refusal stays counted."""
        try:
            yield
        except UnavailableError:
            self._licensing.give_back(grant.session_id, grant.viewer)
            raise

    def keys(self, grant: LicenceGrant, session: Session, kids: Iterable[str]) -> AssetKeys:
        """The keys of those ids that the token and the play both allow."""
        kept = self._licensing.keys(session.asset_id)
        if kept is None:
            raise domain.KeysNotReadyError("The keys of this title are not here; try again.")
        return kept.among(set(kids) & set(grant.kids) & set(session.kids))

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
        now = self._clock()
        try:
            return tokens.believed(
                lambda keys: grants.read_licence_token(token, now, keys), self._mac_keys
            )
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

    def device_named(self, account_id: str, device_id: str, name: str, sequence: int) -> None:
        """A device has a place, or another name."""
        self._read_model.save_device(account_id, device_id, name, sequence)

    def keys_issued(self, keys: AssetKeys) -> None:
        """An asset has keys, or more of them."""
        self._read_model.save_keys(keys)
        self._read_model.join(keys.content_id)
