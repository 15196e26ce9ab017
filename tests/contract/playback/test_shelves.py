"""Every store of what devices keep makes the same promises: the table's and the tests'."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kernel.aws.json_client import DYNAMODB
from playback.domain import REMEMBERED_GONE
from playback.downloads.domain import Download, Shelf, TooManyDownloadsError
from playback.downloads.store import DynamoShelves
from tests.contract.conftest import JsonClient
from tests.unit.playback.fakes import TITLE, FakeShelves

Store = DynamoShelves | FakeShelves

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FILM = Download("dwl_1", "ttl_1", "Ein Film — 映画", NOW, NOW + timedelta(days=30))


@pytest.fixture(params=["dynamodb", "fake"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        return FakeShelves()
    table_of: Callable[[str], str] = request.getfixturevalue("table_of")
    aws_json: JsonClient = request.getfixturevalue("aws_json")
    return DynamoShelves(aws_json(DYNAMODB), table_of("playback"))


def keep(store: Store, *films: Download, device_id: str = "dev_1") -> None:
    shelf = store.shelf("acc_1", device_id)
    assert store.save(replace(shelf, downloads={one.title_id: one for one in films}))


def test_a_shelf_comes_back_as_it_was_saved(store: Store) -> None:
    begun = replace(FILM, title_id="ttl_2", first_played_at=NOW + timedelta(hours=1))

    keep(store, FILM, begun)

    films = {"ttl_1": FILM, "ttl_2": begun}
    assert store.shelf("acc_1", "dev_1") == Shelf("acc_1", "dev_1", films, 1)
    assert store.shelf("acc_1", "dev_2") == Shelf("acc_1", "dev_2")
    assert store.shelf("acc_2", "dev_1") == Shelf("acc_2", "dev_1")


def test_all_shelves_of_an_account_are_found_and_no_others(store: Store) -> None:
    keep(store, FILM)
    keep(store, FILM, device_id="dev_2")

    assert {shelf.device_id for shelf in store.shelves("acc_1")} == {"dev_1", "dev_2"}
    assert list(store.shelves("acc_2")) == []


def test_a_shelf_that_was_changed_since_it_was_read_is_not_overwritten(store: Store) -> None:
    empty = store.shelf("acc_1", "dev_1")
    keep(store, FILM)

    assert not store.save(empty)
    stale = store.shelf("acc_1", "dev_1")
    keep(store)
    assert not store.save(stale)
    assert store.shelf("acc_1", "dev_1").downloads == {}


def test_a_removed_device_keeps_nothing_and_is_not_written_again(store: Store) -> None:
    keep(store, FILM)
    held = store.shelf("acc_1", "dev_1")

    store.device_removed("acc_1", "dev_1", NOW)

    assert store.shelf("acc_1", "dev_1").is_removed
    assert store.shelf("acc_1", "dev_1").downloads == {}
    assert not store.save(held)
    assert not store.save(Shelf("acc_1", "dev_1", {"ttl_1": FILM}))


def test_a_device_may_come_back_and_an_older_removal_told_late_changes_nothing(
    store: Store,
) -> None:
    store.device_removed("acc_1", "dev_1", NOW)
    store.device_registered("acc_1", "dev_1", NOW + timedelta(seconds=1))
    keep(store, FILM)

    store.device_removed("acc_1", "dev_1", NOW)
    store.device_registered("acc_1", "dev_1", NOW - timedelta(seconds=1))

    assert list(store.shelf("acc_1", "dev_1").downloads) == ["ttl_1"]
    assert not store.shelf("acc_1", "dev_1").is_removed


def test_an_older_registration_told_late_does_not_bring_a_device_back(store: Store) -> None:
    store.device_removed("acc_1", "dev_1", NOW)

    store.device_registered("acc_1", "dev_1", NOW - timedelta(seconds=1))

    assert store.shelf("acc_1", "dev_1").is_removed


def test_a_device_that_is_told_of_late_or_again_keeps_what_it_keeps_as_long(
    aws_json: JsonClient, table_of: Callable[[str], str]
) -> None:
    dynamodb, table_name = aws_json(DYNAMODB), table_of("playback")
    store = DynamoShelves(dynamodb, table_name)

    def expires_at() -> str:
        key = {"pk": {"S": "DOWNLOADS#acc_1"}, "sk": {"S": "DEVICE#dev_1"}}
        answer = dynamodb.call("GetItem", TableName=table_name, Key=key, ConsistentRead=True)
        return str(answer["Item"]["expires_at"]["N"])

    store.device_registered("acc_1", "dev_1", NOW)
    assert expires_at() == str(int((NOW + REMEMBERED_GONE).timestamp()))
    keep(store, FILM)
    store.device_registered("acc_1", "dev_1", NOW + timedelta(seconds=1))

    assert expires_at() == str(int((FILM.expires_at + REMEMBERED_GONE).timestamp()))
    assert list(store.shelf("acc_1", "dev_1").downloads) == ["ttl_1"]


def test_a_deleted_account_has_no_shelf(store: Store) -> None:
    keep(store, FILM)
    keep(store, FILM, device_id="dev_2")

    store.account_deleted("acc_1")
    store.account_deleted("acc_1")

    assert list(store.shelves("acc_1")) == []


@pytest.mark.race
def test_twelve_grants_at_once_fill_no_more_than_the_plan_allows(
    aws_json: JsonClient, table_of: Callable[[str], str]
) -> None:
    table_name = table_of("playback")

    def grant(number: int) -> bool:
        store = DynamoShelves(aws_json(DYNAMODB), table_name)
        title = replace(TITLE, title_id=f"ttl_{number}")
        while True:
            shelf = store.shelf("acc_1", "dev_1")
            try:
                granted = shelf.granted(title, f"dwl_{number}", 2, NOW)
            except TooManyDownloadsError:
                return False
            if store.save(granted):
                return True

    with ThreadPoolExecutor(6) as together:
        admitted = list(together.map(grant, range(12)))

    assert sum(admitted) == 2
    kept = DynamoShelves(aws_json(DYNAMODB), table_name).shelf("acc_1", "dev_1")
    assert len(kept.downloads) == 2
