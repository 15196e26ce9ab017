"""What a member sees of the catalogue, and the place they left a title at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.cloud import Person, RunningCloud


@pytest.fixture
def other_device(cloud: RunningCloud) -> Person:
    return Person(cloud, "member")


def reached(seconds: float, recorded_at: datetime) -> dict[str, object]:
    return {
        "position_seconds": seconds,
        "duration_seconds": 24.0,
        "recorded_at": recorded_at.isoformat(),
    }


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

    poster = httpx.get(f"{cloud.web}{title['poster_url']}")

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


def test_another_device_of_the_same_person_resumes_where_this_one_stopped(
    member: Person, other_device: Person, titles: dict[str, str]
) -> None:
    path = f"/v1/progress/{titles['Spectrum']}"

    kept = member.ask("PUT", path, reached(11.5, datetime.now(UTC)))

    assert kept.status_code == 204
    assert other_device.get(path)["position_seconds"] == 11.5
    assert [titles["Spectrum"]] == [
        point["title_id"]
        for point in other_device.get("/v1/progress")["progress"]
        if point["position_seconds"] == 11.5
    ]


def test_a_late_report_of_an_earlier_place_changes_nothing(
    member: Person, other_device: Person, titles: dict[str, str]
) -> None:
    path, now = f"/v1/progress/{titles['Spectrum']}", datetime.now(UTC)
    member.ask("PUT", path, reached(9, now))

    late = other_device.ask("PUT", path, reached(2, now - timedelta(minutes=1)))

    assert late.status_code == 204
    assert member.get(path)["position_seconds"] == 9


def test_a_place_is_nobody_elses_business(
    member: Person, staff: Person, titles: dict[str, str]
) -> None:
    path = f"/v1/progress/{titles['Big']}"
    member.ask("PUT", path, {**reached(3, datetime.now(UTC)), "duration_seconds": 15.9})

    answer = staff.ask("GET", path)

    assert (answer.status_code, answer.json()["code"]) == (404, "never_watched")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"position_seconds": -1}, "position_seconds"),
        ({"position_seconds": "5"}, "position_seconds"),
        ({"duration_seconds": 0}, "duration_seconds"),
        ({"recorded_at": "yesterday"}, "recorded_at"),
        ({"account_id": "acc_somebody"}, "account_id"),
    ],
)
def test_a_place_that_cannot_be_is_refused_by_name(
    member: Person, titles: dict[str, str], change: dict[str, object], field: str
) -> None:
    body = {**reached(5, datetime.now(UTC)), **change}

    answer = member.ask("PUT", f"/v1/progress/{titles['Spectrum']}", body)

    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_an_address_of_the_app_is_the_app_and_an_unknown_file_is_not(cloud: RunningCloud) -> None:
    page = httpx.get(f"{cloud.web}/watch/ttl_00000000000000000000000000")
    script = httpx.get(f"{cloud.web}/assets/no-such-script.js")

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html")
    assert script.status_code in (403, 404)
