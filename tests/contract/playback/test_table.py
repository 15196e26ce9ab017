"""Every store of plays keeps the same promises: the table's and the tests'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import create_autospec

import boto3
import pytest

from kernel.aws.json_client import DYNAMODB, AwsJson
from kernel.errors import UnavailableError
from playback.devices import ManifestClass
from playback.domain import UNTOLD, Allowance, EpisodeOf, Markers, Rights, Span
from playback.store import READ_ATTEMPTS, DynamoPlayback
from tests.contract.conftest import JsonClient
from tests.contract.playback.conftest import Store
from tests.unit.playback.fakes import KEYS, TITLE


def test_a_title_comes_back_as_it_was_saved(store: Store) -> None:
    ending = replace(
        TITLE,
        rights=Rights(("IE",), TITLE.rights.starts_at, datetime.now(UTC)),
        episode_of=EpisodeOf("srs_1", "The Tide", 1, 2),
        markers=Markers(Span(4.5, 20.0), 55.0),
        classes=(
            ManifestClass("dash", "dash.avc.sd.mpd", frozenset({"avc1"}), frozenset({"SDR"}), "SD"),
        ),
        maturity=12,
    )
    store.save_title(ending)

    assert store.facts("ttl_1", "acc_1").title == ending
    assert store.facts("ttl_2", "acc_1").title is None


def test_an_older_title_does_not_replace_a_newer_one(store: Store) -> None:
    store.save_title(replace(TITLE, name="Newer"))

    store.save_title(replace(TITLE, sequence=TITLE.sequence - 1, name="Older"))
    store.save_title(replace(TITLE, name="Twice"))

    title = store.facts("ttl_1", "acc_1").title
    assert title is not None
    assert title.name == "Newer"


def test_a_withdrawn_title_is_not_there_until_it_is_published_anew(store: Store) -> None:
    store.save_title(TITLE)
    store.withdraw_title("ttl_1", TITLE.sequence + 1)

    facts = store.facts("ttl_1", "acc_1")
    assert (facts.title, facts.was_withdrawn) == (None, True)
    assert not store.facts("ttl_2", "acc_1").was_withdrawn

    anew = replace(TITLE, sequence=TITLE.sequence + 2)
    store.save_title(anew)
    assert store.facts("ttl_1", "acc_1").title == anew


def test_an_older_withdrawal_takes_no_title_away(store: Store) -> None:
    store.save_title(TITLE)

    store.withdraw_title("ttl_1", TITLE.sequence)

    assert store.facts("ttl_1", "acc_1").title == TITLE


@pytest.mark.parametrize("keys_first", [True, False])
def test_keys_reach_a_title_whichever_comes_first(store: Store, *, keys_first: bool) -> None:
    def save_keys() -> None:
        store.save_keys(KEYS)
        store.join("ast_1")

    def save_title() -> None:
        store.save_title(TITLE)
        store.join("ast_1")

    for save in [save_keys, save_title] if keys_first else [save_title, save_keys]:
        save()

    assert store.facts("ttl_1", "acc_1").title == replace(TITLE, keys=KEYS)


def test_older_keys_do_not_replace_newer_ones(store: Store) -> None:
    store.save_title(TITLE)
    for keys in (replace(KEYS, sequence=5), replace(KEYS, sequence=4, keys=())):
        store.save_keys(keys)
        store.join("ast_1")

    title = store.facts("ttl_1", "acc_1").title
    assert title is not None
    assert title.keys == replace(KEYS, sequence=5)


def test_a_title_that_changes_its_asset_gets_the_new_assets_keys(store: Store) -> None:
    other = replace(KEYS, content_id="ast_2", sequence=0)
    store.save_keys(KEYS)
    store.save_keys(other)
    store.save_title(TITLE)
    store.join("ast_1")

    store.save_title(replace(TITLE, sequence=11, asset_id="ast_2"))
    store.join("ast_2")
    store.join("ast_1")

    title = store.facts("ttl_1", "acc_1").title
    assert title is not None
    assert title.keys == other


def test_a_read_that_stays_incomplete_is_unavailable_not_an_unknown_title() -> None:
    unread = {"playback": {"Keys": [{"pk": {"S": "TITLE#ttl_1"}, "sk": {"S": "TITLE"}}]}}
    dynamodb = create_autospec(AwsJson, instance=True)
    dynamodb.call.return_value = {"Responses": {}, "UnprocessedKeys": unread}

    with pytest.raises(UnavailableError):
        DynamoPlayback(dynamodb, "playback").facts("ttl_1", "acc_1")

    assert dynamodb.call.call_count == READ_ATTEMPTS


def test_every_title_of_an_asset_gets_its_keys_however_many_pages_they_fill(
    aws_json: JsonClient, table_of: Callable[[str], str]
) -> None:
    table = table_of("playback")
    store = DynamoPlayback(aws_json(DYNAMODB), table)
    # An item holds 400 KB and a page 1 MB.
    for number in range(3):
        padded = {"pk": {"S": "CONTENT#ast_1"}, "sk": {"S": f"TITLE#{number}"}}
        boto3.client("dynamodb").put_item(
            TableName=table, Item={**padded, "padding": {"S": "x" * 390_000}}
        )
    store.save_title(TITLE)

    store.save_keys(KEYS)
    store.join(KEYS.content_id)

    assert store.facts("ttl_1", "acc_1").title == replace(TITLE, keys=KEYS)


def test_a_plan_is_kept_unless_a_newer_one_is(store: Store) -> None:
    assert store.facts("ttl_1", "acc_1").account.allowance == UNTOLD

    store.save_allowance("acc_1", Allowance(streams=4, max_height=2160), 2)
    store.save_allowance("acc_1", Allowance(streams=1, max_height=720), 1)

    assert store.facts("ttl_1", "acc_1").account.allowance == Allowance(streams=4, max_height=2160)
    assert store.facts("ttl_1", "acc_2").account.allowance == UNTOLD


def test_a_deleted_account_may_not_play_and_its_plan_does_not_come_back(store: Store) -> None:
    store.save_allowance("acc_1", Allowance(streams=4, max_height=2160), 1)
    store.forget_account("acc_1", datetime.now(UTC))

    store.save_allowance("acc_1", Allowance(streams=4, max_height=2160), 2)

    facts = store.facts("ttl_1", "acc_1")
    assert facts.account.is_blocked
    assert facts.account.allowance == UNTOLD
