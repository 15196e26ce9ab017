"""A steered play over HTTP: what it is told, and who is told nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel import tokens
from kernel.tokens import MacKey
from playback.edge_access import EdgeGrant
from playback.steering.domain import DOWN_AFTER, TTL, Standing, cdns_of
from playback.steering.grants import STEERING, Steered, steered_address, steering_token
from playback.steering.routes import desk_handler, steering_handler
from playback.steering.service import STANDING_KEPT, Desk, Judge, Listener, Steering
from tests.unit.playback.fakes import SECRET, FakeMacKeys
from tests.unit.playback.steering.fakes import (
    FakeManifests,
    FakeProbe,
    FakeStandings,
    FakeWindows,
)
from tests.unit.playback.steering.test_samples import told

ORIGINS = ("https://watch.example", "https://b.example")
CDNS = cdns_of(ORIGINS)
A, B = (cdn.cdn_id for cdn in CDNS)
ORDER = "GET /v1/playback/sessions/{session_id}/steering/{token}"
MANIFEST = f"{ORDER}/{{manifest}}"
PLAYLIST = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n"


class Api:
    """The function, as API Gateway calls it."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.standings, self.mac_keys = FakeStandings(), FakeMacKeys()
        files = {
            "m/ast_1/v1/hls-hd.m3u8": PLAYLIST,
            "m/ast_1/v1/dash.mpd": "<MPD><Period/></MPD>",
        }
        self.handler = steering_handler(
            Steering(CDNS, self.standings, FakeManifests(files), self.mac_keys, lambda: self.now)
        )
        until = now + timedelta(hours=4)
        self.grant = EdgeGrant("ses_1", "m/ast_1/v1", "IE", until)
        self.steered = Steered(self.grant, "hls-hd.m3u8")
        self.token = steering_token(self.steered, SECRET)

    def ask(self, route: str, **named: str) -> dict[str, Any]:
        given = {"session_id": "ses_1", "token": self.token, **named}
        return self.handler({"routeKey": route, "pathParameters": given}, None)

    def order(self, **named: str) -> list[str]:
        answer = self.ask(ORDER, **named)
        assert answer["statusCode"] == 200, answer
        told: list[str] = json.loads(answer["body"])["PATHWAY-PRIORITY"]
        return told


@pytest.fixture
def api(now: datetime) -> Api:
    return Api(now)


def problem(answer: dict[str, Any]) -> tuple[int, str]:
    assert answer["headers"]["content-type"] == "application/problem+json"
    return answer["statusCode"], json.loads(answer["body"])["code"]


def test_a_steered_player_is_told_the_order_in_the_standards_words(api: Api) -> None:
    answer = api.ask(ORDER)

    assert json.loads(answer["body"]) == {
        "VERSION": 1,
        "TTL": TTL.total_seconds(),
        "RELOAD-URI": f"/v1/playback/sessions/ses_1/steering/{api.token}",
        "PATHWAY-PRIORITY": [A, B],
    }
    assert answer["headers"] == {
        "cache-control": "no-store",
        "content-type": "application/json",
        "access-control-allow-origin": "*",
        "x-correlation-id": answer["headers"]["x-correlation-id"],
    }


def test_the_manifest_is_the_one_the_start_chose_on_every_cdn_with_its_access(api: Api) -> None:
    answer = api.ask(MANIFEST, manifest="hls-hd.m3u8")

    lines = answer["body"].splitlines()
    first, second = (line for line in lines if line.endswith("/v.m3u8"))
    server = f"https://watch.example/v1/playback/sessions/ses_1/steering/{api.token}"
    assert answer["headers"]["content-type"] == "application/vnd.apple.mpegurl"
    assert answer["headers"]["access-control-allow-origin"] == "*"
    assert f'#EXT-X-CONTENT-STEERING:SERVER-URI="{server}",PATHWAY-ID="{A}"' in lines
    assert first.startswith("https://watch.example/t/")
    assert second == first.replace("watch.example", "b.example")
    assert first.endswith("/m/ast_1/v1/v.m3u8")


