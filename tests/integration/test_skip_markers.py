"""Staff mark where the credits begin: progress counts by it, and players are told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.beacons import watch
from tests.cloud import Person, eventually

FOLLOWS_SECONDS = 90
"""Readers of the catalogue's events, and a minute in which progress remembers a title."""

MARKERS = {
    "intro": {"starts_at_seconds": 1, "ends_at_seconds": 6},
    "credits_at_seconds": 10,
}


def goes_on_with(person: Person, title_ids: list[str]) -> list[tuple[str, bool]]:
    listed = person.get("/v1/progress")["continue_watching"]
    return [(one["title_id"], one["is_next"]) for one in listed if one["title_id"] in title_ids]


def test_what_was_ingested_with_markers_has_them_for_members_players_and_staff(
    member: Person, staff: Person, marked: list[str]
) -> None:
    first, second = marked

    assert member.get(f"/v1/titles/{first}")["markers"] == MARKERS
    kept = staff.get(f"/v1/titles/{first}/markers")
    assert {name: kept[name] for name in MARKERS} == MARKERS
    assert member.get(f"/v1/titles/{second}")["markers"] == {
        "intro": None,
        "credits_at_seconds": None,
    }

    def told() -> bool:
        play = member.play(first).answer
        member.leave(play["session_id"])
        return bool(play["title"]["markers"] == MARKERS)

    eventually(told, FOLLOWS_SECONDS, "the markers in a start")


def test_an_episode_that_was_left_in_its_credits_is_finished_and_the_next_one_follows(
    member: Person, marked: list[str]
) -> None:
    first, second = marked

    watch(member, first, 9.9, duration=14.0)
    assert goes_on_with(member, marked) == [(first, False)]

    watch(member, first, 10.5, duration=14.0)

    def finished() -> bool:
        return bool(member.get(f"/v1/progress/{first}")["finished"])

    eventually(finished, FOLLOWS_SECONDS, "credits")
    assert goes_on_with(member, marked) == [(second, True)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"credits_at_seconds": 15}, "credits_at_seconds"),
        ({"credits_at_seconds": 5}, "credits_at_seconds"),
        ({"intro": {"starts_at_seconds": 6, "ends_at_seconds": 1}}, "intro.ends_at_seconds"),
        ({"intro": {"starts_at_seconds": 1, "ends_at_seconds": 11}}, "intro.ends_at_seconds"),
    ],
)
def test_markers_that_contradict_each_other_or_the_film_are_refused_and_named(
    staff: Person, marked: list[str], changes: dict[str, Any], field: str
) -> None:
    path = f"/v1/titles/{marked[0]}/markers"

    refused = staff.ask("PUT", path, {**MARKERS, **changes})

    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["field"] == field
    assert staff.get(path)["credits_at_seconds"] == 10


def test_members_can_neither_set_nor_read_them_there(member: Person, marked: list[str]) -> None:
    path = f"/v1/titles/{marked[0]}/markers"

    assert member.ask("PUT", path, MARKERS).status_code == 403
    assert member.ask("GET", path).status_code == 403
