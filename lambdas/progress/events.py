"""What players tell of the place they have reached, and the bus of titles and of who is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kernel import log
from kernel.beacons import Batch, DroppedError
from kernel.bus import Take
from kernel.errors import InvalidInputError
from kernel.events.catalog import TitlePublished, TitleWithdrawn
from kernel.events.identity import AccountDeleted, ProfileDeleted
from progress.ports import Titles
from progress.service import PlaceKeeper
from progress.titles import EpisodeOf, Title


def beacons_of(keeper: PlaceKeeper) -> Callable[[Batch], None]:
    """Takes batches of beacons: of each, the latest moment is where the profile is.

    A play that has ended tells of its place all the same: the ticket says whose play it was, and
    where somebody was is true afterwards. What it may no longer do is play, which others see to.
    """

    def take(batch: Batch) -> None:
        latest = batch.latest
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


def gone(keeper: PlaceKeeper) -> Take:
    """Takes identity's events of profiles that are no more."""

    def take(event: Mapping[str, Any]) -> None:
        detail = event["detail"]
        if event["detail-type"] == ProfileDeleted.detail_type:
            profile_ids = [ProfileDeleted.from_detail(detail).profile_id]
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
