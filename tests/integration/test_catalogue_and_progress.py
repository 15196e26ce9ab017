"""What a member sees of the catalogue, and the place they left a title at."""

from __future__ import annotations

import httpx
import pytest

from tests.beacons import watch
from tests.cloud import Person, RunningCloud


def test_the_demo_films_are_listed_with_what_a_card_needs(
    member: Person, titles: dict[str, str]
) -> None:
    listed = member.get("/v1/titles")["titles"]
    films = {title["title_id"]: title for title in listed if title["kind"] == "film"}

    big, spectrum = films[titles["Big"]], films[titles["Spectrum"]]
    assert big["name"] == "Big Buck Bunny, an excerpt"
    assert spectrum["name"] == "Spectrum"
    assert all(title["duration_seconds"] > 5 for title in (big, spectrum))


def test_a_poster_is_a_picture_that_anybody_may_see_and_keep(
    cloud: RunningCloud, member: Person, titles: dict[str, str]
) -> None:
    title = member.get(f"/v1/titles/{titles['Spectrum']}")

    poster = httpx.get(f"{cloud.web}{title['poster_url']}", timeout=30)

    assert poster.status_code == 200
    assert poster.headers["content-type"] == "image/jpeg"
    assert "immutable" in poster.headers["cache-control"]
    assert poster.content.startswith(b"\xff\xd8")


@pytest.mark.parametrize("path", ["/v1/titles", "/v1/titles/{Spectrum}"])
def test_what_did_not_change_is_not_sent_again(
    member: Person, titles: dict[str, str], path: str
) -> None:
    path = path.format(**titles)
    first = member.ask("GET", path)

    again = member.ask("GET", path, **{"if-none-match": first.headers["etag"]})
    other = member.ask("GET", path, **{"if-none-match": '"another"'})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert (other.status_code, other.json()) == (200, first.json())


def test_a_title_that_is_not_there_is_said_so(member: Person) -> None:
    answer = member.ask("GET", "/v1/titles/ttl_00000000000000000000000000")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "title_not_found"


def test_a_place_is_nobody_elses_business(
    member: Person, staff: Person, titles: dict[str, str]
) -> None:
    watch(member, titles["Big"], 3.0, duration=15.9)

    answer = staff.ask("GET", f"/v1/progress/{titles['Big']}")

    assert (answer.status_code, answer.json()["code"]) == (404, "never_watched")


def test_an_address_of_the_app_is_the_app_and_an_unknown_file_is_not(cloud: RunningCloud) -> None:
    page = httpx.get(f"{cloud.web}/watch/ttl_00000000000000000000000000", timeout=30)
    script = httpx.get(f"{cloud.web}/assets/no-such-script.js", timeout=30)

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html")
    assert script.status_code in (403, 404)
