"""Leases as the table keeps them and as the tests' store does: one atomic write each."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from kernel.aws.json_client import DYNAMODB, AwsJson, TransactionCancelledError
from kernel.clock import epoch_milliseconds, moment_of
from kernel.errors import UnavailableError
from kernel.ids import time_of
from playback.domain import MOST_LICENCES, REMEMBERED_GONE, Allowance, Session, Viewer
from playback.leases import LEASE, MOST_ENDS, TOKENS_LIVE, Account, End, Reason
from playback.revocation import Revocation
from playback.store import DynamoPlayback
from tests.contract.conftest import JsonClient
from tests.contract.playback.conftest import Store
from tests.unit.playback.fakes import FAMILY, KEYS, TITLE, VIEWER, session, viewer_on

TWO_SCREENS = Allowance(streams=2, max_height=1080)


def opened(store: Store, play: Session, now: datetime, **giving_way: Reason) -> bool:
    return store.open(play, store.account(play.viewer.account_id), giving_way, now)


def play(now: datetime, number: int) -> Session:
    return session(now, session_id=f"ses_{number}", viewer=viewer_on(number))


def test_a_play_comes_back_as_it_was_opened(store: Store, now: datetime) -> None:
    assert opened(store, session(now), now)

    assert store.account("acc_1").plays == {"ses_1": session(now)}
    assert store.account("acc_2").plays == {}
    assert store.facts("ttl_1", "acc_1").account == store.account("acc_1")
    kept = store.account("acc_1").plays["ses_1"].viewer
    assert (kept.family_id, kept.has_place) == (FAMILY, True)


def test_a_plays_id_is_taken_once(store: Store, now: datetime) -> None:
    store.save_allowance("acc_1", TWO_SCREENS, 1)
    assert opened(store, session(now), now)

    assert not opened(store, session(now, title_id="ttl_2"), now)

    assert store.account("acc_1").plays == {"ses_1": session(now)}


def test_a_play_that_has_ended_does_not_begin_again(store: Store, now: datetime) -> None:
    store.save_allowance("acc_1", TWO_SCREENS, 1)
    opened(store, play(now, 2), now)
    before = store.account("acc_1")
    opened(store, play(now, 1), now)
    store.leave("ses_1", "acc_1", now)

    assert not store.open(play(now, 1), before, {}, now)

    assert set(store.account("acc_1").plays) == {"ses_2"}


@pytest.mark.parametrize("screens", [1, 2])
def test_no_plan_has_a_screen_more_whatever_was_read_before(
    store: Store, now: datetime, screens: int
) -> None:
    store.save_allowance("acc_1", Allowance(screens, 1080), 1)
    empty = store.account("acc_1")
    assert store.open(play(now, 0), empty, {}, now)
    with_room = replace(store.account("acc_1"), plays={})
    for number in range(1, screens):
        assert store.open(play(now, number), with_room, {}, now)

    assert not store.open(play(now, 8), with_room, {}, now)
    assert not store.open(play(now, 9), empty, {}, now)

    assert len(store.account("acc_1").plays) == screens


def test_a_play_gives_way_to_another_in_the_same_step(store: Store, now: datetime) -> None:
    opened(store, play(now, 1), now)

    assert opened(store, play(now, 2), now, ses_1="taken_over")

    account = store.account("acc_1")
    assert set(account.plays) == {"ses_2"}
    assert account.ended == {"ses_1": End(now, "taken_over")}


def test_what_has_ended_meanwhile_cannot_give_way_once_more(store: Store, now: datetime) -> None:
    opened(store, play(now, 1), now)
    before = store.account("acc_1")
    assert store.open(play(now, 2), before, {"ses_1": "taken_over"}, now)

    assert not store.open(play(now, 3), before, {"ses_1": "taken_over"}, now)

    assert set(store.account("acc_1").plays) == {"ses_2"}


def test_a_silent_device_that_spoke_meanwhile_keeps_its_screen(store: Store, now: datetime) -> None:
    opened(store, play(now, 1), now)
    later = now + LEASE
    before = store.account("acc_1")
    store.renew("ses_1", viewer_on(1), later + LEASE)

    assert not store.open(play(later, 2), before, {"ses_1": "lapsed"}, later)

    assert set(store.account("acc_1").plays) == {"ses_1"}


def test_a_device_that_stayed_silent_loses_it(store: Store, now: datetime) -> None:
    opened(store, play(now, 1), now)

    assert opened(store, play(now + LEASE, 2), now + LEASE, ses_1="lapsed")

    assert store.account("acc_1").ended["ses_1"].reason == "lapsed"


def test_only_so_many_ends_are_remembered(store: Store, now: datetime) -> None:
    for number in range(MOST_ENDS + 3):
        at = now + timedelta(seconds=number)
        assert opened(store, play(at, number), at)
        assert store.leave(f"ses_{number}", "acc_1", at)

    ended = store.account("acc_1").ended
    assert MOST_ENDS <= len(ended) <= MOST_ENDS + 1
    assert "ses_0" not in ended
    assert f"ses_{MOST_ENDS + 2}" in ended


def test_a_lease_is_renewed_and_never_shortened(store: Store, now: datetime) -> None:
    opened(store, session(now), now)
    later = now + timedelta(seconds=120)

    renewed = store.renew("ses_1", VIEWER, later + LEASE)

    assert renewed == session(now, held_until=later + LEASE)
    assert store.renew("ses_1", VIEWER, now + LEASE) is None
    assert store.account("acc_1").plays["ses_1"].held_until == later + LEASE


@pytest.mark.parametrize(
    "viewer",
    [
        Viewer("acc_2", "prf_1", "dev_1"),
        Viewer("acc_1", "prf_2", "dev_1"),
        Viewer("acc_1", "prf_1", "dev_2"),
    ],
)
def test_nobody_else_renews_it_or_has_a_licence_of_it(
    store: Store, now: datetime, viewer: Viewer
) -> None:
    opened(store, session(now), now)

    assert store.renew("ses_1", viewer, now + 2 * LEASE) is None
    assert store.use("ses_1", viewer, now) is None
    assert store.account("acc_1").plays == {"ses_1": session(now)}


def test_a_renewal_passes_by_whoever_else_begins_or_ends(store: Store, now: datetime) -> None:
    store.save_allowance("acc_1", TWO_SCREENS, 1)
    opened(store, play(now, 1), now)
    opened(store, play(now, 2), now)
    store.leave("ses_2", "acc_1", now)

    assert store.renew("ses_1", viewer_on(1), now + 2 * LEASE)


def test_a_play_that_ended_is_not_renewed_and_ends_once(store: Store, now: datetime) -> None:
    opened(store, session(now), now)

    assert store.leave("ses_1", "acc_1", now)

    assert not store.leave("ses_1", "acc_1", now + timedelta(minutes=1))
    assert store.renew("ses_1", VIEWER, now + 2 * LEASE) is None
    assert store.account("acc_1").ended == {"ses_1": End(now, "left")}


def test_another_account_ends_nothing(store: Store, now: datetime) -> None:
    opened(store, session(now), now)

    assert not store.leave("ses_1", "acc_2", now)
    assert not store.leave("ses_2", "acc_1", now)
    assert set(store.account("acc_1").plays) == {"ses_1"}


def test_each_licence_of_a_play_is_counted(store: Store, now: datetime) -> None:
    opened(store, session(now), now)

    assert store.use("ses_1", VIEWER, now) == session(now, licences=1)
    assert store.use("ses_1", VIEWER, now) == session(now, licences=2)


def test_a_licence_that_was_not_had_is_given_back(store: Store, now: datetime) -> None:
    opened(store, session(now), now)
    for _ in range(MOST_LICENCES):
        store.use("ses_1", VIEWER, now)

    store.give_back("ses_1", viewer_on(2))
    assert store.use("ses_1", VIEWER, now) is None
    store.give_back("ses_1", VIEWER)

    assert store.use("ses_1", VIEWER, now) == session(now, licences=MOST_LICENCES)
    assert store.use("ses_1", VIEWER, now) is None


def test_nothing_is_given_back_of_what_was_not_counted(store: Store, now: datetime) -> None:
    opened(store, session(now), now)

    store.give_back("ses_1", VIEWER)
    store.give_back("ses_never", VIEWER)

    assert store.account("acc_1").plays == {"ses_1": session(now)}


def test_a_play_has_no_licence_past_its_last(store: Store, now: datetime) -> None:
    opened(store, session(now), now)
    for _ in range(MOST_LICENCES):
        assert store.use("ses_1", VIEWER, now)

    assert store.use("ses_1", VIEWER, now) is None


def leave(store: Store, now: datetime) -> datetime:
    store.leave("ses_1", "acc_1", now)
    return now


def fall_silent(_: Store, now: datetime) -> datetime:
    return now + LEASE


def run_out(store: Store, now: datetime) -> datetime:
    store.renew("ses_1", VIEWER, session(now).expires_at + LEASE)
    return session(now).expires_at


def be_blocked(store: Store, now: datetime) -> datetime:
    store.block("acc_1", epoch_milliseconds(now))
    return now


@pytest.mark.parametrize("lose_it", [leave, fall_silent, run_out, be_blocked])
def test_without_its_lease_a_play_has_no_licence(
    store: Store, now: datetime, lose_it: Callable[[Store, datetime], datetime]
) -> None:
    opened(store, session(now), now)

    then = lose_it(store, now)

    assert store.use("ses_1", VIEWER, then) is None


def test_a_play_that_never_was_has_nothing(store: Store, now: datetime) -> None:
    assert store.use("ses_1", VIEWER, now) is None
    assert store.renew("ses_1", VIEWER, now) is None
    assert not store.leave("ses_1", "acc_1", now)
    assert store.account("acc_1") == Account("acc_1", is_new=True)


def test_the_keys_of_a_play_stay_with_its_asset(store: Store) -> None:
    store.save_keys(KEYS)

    assert store.keys("ast_1") == KEYS
    assert store.keys("ast_2") is None


def sign_out(store: Store, at: datetime) -> None:
    store.sign_out("acc_1", FAMILY, at)


def sign_out_everywhere(store: Store, at: datetime) -> None:
    store.sign_out_everywhere("acc_1", at)


def remove_device(store: Store, at: datetime) -> None:
    store.sign_out("acc_1", VIEWER.device_id, at)


def block(store: Store, at: datetime) -> None:
    store.block("acc_1", epoch_milliseconds(at))


@pytest.mark.parametrize("begun_before", [True, False])
@pytest.mark.parametrize("lose_right", [sign_out, sign_out_everywhere, remove_device, block])
def test_who_lost_the_right_after_it_was_read_is_not_admitted(
    store: Store,
    now: datetime,
    lose_right: Callable[[Store, datetime], None],
    *,
    begun_before: bool,
) -> None:
    store.save_allowance("acc_1", TWO_SCREENS, 1)
    if begun_before:
        opened(store, play(now, 2), now)
    before = store.account("acc_1")

    lose_right(store, now)

    assert not store.open(session(now), before, {}, now)
    assert "ses_1" not in store.account("acc_1").plays


@pytest.mark.parametrize("lose_right", [sign_out_everywhere, remove_device])
def test_who_signs_in_again_is_admitted(
    store: Store, now: datetime, lose_right: Callable[[Store, datetime], None]
) -> None:
    lose_right(store, time_of(FAMILY) - timedelta(milliseconds=1))

    assert opened(store, session(now), now)


def test_a_sign_in_is_remembered_to_have_ended_as_long_as_its_tokens_live(
    store: Store, now: datetime
) -> None:
    store.save_allowance("acc_1", TWO_SCREENS, 1)
    opened(store, play(now, 1), now)

    account = store.sign_out("acc_1", "fam_01other", now)
    assert account.signed_out == {"fam_01other": now}

    opened(store, play(now + TOKENS_LIVE, 2), now + TOKENS_LIVE)
    assert store.account("acc_1").signed_out == {}


def test_the_latest_word_on_a_block_stands(store: Store) -> None:
    assert store.block("acc_1", 5).is_blocked
    store.unblock("acc_1", 4)
    assert store.account("acc_1").is_blocked

    store.unblock("acc_1", 6)
    assert not store.block("acc_1", 5).is_blocked


def test_a_deleted_account_stays_blocked_and_keeps_nothing(store: Store, now: datetime) -> None:
    opened(store, session(now), now)
    store.save_device("acc_1", "dev_1", "Kitchen", 1)
    store.forget_account("acc_1", now)

    store.unblock("acc_1", epoch_milliseconds(now) + 1)

    account = store.account("acc_1")
    assert account.is_blocked
    assert account.plays == {}
    assert store.names([session(now)]).devices == {}


def test_devices_and_titles_are_called_by_their_latest_names(store: Store, now: datetime) -> None:
    store.save_title(TITLE)
    store.save_device("acc_1", "dev_1", "Living room", 2)
    store.save_device("acc_1", "dev_1", "Chrome on Linux", 1)

    names = store.names([session(now), play(now, 2)])

    assert names.devices == {"dev_1": "Living room"}
    assert names.titles == {"ttl_1": "A Film"}
    assert store.names([]).titles == {}
    store.forget_device("acc_1", "dev_1", moment_of(3))
    assert store.names([session(now)]).devices == {}


def test_a_name_that_is_told_after_its_device_was_removed_does_not_come_back(
    store: Store, now: datetime
) -> None:
    store.save_device("acc_1", "dev_1", "Living room", 1)
    store.forget_device("acc_1", "dev_1", moment_of(5))

    for late in (1, 4, 5):
        store.save_device("acc_1", "dev_1", "Kitchen", late)
    assert store.names([session(now)]).devices == {}

    store.save_device("acc_1", "dev_1", "Back again", 6)
    store.forget_device("acc_1", "dev_1", moment_of(5))
    assert store.names([session(now)]).devices == {"dev_1": "Back again"}


def test_a_name_that_is_told_after_its_account_was_deleted_does_not_come_back(
    store: Store, now: datetime
) -> None:
    store.forget_account("acc_1", now)

    store.save_device("acc_1", "dev_1", "Kitchen", epoch_milliseconds(now) + 1)

    assert store.names([session(now)]).devices == {}


def test_that_a_device_was_removed_expires_unless_it_has_joined_again(
    aws_json: JsonClient, table_of: Callable[[str], str], now: datetime
) -> None:
    store = DynamoPlayback(aws_json(DYNAMODB), table_of("playback"))
    key = {"pk": {"S": "ACCOUNT#acc_1"}, "sk": {"S": "DEVICE#dev_1"}}

    def item() -> dict[str, Any]:
        found = boto3.client("dynamodb").get_item(TableName="playback", Key=key)["Item"]
        return {name: value for name, value in found.items() if name not in key}

    store.save_device("acc_1", "dev_1", "Kitchen", 1)
    store.forget_device("acc_1", "dev_1", now)
    removed = epoch_milliseconds(now)
    assert item() == {
        "event_sequence": {"N": str(removed)},
        "expires_at": {"N": str(int((now + REMEMBERED_GONE).timestamp()))},
    }

    store.save_device("acc_1", "dev_1", "Back again", removed + 1)
    assert item() == {
        "event_sequence": {"N": str(removed + 1)},
        "device_name": {"S": "Back again"},
    }


def outbox(table: str) -> list[dict[str, object]]:
    items = boto3.client("dynamodb").scan(TableName=table)["Items"]
    return [json.loads(item["detail"]["S"]) for item in items if "detail_type" in item]


def test_whoever_gives_way_is_told_of_with_it_and_who_leaves_is_not(
    aws_json: JsonClient, table_of: Callable[[str], str], now: datetime
) -> None:
    store = DynamoPlayback(aws_json(DYNAMODB), table_of("playback"))
    opened(store, play(now, 1), now)
    opened(store, play(now, 2), now, ses_1="taken_over")
    store.leave("ses_2", "acc_1", now)

    assert outbox("playback") == [
        {
            "schema": 1,
            "subject": "ses_1",
            "sequence": epoch_milliseconds(now),
            "session_id": "ses_1",
            "account_id": "acc_1",
            "reason": "taken_over",
            "expires_at": session(now).expires_at.isoformat(),
        }
    ]


THROTTLED = (400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"})
IN_THE_WAY = (400, {"__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException"})


def answering(
    monkeypatch: pytest.MonkeyPatch, dynamodb: AwsJson, *answers: tuple[int, dict[str, str]]
) -> None:
    """DynamoDB says that first, and then what it would have said."""
    exchange, left = dynamodb._exchange, list(answers)
    monkeypatch.setattr(dynamodb, "_pause", lambda _: None)

    def exchanged(operation: str, body: bytes) -> tuple[int, bytes]:
        if not left:
            return exchange(operation, body)
        status, said = left.pop(0)
        return status, json.dumps(said).encode()

    monkeypatch.setattr(dynamodb, "_exchange", exchanged)


@pytest.mark.parametrize("trouble", [THROTTLED, IN_THE_WAY, (500, {})])
def test_trouble_that_passes_is_not_noticed_and_trouble_that_stays_admits_nobody(
    monkeypatch: pytest.MonkeyPatch,
    aws_json: JsonClient,
    table_of: Callable[[str], str],
    now: datetime,
    trouble: tuple[int, dict[str, str]],
) -> None:
    dynamodb = aws_json(DYNAMODB)
    store = DynamoPlayback(dynamodb, table_of("playback"))
    account = store.account("acc_1")
    answering(monkeypatch, dynamodb, *[trouble] * 3)

    with pytest.raises(UnavailableError):
        store.open(session(now), account, {}, now)
    assert store.account("acc_1").plays == {}

    answering(monkeypatch, dynamodb, trouble, trouble)
    assert store.open(session(now), account, {}, now)


def test_a_cancelled_transaction_is_a_change_only_where_a_condition_or_another_one_was_the_reason(
    monkeypatch: pytest.MonkeyPatch,
    aws_json: JsonClient,
    table_of: Callable[[str], str],
    now: datetime,
) -> None:
    dynamodb = aws_json(DYNAMODB)
    store = DynamoPlayback(dynamodb, table_of("playback"))
    opened(store, play(now, 1), now)
    account = store.account("acc_1")

    def cancelled(code: str) -> tuple[int, Any]:
        reasons = [{"Code": code}, {"Code": "None"}]
        kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
        return 400, {"__type": kind, "Message": "", "CancellationReasons": reasons}

    answering(monkeypatch, dynamodb, cancelled("TransactionConflict"))
    assert not store.open(play(now, 2), account, {"ses_1": "taken_over"}, now)
    answering(monkeypatch, dynamodb, cancelled("ValidationError"))
    with pytest.raises(TransactionCancelledError):
        store.open(play(now, 2), account, {"ses_1": "taken_over"}, now)
    assert set(store.account("acc_1").plays) == {"ses_1"}


def test_all_plays_of_a_house_end_in_one_step(
    aws_json: JsonClient, table_of: Callable[[str], str], now: datetime
) -> None:
    store = DynamoPlayback(aws_json(DYNAMODB), table_of("playback"))
    store.save_allowance("acc_1", Allowance(50, 2160), 1)
    for number in range(50):
        assert opened(store, play(now, number), now)
    account = store.account("acc_1")

    assert store.revoke(account, dict.fromkeys(account.plays, "account_blocked"), now)

    assert store.account("acc_1").plays == {}
    assert len(outbox("playback")) == 50


@pytest.mark.race
def test_of_fifty_writes_at_once_two_get_the_two_screens(
    aws_json: JsonClient, table_of: Callable[[str], str], now: datetime
) -> None:
    table = table_of("playback")
    DynamoPlayback(aws_json(DYNAMODB), table).save_allowance("acc_1", TWO_SCREENS, 1)
    stores = [DynamoPlayback(aws_json(DYNAMODB), table) for _ in range(50)]
    empty = stores[0].account("acc_1")
    ready = replace(empty, is_new=False)
    assert stores[0].open(play(now, 99), empty, {}, now)
    stores[0].leave("ses_99", "acc_1", now)

    with ThreadPoolExecutor(50) as threads:
        admitted = list(
            threads.map(
                lambda number: stores[number].open(play(now, number), ready, {}, now), range(50)
            )
        )

    assert sum(admitted) == 2
    assert len(stores[0].account("acc_1").plays) == 2


def at_once(
    aws_json: JsonClient, table: str, works: Sequence[Callable[[DynamoPlayback], object]]
) -> list[object]:
    """What functions that know nothing of each other are answered at the same moment."""
    stores = [DynamoPlayback(aws_json(DYNAMODB), table) for _ in works]
    together = threading.Barrier(len(works))

    def work(one: Callable[[DynamoPlayback], object], store: DynamoPlayback) -> object:
        together.wait(30)
        return one(store)

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(work, works, stores))


@pytest.mark.race
def test_of_licences_asked_for_at_once_no_more_than_the_last_are_given(
    aws_json: JsonClient, table_of: Callable[[str], str], now: datetime
) -> None:
    table = table_of("playback")
    opened(DynamoPlayback(aws_json(DYNAMODB), table), session(now), now)

    given = at_once(
        aws_json, table, [lambda store: store.use("ses_1", VIEWER, now)] * (MOST_LICENCES + 5)
    )

    assert sum(play is not None for play in given) == MOST_LICENCES


@pytest.mark.race
def test_a_screen_that_several_take_over_at_once_goes_to_one(
    aws_json: JsonClient, table_of: Callable[[str], str], now: datetime
) -> None:
    table = table_of("playback")
    store = DynamoPlayback(aws_json(DYNAMODB), table)
    opened(store, play(now, 0), now)
    before = store.account("acc_1")

    def take(number: int) -> Callable[[DynamoPlayback], object]:
        return lambda other: other.open(play(now, number), before, {"ses_0": "taken_over"}, now)

    taken = at_once(aws_json, table, [take(number) for number in range(1, 7)])

    assert sum(map(bool, taken)) == 1
    account = store.account("acc_1")
    assert len(account.plays) == 1
    assert set(account.ended) == {"ses_0"}
    assert len(outbox("playback")) == 1


@pytest.mark.race
def test_whoever_is_blocked_while_starting_has_no_play_left(
    aws_json: JsonClient, table_of: Callable[[str], str], now: datetime
) -> None:
    table = table_of("playback")
    store = DynamoPlayback(aws_json(DYNAMODB), table)
    store.save_allowance("acc_1", TWO_SCREENS, 1)
    before = replace(store.account("acc_1"), is_new=False)
    opened(store, play(now, 0), now)

    def block(other: DynamoPlayback) -> object:
        revocation = Revocation(other, other, lambda: now)
        return revocation.account_blocked("acc_1", epoch_milliseconds(now))

    def start(other: DynamoPlayback) -> object:
        return other.open(play(now, 1), before, {}, now)

    at_once(aws_json, table, [block, start])

    account = store.account("acc_1")
    assert account.is_blocked
    assert account.plays == {}


@pytest.mark.race
def test_a_play_that_is_left_while_it_is_renewed_is_gone(
    aws_json: JsonClient, table_of: Callable[[str], str], now: datetime
) -> None:
    table = table_of("playback")
    store = DynamoPlayback(aws_json(DYNAMODB), table)
    opened(store, session(now), now)

    left, *_ = at_once(
        aws_json,
        table,
        [
            lambda other: other.leave("ses_1", "acc_1", now),
            *[lambda other: other.renew("ses_1", VIEWER, now + 2 * LEASE)] * 4,
        ],
    )

    assert left
    assert store.account("acc_1").plays == {}
    assert store.account("acc_1").ended == {"ses_1": End(now, "left")}
