"""What the stream of beacons tells of CDNs: a shard's batch at once, in one write for a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kernel.beacon_stream import Answer, reading_beacons
from kernel.beacons import Batch
from kernel.tokens import MacKeys
from playback.steering.service import Listener


def quality_handler(
    listener: Listener, mac_keys: MacKeys
) -> Callable[[Mapping[str, Any], object], Answer]:
    """A Lambda handler of the stream. What cannot be kept fails the invocation: Lambda brings the
    same records again, and telling them twice changes nothing."""

    def handler(event: Mapping[str, Any], context: object) -> Answer:
        batches: list[Batch] = []
        answer = reading_beacons(batches.append, mac_keys)(event, context)
        # `shardId-000000000006:4954…`: an invocation's records are all of one shard.
        shard, _, _ = str(event["Records"][0]["eventID"]).partition(":")
        listener.take(shard, batches)
        return answer

    return handler
