"""A place in a series belongs to one asset, in memory and in DynamoDB, whoever asks at once."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from datetime import datetime

import pytest

from kernel.events.media import AssetDeleted
from media.domain import Asset, AssetStatus, Failure, NotRetryableError
from media.episodes import EpisodeOf, EpisodeTakenError
from media.ports import Assets
from media.store import DynamoAssets
from tests.fakes.media import FakeAssets

PLACE = EpisodeOf("Ein Gezeitenspiel — 潮", 1, 12)
FAILURE = Failure("code", "What happened.", "What to do.")


@pytest.fixture(params=["memory", "dynamodb"])
def assets(request: pytest.FixtureRequest) -> Assets:
    if request.param == "memory":
        return FakeAssets()
    table_of: Callable[[str], str] = request.getfixturevalue("table_of")
    return DynamoAssets(table_of("media"), "eu-west-1")


def asset_of(number: int, now: datetime, place: EpisodeOf | None = PLACE) -> Asset:
    return Asset(
        asset_id=f"ast_{number:026}",
        name=f"Episode {number}",
        file_name="e.mp4",
        size_bytes=5,
        upload_id="upload",
        status=AssetStatus.UPLOADING,
        created_at=now,
        episode_of=place,
        maturity=12,
    )


@pytest.fixture
def first(assets: Assets, now: datetime) -> Asset:
    made = asset_of(1, now)
    assets.add(made)
    return made


def failed(assets: Assets, asset: Asset) -> Asset:
    assets.close(asset.asset_id, None, AssetStatus.FAILED, FAILURE)
    return assets.get(asset.asset_id)


def holder(assets: Assets) -> str | None:
    found = assets.at(PLACE)
    return None if found is None else found.asset_id


def test_an_episode_comes_back_with_its_place(assets: Assets, first: Asset) -> None:
    assert assets.get(first.asset_id).episode_of == PLACE
    assert assets.recent(10, None).assets[0].episode_of == PLACE
    assert assets.get(first.asset_id).maturity == 12
    assert assets.recent(10, None).assets[0].maturity == 12
    assert holder(assets) == first.asset_id
    assert assets.at(dataclasses.replace(PLACE, episode=13)) is None


def test_a_film_has_no_place(assets: Assets, now: datetime) -> None:
    assets.add(asset_of(1, now, place=None))

    assert assets.get(asset_of(1, now).asset_id).episode_of is None


def test_a_place_that_is_taken_is_refused_and_nothing_is_added(
    assets: Assets, first: Asset, now: datetime
) -> None:
    with pytest.raises(EpisodeTakenError):
        assets.add(asset_of(2, now))

    assert [one.asset_id for one in assets.recent(10, None).assets] == [first.asset_id]
    assert holder(assets) == first.asset_id


def test_the_place_of_what_stopped_is_taken_over(
    assets: Assets, first: Asset, now: datetime
) -> None:
    stopped = failed(assets, first)

    assets.add(asset_of(2, now), instead_of=stopped)

    assert holder(assets) == asset_of(2, now).asset_id


def test_what_was_tried_again_meanwhile_keeps_its_place(
    assets: Assets, first: Asset, now: datetime
) -> None:
    stopped = failed(assets, first)
    assets.reopen(first.asset_id, "execution-v2")

    with pytest.raises(EpisodeTakenError):
        assets.add(asset_of(2, now), instead_of=stopped)

    assert holder(assets) == first.asset_id


def test_what_lost_its_place_cannot_be_tried_again(
    assets: Assets, first: Asset, now: datetime
) -> None:
    assets.add(asset_of(2, now), instead_of=failed(assets, first))

    with pytest.raises(EpisodeTakenError):
        assets.reopen(first.asset_id, "execution-v2")

    assert assets.get(first.asset_id).status is AssetStatus.FAILED


def test_an_episode_that_goes_on_is_not_retryable_rather_than_taken(
    assets: Assets, first: Asset
) -> None:
    with pytest.raises(NotRetryableError):
        assets.reopen(first.asset_id, "execution-v2")


def test_a_deleted_episode_leaves_its_place(assets: Assets, first: Asset, now: datetime) -> None:
    failed(assets, first)
    assets.delete(first.asset_id, AssetDeleted(sequence=1, asset_id=first.asset_id), now)

    assert holder(assets) is None
    assets.add(asset_of(2, now))
    assert holder(assets) == asset_of(2, now).asset_id


def test_deleting_what_lost_its_place_leaves_it_to_the_other(
    assets: Assets, first: Asset, now: datetime
) -> None:
    assets.add(asset_of(2, now), instead_of=failed(assets, first))

    assets.delete(first.asset_id, AssetDeleted(sequence=1, asset_id=first.asset_id), now)

    assert holder(assets) == asset_of(2, now).asset_id


def test_deleting_what_lost_its_content_leaves_it_to_the_other(
    assets: Assets, now: datetime
) -> None:
    for number in (1, 2):
        assets.add(asset_of(number, now, place=None))
    lost, other = (asset_of(number, now).asset_id for number in (1, 2))
    assets.uploaded(lost, "checksum")
    assets.close(lost, None, AssetStatus.FAILED, FAILURE)
    assets.claim_content(other, "checksum", instead_of=lost)

    assets.delete(lost, AssetDeleted(sequence=1, asset_id=lost), now)

    assert assets.claim_content(lost, "checksum") == other


@pytest.mark.parametrize("stopped_before", [False, True])
def test_of_many_who_ask_at_once_one_gets_the_place(
    table_of: Callable[[str], str], now: datetime, *, stopped_before: bool
) -> None:
    assets = DynamoAssets(table_of("media"), "eu-west-1")
    stopped = None
    if stopped_before:
        assets.add(asset_of(0, now))
        stopped = failed(assets, asset_of(0, now))
    together, outcomes = threading.Barrier(8), []

    def ask(number: int) -> None:
        together.wait()
        try:
            assets.add(asset_of(number, now), instead_of=stopped)
            outcomes.append(asset_of(number, now).asset_id)
        except EpisodeTakenError:
            outcomes.append(None)

    threads = [threading.Thread(target=ask, args=[number]) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 8
    assert [one for one in outcomes if one] == [holder(assets)]
