"""Going on and history on the running service: two devices of one profile, and their beacons."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.beacons import CAUGHT_UP_SECONDS, batch, place
from tests.cloud import Person, RunningCloud, eventually
from tests.custody import claims_of
from tests.integration.test_profiles import created, entered

LENGTH = 100.0
NOW = timedelta(0)


class Device:
    """One of somebody's devices; the tickets of its plays are kept for later."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self._tickets: dict[str, str] = {}

    def begins(self, *title_ids: str) -> None:
        for title_id in title_ids:
            answer = self.person.play(title_id).answer
            self._tickets[title_id] = answer["ticket"]
            path = f"/v1/playback/sessions/{answer['session_id']}"
            assert self.person.ask("DELETE", path).status_code == 204

    def tells(self, title_id: str, *places: tuple[float, timedelta]) -> None:
        told = batch(self._tickets[title_id], *places, duration=LENGTH)
        assert self.person.ask("POST", "/v1/beacons", told).status_code == 200

    def reached(self, title_id: str, seconds: float | None) -> None:
        eventually(
            lambda: place(self.person, title_id) == seconds, CAUGHT_UP_SECONDS, f"{seconds} s"
        )

    def goes_on_with(self) -> list[tuple[str, float, bool]]:
        listed = self.person.get("/v1/progress")["continue_watching"]
        return [(one["title_id"], one["position_seconds"], one["is_next"]) for one in listed]

    def history(self) -> list[str]:
        return [one["title_id"] for one in self.person.get("/v1/history")["history"]]


@pytest.fixture
def devices(cloud: RunningCloud) -> Iterator[tuple[Device, Device]]:
    """Two devices of a profile that has watched nothing."""
    here, there = Person(cloud, "member"), Person(cloud, "member")
    first = claims_of(here.tokens.access_token())["profile"]
    profile = created(here, name="Pat")
    for person in (here, there):
        entered(person, profile)
    yield Device(here), Device(there)
    password = {"password": cloud.ready["accounts"]["member"]["password"]}
    here.ask("POST", f"/v1/profiles/{first}/enter", password)
    here.tokens.renew()
    assert here.ask("POST", f"/v1/profiles/{profile}/delete", password).status_code == 204


def test_after_an_episode_every_device_goes_on_with_the_next(
    devices: tuple[Device, Device], series: dict[str, Any]
) -> None:
    here, there = devices
    first, second, last = (one["title_id"] for one in series["seasons"][0]["episodes"])
    here.begins(first, second, last)

    here.tells(first, (40.0, timedelta(minutes=3)))
    there.reached(first, 40.0)
    assert there.goes_on_with() == [(first, 40.0, False)]
    here.tells(first, (91.0, timedelta(minutes=2)))
    there.reached(first, 91.0)
    assert there.goes_on_with() == [(second, 0, True)]
    here.tells(second, (30.0, timedelta(minutes=1)))
    there.reached(second, 30.0)
    assert there.goes_on_with() == [(second, 30.0, False)]
    here.tells(last, (99.0, NOW))
    there.reached(last, 99.0)
    assert there.goes_on_with() == []
    assert there.history() == [last, second, first]


def test_a_device_that_was_offline_tells_later_and_the_later_watch_wins(
    devices: tuple[Device, Device], titles: dict[str, str]
) -> None:
    plane, home = devices
    film, other = titles["Spectrum"], titles["Big"]
    plane.begins(film, other)
    home.begins(film)
    home.tells(film, (60.0, timedelta(minutes=10)))
    home.reached(film, 60.0)

    plane.tells(film, *((seconds, timedelta(minutes=300 - seconds)) for seconds in range(1, 40)))
    plane.tells(other, (12.5, timedelta(hours=4)))

    home.reached(other, 12.5)
    assert place(home.person, film) == 60.0
    assert home.history() == [film, other]
    plane.tells(film, (45.0, timedelta(minutes=5)), (44.0, timedelta(minutes=6)))
    home.reached(film, 45.0)


def test_what_was_taken_out_of_the_history_does_not_come_back_by_what_is_told_late(
    devices: tuple[Device, Device], titles: dict[str, str]
) -> None:
    here, offline = devices
    film, other = titles["Spectrum"], titles["Big"]
    for device in devices:
        device.begins(film, other)
    here.tells(film, (50.0, timedelta(minutes=30)))
    here.tells(other, (20.0, timedelta(minutes=20)))
    here.reached(other, 20.0)

    assert here.person.ask("DELETE", f"/v1/history/{film}").status_code == 204
    assert here.person.ask("DELETE", f"/v1/history/{film}").status_code == 204
    offline.tells(film, (70.0, timedelta(minutes=5)))
    offline.tells(other, (25.0, timedelta(minutes=5)))

    here.reached(other, 25.0)
    assert (here.history(), place(here.person, film)) == ([other], None)
    assert here.goes_on_with() == [(other, 25.0, False)]

    assert here.person.ask("DELETE", "/v1/history").status_code == 204
    offline.tells(film, (71.0, timedelta(minutes=4)))
    offline.tells(other, (26.0, timedelta(minutes=4)))
    offline.tells(film, (10.0, NOW))
    here.reached(film, 10.0)
    assert here.history() == [film]
