"""Functions that die in the middle of a request: no screen is given twice, and no word is lost."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from playback.leases import LEASE
from tests.beacons import batch
from tests.chaos import kill_functions
from tests.cloud import Person, RunningCloud, eventually
from tests.films import Ingested
from tests.integration.test_streams import TOLD_SECONDS, Household

STARTS = "playback.handlers.sessions.handler"
READERS = ("playback.handlers.beacons.handler", "progress.handlers.beacons.handler")

ROUNDS = 8

DEATHS = 4
"""Of readers: fewer than a batch is tried again."""

LONGEST_START_SECONDS = 0.06
"""Of a warm function on a quiet machine; a kill falls somewhere into it, or right behind it."""


@pytest.fixture(scope="module")
def house(cloud: RunningCloud, staff: Person, ingested: Ingested) -> Household:
    return Household(cloud, staff, ingested.title_id)


def plays(house: Household) -> dict[str, Any]:
    return dict(house.kept().get("plays", {"M": {}})["M"])


def starts_at_last(house: Household) -> str:
    """The play of a device that asks until it is answered, as players do."""

    def answered() -> httpx.Response | None:
        answer = house.ask(house.phone)
        assert answer.is_success or answer.status_code >= 500, answer.text
        return answer if answer.is_success else None

    answer = eventually(answered, TOLD_SECONDS, "a start")
    assert answer is not None
    return str(answer.json()["session_id"])


def test_a_start_whose_function_dies_gives_no_screen_twice_and_none_that_was_told_of_is_lost(
    cloud: RunningCloud, house: Household
) -> None:
    """Its device asks again: the plays that nobody was told of give way to its next one."""
    killed = 0
    for _ in range(ROUNDS):
        assert starts_at_last(house) in plays(house)

        with ThreadPoolExecutor(1) as device:
            asked = device.submit(house.ask, house.phone)
            wait([asked], random.uniform(0, LONGEST_START_SECONDS))
            killed += kill_functions(cloud.data_dir, STARTS)
            answer = asked.result()

        assert len(plays(house)) <= 2
        if answer.is_success:
            assert answer.json()["session_id"] in plays(house)
        else:
            assert answer.status_code >= 500
    assert killed
    assert starts_at_last(house) in plays(house)


def test_beacons_whose_readers_die_are_read_again_and_none_is_lost(
    cloud: RunningCloud, house: Household
) -> None:
    """Records are gathered for some seconds before they are read: each time a reader is waited
    for, and killed."""
    play = house.start(house.phone)
    for position in range(1, DEATHS + 1):
        told_at = datetime.now(UTC)
        told = batch(play["ticket"], (float(position), timedelta(0)), duration=7)
        assert house.phone.ask("POST", "/beacons", told).status_code == 200
        eventually(lambda: kill_functions(cloud.data_dir, *READERS), TOLD_SECONDS, "a reader")

    def place() -> float | None:
        answer = house.phone.ask("GET", f"/progress/{house.title_id}")
        return answer.json()["position_seconds"] if answer.is_success else None

    eventually(lambda: place() == DEATHS, TOLD_SECONDS, "the last place")
    held = int((told_at + LEASE).timestamp())
    eventually(lambda: house.held_until(play) >= held, TOLD_SECONDS, "the last renewal")
