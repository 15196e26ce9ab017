"""Beacons as heartbeats: each holds its play's screen a while longer, and `leave` gives it up."""

from __future__ import annotations

from collections.abc import Callable

from kernel.beacons import Batch, DroppedError
from playback.domain import Viewer
from playback.leases import LEASE
from playback.ports import Sessions


def heartbeats_of(sessions: Sessions) -> Callable[[Batch], None]:
    """Takes batches of beacons.

    A lease runs from when the stream took the batch: neither a player's clock nor our own delay
    makes it longer. A batch for a play that has ended, or of another viewer's, changes nothing.
    """

    def take(batch: Batch) -> None:
        watching = batch.watching
        if any(beacon.kind == "leave" for beacon in batch.beacons):
            sessions.leave(watching.session_id, watching.account_id, batch.arrived)
            return
        viewer = Viewer(watching.account_id, watching.profile_id, watching.device_id)
        if sessions.renew(watching.session_id, viewer, batch.arrived + LEASE) is None:
            raise DroppedError("no_lease")

    return take
