"""Nobody is shown, or told of by its id, what is above their profile's age limit."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import Any

import pytest

from catalog.domain import Title, new_title
from catalog.routes import routes
from kernel.events.catalog import TitlePublished
from kernel.events.media import AssetReady
from kernel.web.payload import answering
from tests.fakes.gateway import MEMBER, call
from tests.unit.catalog.test_catalogue import READY
from tests.unit.catalog.test_series import House

TEEN = {"maturity": "12", "kids": "false"}
CHILD = {"maturity": "6", "kids": "true"}


@pytest.fixture
def house(now: datetime) -> House:
    """A film for each age; a series of which one episode is for 6 and one for 12."""
    house = House(now)
    for age in (0, 6, 12, 16):
        house.hear(f"for{age}", maturity=age)
    house.hear("one", 1, 1, maturity=6)
    house.hear("two", 1, 2, maturity=12)
    return house


def ask(
    house: House, changes: dict[str, Any], title_id: str | None = None
) -> tuple[int, dict[str, Any]]:
    claims = {name: value for name, value in {**MEMBER, **changes}.items() if value is not None}
    parameters = {} if title_id is None else {"title_id": title_id}
    event = call("GET", "/v1/titles", parameters=parameters, claims=claims)
    answer = answering(routes(house.catalogue))(event, None)
    return answer["statusCode"], json.loads(answer["body"])


def listed(house: House, changes: dict[str, Any]) -> set[str]:
    return {one["title_id"] for one in ask(house, changes)[1]["titles"]}


def test_the_shelf_leaves_out_what_is_above_the_limit(house: House) -> None:
    assert listed(house, TEEN) == {
        *("ttl_for0", "ttl_for6", "ttl_for12"),
        *("ttl_one", "ttl_two", "srs_tide"),
    }
    assert listed(house, CHILD) == {"ttl_for0", "ttl_for6", "ttl_one", "srs_tide"}
    assert listed(house, {"maturity": "0", "kids": "true"}) == {"ttl_for0"}


def test_a_series_is_the_episodes_that_may_be_seen(house: House) -> None:
    _, shown = ask(house, CHILD, "srs_tide")

    assert [one["title_id"] for one in shown["seasons"][0]["episodes"]] == ["ttl_one"]
    assert shown["episode_count"] == 1


@pytest.mark.parametrize("title_id", ["ttl_for16", "srs_tide"])
def test_what_is_above_the_limit_is_refused_by_its_id(house: House, title_id: str) -> None:
    limit = {"maturity": "0"}

    for kids, code in (("true", "above_maturity"), ("false", "pin_required")):
        status, refused = ask(house, {**limit, "kids": kids}, title_id)
        assert (status, refused["code"]) == (403, code)
        assert "Film" not in json.dumps(refused)


@pytest.mark.parametrize("title_id", [None, "ttl_for0", "srs_tide"])
@pytest.mark.parametrize(
    "changes", [{"maturity": None}, {"kids": None}, {"maturity": "all"}, {"kids": ""}]
)
def test_a_token_that_says_no_limit_is_shown_nothing(
    house: House, changes: dict[str, Any], title_id: str | None
) -> None:
    assert ask(house, changes, title_id)[0] == 401


def test_what_nobody_has_rated_is_for_those_who_may_see_everything(now: datetime) -> None:
    told = READY.to_detail()
    del told["maturity"]
    title: Title = new_title(AssetReady.from_detail(told), now)

    assert title.maturity == 18
    published = title.published(now).to_detail()
    assert published.pop("maturity") == 18
    assert TitlePublished.from_detail(published).maturity == 18


def test_another_rating_of_the_asset_is_the_titles(house: House) -> None:
    again = dataclasses.replace(READY, sequence=9, asset_id="ast_for0", maturity=16)
    house.catalogue.publish(again)

    assert "ttl_for0" not in listed(house, TEEN)
    assert house.titles.told[-1].maturity == 16
