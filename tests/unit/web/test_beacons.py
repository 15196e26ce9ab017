"""The web player tells as often as the service expects it to."""

from __future__ import annotations

import re
from datetime import timedelta

from playback.leases import BEAT
from tests.cloud import ROOT


def test_the_web_player_tells_as_often_as_its_lease_counts_on() -> None:
    source = (ROOT / "web" / "src" / "player" / "beacons.ts").read_text()

    (interval_ms,) = re.findall(r"BEACON_INTERVAL_MS = ([0-9_]+);", source)

    assert timedelta(milliseconds=int(interval_ms)) == BEAT
