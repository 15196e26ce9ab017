"""What players tell of the place they have reached, and the bus of titles, of plays that ended and
of who is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kernel import log
from kernel.beacons import Batch, DroppedError
from kernel.bus import Take
from kernel.clock import moment_of
from kernel.errors import InvalidInputError
from kernel.events.catalog import TitlePublished, TitleWithdrawn
from kernel.events.identity import AccountDeleted, ProfileDeleted
from kernel.events.playback import PlayRevoked
from kernel.ids import names_one
from progress.domain import is_of_play
from progress.ports import PlayEnds, Titles
from progress.service import PlaceKeeper
from progress.titles import EpisodeOf, Title


def beacons_of(keeper: PlaceKeeper, ends: PlayEnds) -> Callable[[Batch], None]:
    """Takes batches of beacons: of each, the latest moment is where the profile is.

    A play that has ended tells of what was watched before its end, and of nothing after it: it
    was left, which its own `leave` says, or its viewer lost the right to it, which playback does.
    Of a profile that is no more, no play tells anything.
    """

    def take(batch: Batch) -> None:
        session_id = batch.watching.session_id
        ended_at = ends.of(session_id, batch.watching.profile_id)
        told = tuple(one for one in batch.beacons if is_of_play(one.at, ended_at))
        if not told:
            raise DroppedError("over")
        left = [one.at for one in told if one.kind == "leave"]
        # A title that is kept on a device is played again and again under one id.
        if left and names_one(session_id, "ses"):
            ends.keep(session_id, min(left))
        latest = replace(batch, beacons=told).latest
        try:
            keeper.record(
                batch.watching.profile_id,
                batch.watching.title_id,
                position_seconds=latest.position_seconds,
                duration_seconds=latest.duration_seconds,
                recorded_at=latest.at,
            )
        except InvalidInputError as error:
            raise DroppedError("no_place") from error

    return take


def ends_of(ends: PlayEnds) -> Take:
    """Takes playback's events of plays whose viewers lost the right to them."""

    def take(event: Mapping[str, Any]) -> None:
        revoked = PlayRevoked.from_detail(event["detail"])
        ends.keep(revoked.session_id, moment_of(revoked.sequence))

    return take


def titles_of(titles: Titles) -> Take:
    """Takes the catalogue's events; one that was overtaken changes nothing."""

    def take(event: Mapping[str, Any]) -> None:
        detail = event["detail"]
        if event["detail-type"] == TitleWithdrawn.detail_type:
            withdrawn = TitleWithdrawn.from_detail(detail)
            kept = titles.withdraw(withdrawn.title_id, withdrawn.sequence)
        else:
            published = TitlePublished.from_detail(detail)
            kept = titles.keep(_title(published), published.sequence)
        log.note(kept=kept)

    return take


def gone(keeper: PlaceKeeper, ends: PlayEnds) -> Take:
    """Takes identity's events of profiles that are no more.

    A device may play on as a profile that is gone, or come back from a journey with what it
    watched: that is of nobody, so it is known first that it is gone, and then all of it is deleted.
    Of a deleted account nobody can tell anything: its sign-ins have ended two weeks before.
    """

    def take(event: Mapping[str, Any]) -> None:
        detail = event["detail"]
        if event["detail-type"] == ProfileDeleted.detail_type:
            profile_ids = [ProfileDeleted.from_detail(detail).profile_id]
            ends.keep_gone(profile_ids[0], keeper.clock())
        else:
            profile_ids = AccountDeleted.from_detail(detail).profile_ids
        log.note(forgotten=keeper.forget(profile_ids))

    return take


def _title(published: TitlePublished) -> Title:
    of = published.episode_of
    return Title(
        title_id=published.title_id,
        duration_seconds=published.duration_seconds,
        credits_at_seconds=published.credits_at_seconds,
        episode_of=EpisodeOf(of["series_id"], of["season"], of["episode"]) if of else None,
    )
