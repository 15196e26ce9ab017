"""What players tell of the place they have reached."""

from __future__ import annotations

from collections.abc import Callable

from kernel.beacons import Batch, DroppedError
from kernel.errors import InvalidInputError
from progress.service import ProgressTracker


def beacons_of(tracker: ProgressTracker) -> Callable[[Batch], None]:
    """Takes batches of beacons: of each, the latest moment is where the profile is."""

    def take(batch: Batch) -> None:
        latest = batch.latest
        try:
            tracker.record(
                batch.watching.profile_id,
                batch.watching.title_id,
                position_seconds=latest.position_seconds,
                duration_seconds=latest.duration_seconds,
                recorded_at=latest.at,
            )
        except InvalidInputError as error:
            raise DroppedError("no_place") from error

    return take
