"""Episodes are titles; the series that they make up is one, too."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from catalog.routes import routes
from catalog.service import Catalogue
from kernel.events.catalog import TitlePublished
from kernel.events.media import AssetDeleted, AssetReady
from kernel.web.payload import answering
from tests.fakes.catalog import FakeTitles
from tests.fakes.gateway import MEMBER, call


class House:
    """A catalogue that hears of assets, a minute apart."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.titles = FakeTitles()
        self.catalogue = Catalogue(self.titles, lambda: self.now)
        self._answer = answering(routes(self.catalogue))

    def hear(self, asset: str, season: int = 0, episode: int = 0, **changes: Any) -> None:
        place = {
            "series_id": "srs_tide",
            "series": changes.pop("series", "The Tide"),
            "season": season,
            "episode": episode,
        }
        ready = AssetReady(
            sequence=1,
            asset_id=f"ast_{asset}",
            title_name=f"Film {asset}",
            duration_seconds=61.5,
            path=f"m/ast_{asset}/v1",
            manifests={"dash": "main.mpd"},
            poster=f"art/ast_{asset}/v1/poster.jpg",
            heights=[240],
            episode_of=place if season else None,  # type: ignore[arg-type]  # as it is told
            maturity=changes.pop("maturity", 0),
        )
        self.catalogue.publish(AssetReady.from_detail(ready.to_detail()))
        self.now += timedelta(minutes=1)

    def delete(self, asset: str) -> None:
        self.catalogue.withdraw(AssetDeleted(sequence=2, asset_id=f"ast_{asset}"))

    def get(self, title_id: str | None = None, status: int = 200, **headers: str) -> dict[str, Any]:
        path = "/v1/titles" if title_id is None else f"/v1/titles/{title_id}"
        parameters = {} if title_id is None else {"title_id": title_id}
        event = call("GET", path, parameters=parameters, claims=MEMBER, headers=headers)
        answer = self._answer(event, None)
        assert answer["statusCode"] == status
        return {**json.loads(answer.get("body", "{}")), "etag": answer["headers"].get("etag")}

    def shelf(self) -> list[tuple[str, str]]:
        return [(one["kind"], one["name"]) for one in self.get()["titles"]]


@pytest.fixture
def house(now: datetime) -> House:
    return House(now)


def test_a_film_and_an_episode_say_what_they_are(house: House) -> None:
    house.hear("film")
    house.hear("one", 1, 1)

    film, episode = house.get("ttl_film"), house.get("ttl_one")

    assert (film["kind"], film["episode_of"]) == ("film", None)
    assert episode["kind"] == "episode"
    assert episode["episode_of"] == {
        "series_id": "srs_tide",
        "series": "The Tide",
        "season": 1,
        "episode": 1,
    }


def test_a_series_stands_among_the_titles_as_new_as_its_newest_episode(house: House) -> None:
    house.hear("one", 1, 1)
    house.hear("film")
    house.hear("two", 1, 2)

    assert house.shelf() == [
        ("episode", "Film two"),
        ("series", "The Tide"),
        ("film", "Film film"),
        ("episode", "Film one"),
    ]


def test_a_series_lists_its_seasons_and_episodes_in_order(house: House) -> None:
    for asset, season, episode in [("d", 2, 1), ("c", 1, 10), ("a", 1, 1), ("b", 1, 2)]:
        house.hear(asset, season, episode)

    series = house.get("srs_tide")

    assert [
        (season["season"], [episode["title_id"] for episode in season["episodes"]])
        for season in series["seasons"]
    ] == [(1, ["ttl_a", "ttl_b", "ttl_c"]), (2, ["ttl_d"])]
    assert (series["season_count"], series["episode_count"]) == (2, 4)
    assert series["poster_url"] == "/art/ast_a/v1/poster.jpg"


def test_a_series_has_its_name_as_its_newest_episode_has_it(house: House) -> None:
    house.hear("two", 1, 2, series="the tide")
    house.hear("one", 1, 1, series="The Tide")

    assert house.get("srs_tide")["name"] == "The Tide"


def test_a_series_that_a_client_has_is_not_sent_again_until_it_changes(house: House) -> None:
    house.hear("one", 1, 1)
    tag = house.get("srs_tide")["etag"]

    house.get("srs_tide", 304, **{"if-none-match": tag})
    house.hear("two", 1, 2)

    assert house.get("srs_tide", 200, **{"if-none-match": tag})["episode_count"] == 2


def test_a_deleted_episode_leaves_its_series_and_the_last_one_takes_it_along(house: House) -> None:
    house.hear("one", 1, 1)
    house.hear("two", 1, 2)

    house.delete("one")
    assert house.get("srs_tide")["episode_count"] == 1
    house.delete("two")

    assert house.shelf() == []
    assert house.get("srs_tide", 404)["code"] == "title_not_found"


def test_the_other_domains_are_told_the_place(house: House) -> None:
    house.hear("one", 1, 1)

    (told,) = house.titles.told
    assert isinstance(told, TitlePublished)
    assert told.episode_of == {
        "series_id": "srs_tide",
        "series": "The Tide",
        "season": 1,
        "episode": 1,
    }


def test_an_episode_stays_in_its_place_when_it_is_packaged_anew(house: House) -> None:
    house.hear("one", 1, 1)
    place = house.get("ttl_one")["episode_of"]
    known = house.titles.get("ttl_one")
    assert known is not None

    again = AssetReady(
        sequence=2,
        asset_id="ast_one",
        title_name=known.name,
        duration_seconds=61.5,
        path="m/ast_one/v2",
        manifests={"dash": "main.mpd"},
        poster=known.poster,
        heights=[240],
    )
    house.catalogue.publish(again)

    renewed = house.titles.get("ttl_one")
    assert renewed is not None
    assert renewed.path == "m/ast_one/v2"
    assert house.get("ttl_one")["episode_of"] == place
