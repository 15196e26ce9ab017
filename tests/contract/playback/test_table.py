"""Every store of plays keeps the same promises: the table's and the tests'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import create_autospec

import boto3
import pytest

from kernel.aws.json_client import DYNAMODB, AwsJson
from kernel.errors import ConflictError, UnavailableError
from playback.domain import MOST_LICENCES, UNTOLD, Allowance, EpisodeOf, Rights, Viewer
from playback.store import READ_ATTEMPTS, DynamoPlayback
from tests.contract.conftest import JsonClient
from tests.unit.playback.fakes import KEYS, TITLE, VIEWER, FakePlayback, session

Store = DynamoPlayback | FakePlayback


@pytest.fixture(params=["dynamodb", "fake"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        return FakePlayback()
    table_of: Callable[[str], str] = request.getfixturevalue("table_of")
    aws_json: JsonClient = request.getfixturevalue("aws_json")
    return DynamoPlayback(aws_json(DYNAMODB), table_of("playback"))


def test_a_title_comes_back_as_it_was_saved(store: Store) -> None:
    ending = replace(
        TITLE,
        rights=Rights(("IE",), TITLE.rights.starts_at, datetime.now(UTC)),
        episode_of=EpisodeOf("srs_1", "The Tide", 1, 2),
    )
    store.save_title(ending)

    assert store.facts("ttl_1", "acc_1").title == ending
    assert store.facts("ttl_2", "acc_1").title is None


def test_an_account_that_nobody_blocked_may_play(store: Store) -> None:
    assert store.facts("ttl_1", "acc_1").account_blocked is False


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

    assert store.facts("ttl_1", "acc_1").title is None

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


def test_a_play_comes_back_as_it_was_opened(store: Store, now: datetime) -> None:
    store.open(session(now))

    assert store.find("ses_1") == session(now)
    assert store.find("ses_2") is None


def test_a_plays_id_is_taken_once(store: Store, now: datetime) -> None:
    store.open(session(now))

    with pytest.raises(ConflictError):
        store.open(session(now, title_id="ttl_2"))

    assert store.find("ses_1") == session(now)


def test_the_first_end_of_a_play_stands(store: Store, now: datetime) -> None:
    store.open(session(now))

    assert store.end("ses_1", "acc_1", now + timedelta(minutes=1))
    assert store.end("ses_1", "acc_1", now + timedelta(minutes=2))

    assert store.find("ses_1") == session(now, ended_at=now + timedelta(minutes=1))


def test_another_account_ends_nothing(store: Store, now: datetime) -> None:
    store.open(session(now))

    assert not store.end("ses_1", "acc_2", now)
    assert not store.end("ses_2", "acc_1", now)
    assert store.find("ses_1") == session(now)
    assert store.find("ses_2") is None


def test_each_licence_of_a_play_is_counted(store: Store, now: datetime) -> None:
    store.open(session(now))

    assert store.use("ses_1", VIEWER, now) == session(now, licences=1)
    assert store.use("ses_1", VIEWER, now) == session(now, licences=2)


def test_a_play_has_no_licence_past_its_last(store: Store, now: datetime) -> None:
    store.open(session(now))
    for _ in range(MOST_LICENCES):
        assert store.use("ses_1", VIEWER, now)

    assert store.use("ses_1", VIEWER, now) is None


@pytest.mark.parametrize(
    "viewer",
    [
        Viewer("acc_2", "prf_1", "dev_1"),
        Viewer("acc_1", "prf_2", "dev_1"),
        Viewer("acc_1", "prf_1", "dev_2"),
    ],
)
def test_another_viewer_has_no_licence_of_a_play(
    store: Store, now: datetime, viewer: Viewer
) -> None:
    store.open(session(now))

    assert store.use("ses_1", viewer, now) is None


def test_a_play_that_ended_has_no_licence(store: Store, now: datetime) -> None:
    store.open(session(now))
    store.end("ses_1", "acc_1", now)

    assert store.use("ses_1", VIEWER, now) is None


def test_a_play_that_ran_out_has_no_licence_even_before_the_table_forgets_it(
    store: Store, now: datetime
) -> None:
    store.open(session(now))

    assert store.use("ses_1", VIEWER, session(now).expires_at) is None


def test_a_play_that_never_was_has_no_licence(store: Store, now: datetime) -> None:
    assert store.use("ses_1", VIEWER, now) is None
    assert store.find("ses_1") is None


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


def test_an_account_blocked_in_the_read_model_is_blocked(
    aws_json: JsonClient, table_of: Callable[[str], str]
) -> None:
    client, table = boto3.client("dynamodb"), table_of("playback")
    client.put_item(
        TableName=table,
        Item={"pk": {"S": "ACCOUNT#acc_1"}, "sk": {"S": "ACCOUNT"}, "blocked_at": {"N": "1"}},
    )

    store = DynamoPlayback(aws_json(DYNAMODB), table)
    assert store.facts("ttl_1", "acc_1").account_blocked


def test_a_plan_is_kept_unless_a_newer_one_is(store: Store) -> None:
    assert store.facts("ttl_1", "acc_1").allowance == UNTOLD

    store.save_allowance("acc_1", Allowance(streams=4, max_height=2160), 2)
    store.save_allowance("acc_1", Allowance(streams=1, max_height=720), 1)

    assert store.facts("ttl_1", "acc_1").allowance == Allowance(streams=4, max_height=2160)
    assert store.facts("ttl_1", "acc_2").allowance == UNTOLD


def test_a_deleted_account_may_not_play_and_its_plan_does_not_come_back(store: Store) -> None:
    store.save_allowance("acc_1", Allowance(streams=4, max_height=2160), 1)
    store.forget_account("acc_1", datetime.now(UTC))

    store.save_allowance("acc_1", Allowance(streams=4, max_height=2160), 2)

    facts = store.facts("ttl_1", "acc_1")
    assert facts.account_blocked
    assert facts.allowance == UNTOLD
