"""The use cases of steering: a play's manifest and its order of CDNs; judging and draining them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kernel import log, tokens
from kernel.beacons import Batch
from kernel.clock import Clock
from kernel.errors import NotFoundError, UnavailableError
from kernel.tokens import MacKeys
from playback.cwt import common_access_token, edge_key
from playback.steering import hls, mpd
from playback.steering.domain import (
    NOTHING_KNOWN,
    Cdn,
    CdnNotFoundError,
    Standing,
    SteeringTokenError,
    judged,
    order_for,
)
from playback.steering.grants import Steered, read_steering_token
from playback.steering.ports import Manifests, Probe, Standings, Windows
from playback.steering.samples import WINDOW, WINDOWS, quality_of, sampled, window_of

STANDING_KEPT = timedelta(seconds=2)
"""How long a process answers by what it read: however many ask it, one small item is read every two
seconds."""

HLS = ".m3u8"


class Steering:
    """Tells steered players where their film is."""

    def __init__(
        self,
        cdns: Sequence[Cdn],
        standings: Standings,
        manifests: Manifests,
        mac_keys: MacKeys,
        clock: Clock,
    ) -> None:
        """`cdns` are at least the public origin, which is the first."""
        self._cdns = tuple(cdns)
        self._standings = standings
        self._manifests = manifests
        self._mac_keys = mac_keys
        self._clock = clock
        self._standing = NOTHING_KNOWN
        self._read_at: datetime | None = None

    def order(self, session_id: str, token: str) -> tuple[str, ...]:
        """The play's order of CDNs, by their ids; SteeringTokenError, SteeringEndedError."""
        return self._order(self._steered(session_id, token))

    def manifest(self, session_id: str, token: str, name: str, server: str) -> str:
        """The play's manifest over all CDNs, in its order; `server` is where that is asked for.

        The refusals of `order`; NotFoundError for another name than the token's manifest has,
        UnavailableError.
        """
        steered = self._steered(session_id, token)
        if name != steered.manifest.rpartition("/")[2]:
            raise NotFoundError("There is no such manifest.")
        static = self._manifests.read(f"{steered.grant.folder}/{steered.manifest}")
        steer = hls.steered if name.endswith(HLS) else mpd.steered
        return steer(static, f"{self._cdns[0].origin}{server}", self._pathways(steered))

    def _steered(self, session_id: str, token: str) -> Steered:
        now = self._clock()
        try:
            return tokens.believed(
                lambda keys: read_steering_token(token, session_id, now, keys), self._mac_keys
            )
        except tokens.UnknownKeyError as error:
            raise SteeringTokenError("The steering token is not valid.") from error

    def _pathways(self, steered: Steered) -> list[hls.Pathway]:
        """Each CDN with the token that it lets the play in by: the same one everywhere."""
        grant = steered.grant
        token = common_access_token(grant, edge_key(self._mac_keys.current()))
        inside, _, _ = f"{grant.folder}/{steered.manifest}".rpartition("/")
        origins = {cdn.cdn_id: cdn.origin for cdn in self._cdns}
        return [
            hls.Pathway(cdn_id, f"{origins[cdn_id]}/t/{token}/{inside}/")
            for cdn_id in self._order(steered)
        ]

    def _order(self, steered: Steered) -> tuple[str, ...]:
        configured = [cdn.cdn_id for cdn in self._cdns]
        now = self._clock()
        return order_for(steered.share, configured, self._known(now), now)

    def _known(self, now: datetime) -> Standing:
        """What is known of the CDNs. What cannot be read is as it was last known, and as it is
        configured where nothing ever was: some order is better than none."""
        if self._read_at is None or now - self._read_at >= STANDING_KEPT:
            self._read_at = now
            try:
                self._standing = self._standings.read()
            except UnavailableError:
                log.note(standing="unread")
        return self._standing


class Judge:
    """Looks at the CDNs again and again."""

    def __init__(
        self,
        cdns: Sequence[Cdn],
        standings: Standings,
        windows: Windows,
        probe: Probe,
        clock: Clock,
    ) -> None:
        self._cdns = tuple(cdns)
        self._standings = standings
        self._windows = windows
        self._probe = probe
        self._clock = clock

    def judge(self) -> Standing:
        """Ask each, read what viewers met, and keep what follows; UnavailableError."""
        standing = self._standings.read()
        answers = {cdn.cdn_id: self._probe.answers(cdn.origin) for cdn in self._cdns}
        now = self._clock()
        windows = self._windows.since(window_of(now) - (WINDOWS - 1) * WINDOW)
        configured = [cdn.cdn_id for cdn in self._cdns]
        after = judged(standing, configured, answers, quality_of(windows, now), now)
        self._standings.judge(after)
        return after


class Listener:
    """Takes what viewers tell."""

    def __init__(self, cdns: Sequence[Cdn], windows: Windows, mac_keys: MacKeys) -> None:
        self._cdn_ids = [cdn.cdn_id for cdn in cdns]
        self._windows = windows
        self._mac_keys = mac_keys

    def take(self, shard: str, batches: Iterable[Batch]) -> None:
        """Keep what the accounts of one shard of the stream met; UnavailableError."""
        met = sampled(batches, self._cdn_ids, self._mac_keys.current())
        for window, by_cdn in met.items():
            self._windows.add(window, shard, by_cdn)


class Desk:
    """What staff see of the CDNs, and may do."""

    def __init__(self, cdns: Sequence[Cdn], standings: Standings) -> None:
        self._cdns = tuple(cdns)
        self._standings = standings

    def cdns(self) -> tuple[Sequence[Cdn], Standing]:
        """All of them as configured, and what is known; UnavailableError."""
        return self._cdns, self._standings.read()

    def drain(self, cdn_id: str, *, is_drained: bool) -> None:
        """Let nobody begin with a CDN, or let them again; CdnNotFoundError, UnavailableError."""
        if cdn_id not in [cdn.cdn_id for cdn in self._cdns]:
            raise CdnNotFoundError("There is no such CDN.")
        self._standings.drain(cdn_id, is_drained=is_drained)
