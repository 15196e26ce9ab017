"""Playing over HTTP: the contract's shapes, the refusals' statuses, and a silent log."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from kernel.errors import UnavailableError
from playback.domain import Allowance
from playback.leases import SENTENCES, Reason
from playback.routes import licence_handler, session_handler
from playback.service import ContentKeys, Licences, Playback, Projection
from playback.signed_cookies import CookieSigner
from tests.unit.playback.fakes import (
    AUDIO_KID,
    CONTENT_KEYS,
    FAMILY,
    KEYS,
    SD_KID,
    TITLE,
    FakeDataKeys,
    FakeMacKeys,
    FakePlayback,
)

CLAIMS = {
    "sub": "acc_1",
    "scope": "member",
    "profile": "prf_1",
    "device": "dev_1",
    "device_registered": "true",
    "sid": FAMILY,
    "maturity": "18",
    "kids": "false",
}
DEVICE = {"family": "shaka", "drm": "clearkey", "max_height": 1080}
SD_KID_ENCODED = "mO5Vls0-og0WOuOCQgxu_w"


BEACONS_URL = "https://beacons.example/v1/beacons"


class FakeOrigin:
    """The secret `edge`."""

    def accepts(self, presented: str) -> bool:
        return presented == "edge"


class Api:
    """Both functions as API Gateway calls them."""

    def __init__(self, now: datetime, other_cdns: tuple[str, ...] = ()) -> None:
        table, mac_keys = FakePlayback(), FakeMacKeys()
        projection = Projection(table)
        projection.title_published(TITLE)
        projection.keys_issued(KEYS)
        signer = CookieSigner("K1", ec.generate_private_key(ec.SECP256R1()), "https://w.example")
        keys = ContentKeys(FakeDataKeys())
        playback = Playback(
            table,
            signer,
            mac_keys,
            lambda: now,
            public_origin="https://w.example",
            clearkey=keys,
            other_cdns=other_cdns,
        )
        self.table = table
        self.sessions = session_handler(playback, FakeOrigin(), BEACONS_URL)
        self.licences = licence_handler(Licences(table, keys, mac_keys, lambda: now))

    def call(
        self,
        route: str,
        body: object = None,
        *,
        claims: dict[str, str] | None = CLAIMS,
        session_id: str = "",
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        event = {
            "routeKey": route,
            "headers": headers or {},
            "requestContext": {} if claims is None else {"authorizer": {"jwt": {"claims": claims}}},
            "pathParameters": {"session_id": session_id},
            "body": json.dumps(body),
        }
        return self.sessions(event, None)

    def start(self, **changes: Any) -> dict[str, Any]:
        body = {"title_id": "ttl_1", "device": DEVICE, **changes}
        return self.call("POST /v1/playback/start", body)

    def licence(self, session_id: str, token: str | None, body: object) -> dict[str, Any]:
        event = {
            "routeKey": "POST /v1/playback/sessions/{session_id}/licence/clearkey",
            "headers": {} if token is None else {"x-marquee-licence-token": token},
            "requestContext": {},
            "pathParameters": {"session_id": session_id},
            "body": json.dumps(body),
        }
        return self.licences(event, None)


@pytest.fixture
def api(now: datetime) -> Api:
    return Api(now)


def problem(answer: dict[str, Any]) -> tuple[int, str]:
    assert answer["headers"]["content-type"] == "application/problem+json"
    return answer["statusCode"], json.loads(answer["body"])["code"]


UNMARKED = {"intro": None, "credits_at_seconds": None}


def test_a_start_answers_in_the_contracts_shape(api: Api) -> None:
    answer = api.start()

    body = json.loads(answer["body"])
    session_id = body["session_id"]
    assert answer["statusCode"] == 200
    assert answer["headers"]["cache-control"] == "no-store"
    assert len(answer["cookies"]) == 4
    assert body == {
        "session_id": session_id,
        "carrier": "cookie",
        "manifest_url": f"/m/{session_id}/world/ast_1/v1/dash-clearkey.mpd",
        "steered": False,
        "cdns": [
            {
                "cdn_id": "w.example",
                "manifest_url": f"/m/{session_id}/world/ast_1/v1/dash-clearkey.mpd",
            }
        ],
        "manifest_type": "dash",
        "storyboard_url": f"/m/{session_id}/world/ast_1/v1/storyboard.vtt",
        "duration_seconds": 5400.0,
        "drm": {
            "system": "org.w3.clearkey",
            "licence_url": f"/v1/playback/sessions/{session_id}/licence/clearkey",
            "licence_token": body["drm"]["licence_token"],
            "expires_in": 120,
            "renew_after": body["drm"]["renew_after"],
            "licence": body["drm"]["licence"],
        },
        "ticket": body["ticket"],
        "beacons_url": BEACONS_URL,
        "title": {"title_id": "ttl_1", "name": "A Film", "episode_of": None, "markers": UNMARKED},
    }


def test_the_licence_in_a_start_is_in_the_w3cs_shape(api: Api) -> None:
    licence = json.loads(api.start()["body"])["drm"]["licence"]

    assert licence["type"] == "temporary"
    assert licence["keys"][0] == {
        "kty": "oct",
        "kid": SD_KID_ENCODED,
        "k": "c3Nzc3Nzc3Nzc3Nzc3Nzcw",
    }
    assert len(licence["keys"]) == 2


def test_a_licence_answers_in_the_w3cs_shape(api: Api) -> None:
    started = json.loads(api.start()["body"])

    answer = api.licence(
        started["session_id"],
        started["drm"]["licence_token"],
        {"kids": [SD_KID_ENCODED], "type": "temporary"},
    )

    body = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert body["type"] == "temporary"
    assert [key["kid"] for key in body["keys"]] == [SD_KID_ENCODED]


@pytest.mark.parametrize("missing", ["sub", "profile", "device", "sid"])
def test_a_start_without_any_one_claim_is_unauthenticated(api: Api, missing: str) -> None:
    claims = {name: value for name, value in CLAIMS.items() if name != missing}

    answer = api.call(
        "POST /v1/playback/start", {"title_id": "ttl_1", "device": DEVICE}, claims=claims
    )

    assert problem(answer) == (401, "unauthenticated")


def test_a_start_without_an_authorizer_is_unauthenticated(api: Api) -> None:
    answer = api.call("POST /v1/playback/start", {"title_id": "ttl_1"}, claims=None)

    assert problem(answer) == (401, "unauthenticated")


@pytest.mark.parametrize("scope", ["", "staff", "membership"])
def test_a_start_needs_the_members_scope(api: Api, scope: str) -> None:
    answer = api.call(
        "POST /v1/playback/start", {"title_id": "ttl_1"}, claims={**CLAIMS, "scope": scope}
    )

    assert problem(answer) == (403, "refused")


@pytest.mark.parametrize(
    "changes",
    [
        {"title_id": None},
        {"title_id": ""},
        {"title_id": 1},
        {"device": None},
        {"country": "IE"},
        {"title_id": f"ttl_{'1' * 2_000}"},
        {"title_id": "ttl_\ud800"},
        {"take_over": 1},
        {"take_over": "ttl_1"},
    ],
)
def test_a_start_that_says_something_wrong_is_told_so(api: Api, changes: dict[str, Any]) -> None:
    assert problem(api.start(**changes)) == (422, "invalid_input")


@pytest.mark.parametrize("claim", ["false", "", "True", None])
def test_a_device_without_a_place_is_told_so(api: Api, claim: str | None) -> None:
    claims = {**CLAIMS, "device_registered": claim}
    told = {name: value for name, value in claims.items() if value is not None}

    answer = api.call(
        "POST /v1/playback/start", {"title_id": "ttl_1", "device": DEVICE}, claims=told
    )

    assert problem(answer) == (403, "device_limit")


def test_a_stream_too_many_is_told_of_the_others_and_takes_one_over(api: Api) -> None:
    elsewhere = {**CLAIMS, "device": "dev_2"}
    first = json.loads(api.start()["body"])["session_id"]
    body = {"title_id": "ttl_1", "device": DEVICE}

    refused = api.call("POST /v1/playback/start", body, claims=elsewhere)

    assert problem(refused) == (403, "too_many_streams")
    (stream,) = json.loads(refused["body"])["streams"]
    assert set(stream) == {"session_id", "device", "profile", "title", "started_at"}
    assert stream["session_id"] == first
    taking = {**body, "take_over": first}
    assert api.call("POST /v1/playback/start", taking, claims=elsewhere)["statusCode"] == 200
    state = api.call("GET /v1/playback/sessions/{session_id}", session_id=first)
    assert json.loads(state["body"]) == {
        "session_id": first,
        "state": "ended",
        "reason": "taken_over",
        "sentence": SENTENCES["taken_over"],
    }


def test_trouble_of_our_own_is_no_start_and_says_when_to_come_back(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(*_: object) -> None:
        raise UnavailableError("Something we need does not answer right now; try again.")

    for call in ("facts", "open"):
        with monkeypatch.context() as trouble:
            trouble.setattr(api.table, call, throttled)

            answer = api.start()

            assert problem(answer) == (503, "unavailable")
            assert answer["headers"]["retry-after"] == "1"
    assert api.table.sessions == {}


def test_a_play_under_way_says_so(api: Api) -> None:
    session_id = json.loads(api.start()["body"])["session_id"]

    state = api.call("GET /v1/playback/sessions/{session_id}", session_id=session_id)

    assert json.loads(state["body"]) == {
        "session_id": session_id,
        "state": "playing",
        "reason": None,
        "sentence": None,
    }


def test_every_reason_has_its_sentence() -> None:
    assert set(SENTENCES) == set(get_args(Reason))


def test_a_title_that_does_not_exist_is_not_found(api: Api) -> None:
    assert problem(api.start(title_id="ttl_2")) == (404, "title_not_found")


def test_a_licence_without_a_token_is_unauthenticated(api: Api) -> None:
    session_id = json.loads(api.start()["body"])["session_id"]

    answer = api.licence(session_id, None, {"kids": [SD_KID_ENCODED]})

    assert problem(answer) == (401, "licence_token_invalid")


def test_a_licence_with_the_token_of_another_play_is_refused(api: Api) -> None:
    api.table.save_allowance("acc_1", Allowance(2, 1080), 1)
    mine, other = json.loads(api.start()["body"]), json.loads(api.start()["body"])

    answer = api.licence(
        mine["session_id"], other["drm"]["licence_token"], {"kids": [SD_KID_ENCODED]}
    )

    assert problem(answer) == (403, "licence_refused")


def test_a_licence_request_that_is_not_clearkeys_is_refused(api: Api) -> None:
    started = json.loads(api.start()["body"])

    answer = api.licence(started["session_id"], started["drm"]["licence_token"], {"kids": 1})

    assert problem(answer) == (422, "invalid_input")


def test_a_licence_token_is_renewed_by_its_holder(api: Api) -> None:
    session_id = json.loads(api.start()["body"])["session_id"]

    answer = api.call(
        "POST /v1/playback/sessions/{session_id}/licence-token", session_id=session_id
    )

    token = json.loads(answer["body"])["licence_token"]
    assert api.licence(session_id, token, {"kids": [SD_KID_ENCODED]})["statusCode"] == 200


def test_a_play_is_ended_by_its_account(api: Api) -> None:
    started = json.loads(api.start()["body"])
    session_id = started["session_id"]

    ended = api.call("DELETE /v1/playback/sessions/{session_id}", session_id=session_id)

    refused = api.licence(session_id, started["drm"]["licence_token"], {"kids": [SD_KID_ENCODED]})
    assert ended["statusCode"] == 204
    assert problem(refused) == (403, "licence_refused")


@pytest.mark.parametrize("session_id", ["", "ses_", f"ses_{'1' * 3_000}"])
@pytest.mark.parametrize(
    "route",
    [
        "GET /v1/playback/sessions/{session_id}",
        "DELETE /v1/playback/sessions/{session_id}",
        "POST /v1/playback/sessions/{session_id}/licence-token",
    ],
)
def test_what_cannot_be_a_play_is_not_found(api: Api, route: str, session_id: str) -> None:
    assert problem(api.call(route, session_id=session_id)) == (404, "session_not_found")


def test_a_height_may_be_written_as_any_number_that_is_whole(api: Api) -> None:
    assert api.start(device={**DEVICE, "max_height": 1080.0})["statusCode"] == 200
    for height in (1080.5, 1e400, True, 0):
        refused = api.start(device={**DEVICE, "max_height": height})
        assert problem(refused) == (422, "invalid_input")


def test_a_route_that_is_not_ours_is_not_found(api: Api) -> None:
    assert problem(api.call("GET /v1/playback/start")) == (404, "not_found")


def test_the_log_tells_who_got_which_key_and_never_a_token_or_a_key(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    started = json.loads(api.start()["body"])
    token = started["drm"]["licence_token"]

    licence = api.licence(started["session_id"], token, {"kids": [SD_KID_ENCODED]})
    api.licence(started["session_id"], None, {"kids": [SD_KID_ENCODED]})

    written = capsys.readouterr().out
    lines = [json.loads(line) for line in written.splitlines()]
    outcomes = [line["outcome"] for line in lines]
    assert outcomes == ["playback_started", "licence_issued", "refused"]
    assert (lines[0]["kids"], lines[0]["use"]) == ([SD_KID, AUDIO_KID], 1)
    assert (lines[1]["account"], lines[1]["kids"]) == ("acc_1", [SD_KID])
    for secret in (token, started["ticket"], json.loads(licence["body"])["keys"][0]["k"]):
        assert secret not in written
    assert CONTENT_KEYS[SD_KID].decode() not in written


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-marquee-origin": "edge", "cloudfront-viewer-country": "IE"}, 200),
        ({"x-marquee-origin": "edge", "cloudfront-viewer-country": "FR"}, 403),
        ({"x-marquee-origin": "edge"}, 403),
        ({"x-marquee-origin": "a guess", "cloudfront-viewer-country": "IE"}, 403),
        ({"cloudfront-viewer-country": "IE"}, 403),
    ],
)
def test_rights_for_one_country_open_to_viewers_whom_the_edge_sees_there(
    api: Api, headers: dict[str, str], status: int
) -> None:
    only_there = replace(TITLE.rights, territories=("IE",))
    title = replace(TITLE, rights=only_there, sequence=TITLE.sequence + 1)
    Projection(api.table).title_published(title)

    body = {"title_id": "ttl_1", "device": DEVICE}
    answer = api.call("POST /v1/playback/start", body, headers=headers)

    assert answer["statusCode"] == status
    if status == 403:
        assert problem(answer) == (403, "not_in_your_country")


def test_a_start_with_a_request_id_is_answered_again(api: Api) -> None:
    first = json.loads(api.start(request_id="one-press-on-play")["body"])

    again = json.loads(api.start(request_id="one-press-on-play")["body"])

    assert again["session_id"] == first["session_id"]
    assert again["ticket"] == first["ticket"]
    assert len(api.table.sessions) == 1


def test_a_request_id_of_another_start_is_a_conflict_that_names_it(api: Api) -> None:
    projection = Projection(api.table)
    projection.title_published(replace(TITLE, title_id="ttl_2"))
    api.start(request_id="one-press-on-play")

    answer = api.start(request_id="one-press-on-play", title_id="ttl_2")

    assert problem(answer) == (409, "request_id_reused")
    assert json.loads(answer["body"])["field"] == "request_id"


def test_a_request_id_of_a_play_that_ended_is_a_conflict(api: Api) -> None:
    session_id = json.loads(api.start(request_id="one-press-on-play")["body"])["session_id"]
    api.call("DELETE /v1/playback/sessions/{session_id}", session_id=session_id)

    assert problem(api.start(request_id="one-press-on-play")) == (409, "play_over")


@pytest.mark.parametrize(
    "wrong",
    ["", "fifteen-letters", "a" * 65, "a" * 100_000, "sixteen characters", "é" * 16,
     "sixteen-letters\n", "../../../../../..", 16, True, ["a" * 16], {"id": "a" * 16}],
)  # fmt: skip
def test_a_request_id_that_names_nothing_is_refused_by_its_name(api: Api, wrong: object) -> None:
    answer = api.start(request_id=wrong)

    assert problem(answer) == (422, "invalid_input")
    assert json.loads(answer["body"])["field"] == "request_id"
    assert api.table.sessions == {}


OTHERS = ("https://b.example",)


@pytest.mark.parametrize("carrier", [None, "cookie", "token"])
def test_a_player_that_follows_steering_begins_with_a_manifest_over_all_cdns(
    now: datetime, carrier: str | None
) -> None:
    answer = Api(now, OTHERS).start(steering=True, carrier=carrier)

    body = json.loads(answer["body"])
    mine = f"/v1/playback/sessions/{body['session_id']}/steering/v1."
    assert body["manifest_url"].startswith(mine)
    assert body["manifest_url"].endswith("/dash-clearkey.mpd")
    assert (body["steered"], body["carrier"]) == (True, "token")
    assert [cdn["cdn_id"] for cdn in body["cdns"]] == ["w.example", "b.example"]
    assert all("/t/" in cdn["manifest_url"] for cdn in body["cdns"])
    assert "cookies" not in answer


def test_where_there_is_one_cdn_nobody_is_steered(api: Api) -> None:
    body = json.loads(api.start(steering=True)["body"])

    assert (body["steered"], body["carrier"]) == (False, "cookie")
    assert body["manifest_url"] == body["cdns"][0]["manifest_url"]


def test_a_player_that_does_not_follow_steering_gets_the_static_manifest(now: datetime) -> None:
    body = json.loads(Api(now, OTHERS).start()["body"])

    assert (body["steered"], body["carrier"]) == (False, "cookie")
    assert body["manifest_url"].startswith("/m/")


def test_a_start_says_with_a_truth_value_whether_its_player_follows_steering(api: Api) -> None:
    assert problem(api.start(steering="yes")) == (422, "invalid_input")
