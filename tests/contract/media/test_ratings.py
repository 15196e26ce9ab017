"""A rating and what is told of it are one: whoever rates while a run publishes is not lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from kernel.clock import epoch_milliseconds
from media.domain import Asset, Package, Run, StaleRunError, UploadedObject, source_key
from media.ports import Assets
from media.store import DynamoAssets
from tests.contract.media.test_episodes import asset_of
from tests.fakes.media import FakeAssets

PACKAGE = Package("m/ast/v1", {"dash": "main.mpd"}, "art/poster.jpg", 10.0, (144,))


@pytest.fixture(params=["memory", "dynamodb"])
def assets(request: pytest.FixtureRequest) -> Assets:
    if request.param == "memory":
        return FakeAssets()
    table_of: Callable[[str], str] = request.getfixturevalue("table_of")
    return DynamoAssets(table_of("media"), "eu-west-1")


@pytest.fixture
def run(assets: Assets, now: datetime) -> Run:
    """Of an asset for 12 and older, which is under way."""
    made = asset_of(1, now, place=None)
    assets.add(made)
    assets.uploaded(made.asset_id, "checksum")
    key = source_key(made.asset_id)
    begun = Run(made.asset_id, "v1", "mezzanine", key)
    assert assets.begin_run(UploadedObject("mezzanine", key, "1"), begun, "execution", now)
    return begun


def publish(assets: Assets, run: Run, asset: Asset, now: datetime) -> None:
    assets.publish(run, PACKAGE, asset.ready(PACKAGE, epoch_milliseconds(now)), now)


def test_an_asset_is_rated_before_and_after_it_is_ready(
    assets: Assets, run: Run, now: datetime
) -> None:
    assert assets.rate(assets.get(run.asset_id), 6, now)
    assert assets.get(run.asset_id).maturity == 6

    publish(assets, run, assets.get(run.asset_id), now)
    assert assets.rate(assets.get(run.asset_id), 16, now + timedelta(seconds=1))

    assert assets.get(run.asset_id).maturity == 16


def test_a_run_does_not_publish_with_a_rating_that_was_changed_meanwhile(
    assets: Assets, run: Run, now: datetime
) -> None:
    read = assets.get(run.asset_id)
    assert assets.rate(read, 16, now)

    with pytest.raises(StaleRunError):
        publish(assets, run, read, now)
    publish(assets, run, assets.get(run.asset_id), now)


def test_an_asset_that_has_gone_on_is_read_again_before_it_is_rated(
    assets: Assets, run: Run, now: datetime
) -> None:
    read = assets.get(run.asset_id)
    publish(assets, run, read, now)

    assert not assets.rate(read, 16, now)
    assert not assets.rate(replace(assets.get(run.asset_id), maturity=3), 16, now)
    assert assets.get(run.asset_id).maturity == 12