def test_a_manifest_begins_with_the_cdn_that_is_first_now(api: Api) -> None:
    api.standings.drain(A, is_drained=True)

    body = api.ask(MANIFEST, manifest="hls-hd.m3u8")["body"]

    assert f'PATHWAY-ID="{B}"' in body.splitlines()[1]


def test_a_player_of_dash_gets_a_dash_manifest(api: Api) -> None:
    token = steering_token(Steered(api.grant, "dash.mpd"), SECRET)

    answer = api.ask(MANIFEST, token=token, manifest="dash.mpd")

    assert answer["headers"]["content-type"] == "application/dash+xml"
    assert answer["body"].startswith(
        f'<MPD><BaseURL serviceLocation="{A}">https://watch.example/t/'
    )


def test_the_start_names_the_address_that_the_function_answers(api: Api) -> None:
    address = steered_address(api.grant, "/m/ast_1/v1/hls-hd.m3u8", SECRET)

    assert address == f"/v1/playback/sessions/ses_1/steering/{api.token}/hls-hd.m3u8"


def test_another_manifest_than_the_tokens_is_not_there(api: Api) -> None:
    assert problem(api.ask(MANIFEST, manifest="dash.mpd")) == (404, "not_found")


def test_a_manifest_that_the_bucket_lost_is_not_there(api: Api) -> None:
    token = steering_token(Steered(api.grant, "lost.m3u8"), SECRET)

    answer = api.ask(MANIFEST, token=token, manifest="lost.m3u8")

    assert problem(answer) == (404, "not_found")
    assert answer["headers"]["access-control-allow-origin"] == "*"


def forged(api: Api) -> str:
    return steering_token(api.steered, MacKey(b"another secret of the right length"))


def altered(api: Api) -> str:
    return api.token[:-2] + ("AA" if api.token[-2:] != "AA" else "BB")


def of_another_purpose(api: Api) -> str:
    claims = {"session": "ses_1", "folder": "m/ast_1/v1", "manifest": "m", "country": None}
    return tokens.make("ticket", claims, api.grant.expires_at, SECRET)


def without(name: str) -> Callable[[Api], str]:
    def make(api: Api) -> str:
        claims = {"session": "ses_1", "folder": "m/ast_1/v1", "manifest": "m", "country": None}
        del claims[name]
        return tokens.make(STEERING, claims, api.grant.expires_at, SECRET)

    return make


def of_another_play(api: Api) -> str:
    return steering_token(
        Steered(replace(api.grant, session_id="ses_2"), api.steered.manifest), SECRET
    )


@pytest.mark.parametrize("route", [ORDER, MANIFEST])
@pytest.mark.parametrize(
    "made",
    [
        forged,
        altered,
        of_another_purpose,
        of_another_play,
        without("session"),
        without("folder"),
        without("manifest"),
        without("country"),
        lambda _api: "",
        lambda _api: "nothing",
    ],
)
def test_whoever_has_no_token_of_this_play_is_told_nothing(
    api: Api, route: str, made: Callable[[Api], str]
) -> None:
    answer = api.ask(route, token=made(api), manifest="hls-hd.m3u8")

    assert problem(answer) == (401, "steering_token_invalid")


@pytest.mark.parametrize("route", [ORDER, MANIFEST])
def test_a_play_that_is_over_is_told_to_ask_no_more(api: Api, route: str) -> None:
    api.now += timedelta(hours=4)

    answer = api.ask(route, manifest="hls-hd.m3u8")

    assert problem(answer) == (410, "steering_ended")
    assert answer["headers"]["access-control-allow-origin"] == "*"


def test_no_token_is_in_the_line_that_a_question_leaves(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    api.ask(ORDER)
    api.ask(MANIFEST, manifest="hls-hd.m3u8")

    lines = capsys.readouterr().out
    assert "ses_1" in lines
    assert api.token[:20] not in lines


def test_however_many_ask_the_item_is_read_once_in_a_while(api: Api) -> None:
    for _ in range(100):
        api.order()
    api.now += STANDING_KEPT
    api.order()

    assert api.standings.reads == 2


def test_while_dynamodb_is_throttled_the_configured_order_holds(api: Api) -> None:
    api.standings.is_throttled = True

    assert api.order() == [A, B]
    assert api.standings.reads == 1


def test_while_dynamodb_is_throttled_what_was_known_before_holds(api: Api) -> None:
    api.standings.drain(A, is_drained=True)
    api.order()
    api.standings.is_throttled = True
    api.now += STANDING_KEPT

    assert api.order() == [B, A]


class House:
    """The CDNs, those who judge them, and those who look after them."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.standings, self.windows, self.probe = FakeStandings(), FakeWindows(), FakeProbe()
        self.judge = Judge(CDNS, self.standings, self.windows, self.probe, lambda: self.now)
        self.listener = Listener(CDNS, self.windows, FakeMacKeys())
        self.desk = desk_handler(Desk(CDNS, self.standings))

    def ask(self, route: str, body: object = None, *, scope: str = "staff") -> dict[str, Any]:
        claims = {"sub": "acc_staff", "scope": scope}
        return self.desk(
            {
                "routeKey": route,
                "requestContext": {"authorizer": {"jwt": {"claims": claims}}},
                "pathParameters": {"cdn_id": A},
                "body": json.dumps(body),
            },
            None,
        )


@pytest.fixture
def house(now: datetime) -> House:
    return House(now)


def test_what_viewers_tell_and_what_a_cdn_answers_make_the_standing(house: House) -> None:
    crowd = [told(f"acc_{n}", "error", cdn=A) for n in range(100)]
    house.now = crowd[0].arrived
    house.listener.take("shard-1", crowd)
    house.probe.gone.add(ORIGINS[1])

    for _ in range(DOWN_AFTER):
        standing = house.judge.judge()

    assert standing.order == (B, A)
    assert standing.down == {B}
    assert house.standings.standing == standing


def test_a_hundred_reports_of_one_account_move_nobody(house: House) -> None:
    crowd = [told("acc_1", "error", cdn=A)] * 100
    house.now = crowd[0].arrived
    house.listener.take("shard-1", crowd)
    house.listener.take("shard-2", crowd)

    assert house.judge.judge().order == ()


def test_judging_leaves_what_an_operator_drains(house: House) -> None:
    house.standings.drain(A, is_drained=True)

    house.judge.judge()

    assert house.standings.standing.drained == {A}


def test_staff_drain_a_cdn_and_take_it_back(house: House) -> None:
    drained = json.loads(house.ask("PUT /v1/staff/cdns/{cdn_id}", {"drained": True})["body"])
    taken_back = house.ask("PUT /v1/staff/cdns/{cdn_id}", {"drained": False})

    assert drained == {
        "cdns": [
            {"cdn_id": A, "origin": ORIGINS[0], "answers": True, "drained": True},
            {"cdn_id": B, "origin": ORIGINS[1], "answers": True, "drained": False},
        ],
        "order": [A, B],
    }
    assert taken_back["statusCode"] == 200
    assert house.standings.standing == Standing()


@pytest.mark.parametrize("route", ["GET /v1/staff/cdns", "PUT /v1/staff/cdns/{cdn_id}"])
def test_nobody_but_staff_looks_after_cdns(house: House, route: str) -> None:
    assert problem(house.ask(route, {"drained": True}, scope="member")) == (403, "refused")
    assert house.standings.standing.drained == frozenset()


@pytest.mark.parametrize("body", [{}, {"drained": "yes"}, {"drained": True, "more": 1}])
def test_what_staff_send_is_a_truth_value_and_nothing_else(house: House, body: object) -> None:
    assert problem(house.ask("PUT /v1/staff/cdns/{cdn_id}", body)) == (422, "invalid_input")


def test_a_cdn_that_is_not_configured_cannot_be_drained(house: House) -> None:
    house.desk = desk_handler(Desk(CDNS[1:], house.standings))

    assert problem(house.ask("PUT /v1/staff/cdns/{cdn_id}", {"drained": True})) == (
        404,
        "cdn_not_found",
    )
