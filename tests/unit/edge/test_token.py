"""What a Common Access Token opens at the edge, and everything that it does not."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest

from kernel.tokens import MacKey
from playback.cwt import common_access_token, edge_key, mac0
from playback.edge_access import EdgeGrant
from tests.unit.edge.conftest import EdgeWorker

KEY = edge_key(MacKey(b"a token secret of enough length!!"))
NEXT_KEY = edge_key(MacKey(b"the token secret that comes after it"))
STRANGER = edge_key(MacKey(b"a secret that the edge never heard of"))
FILE = "/m/ast_1/v1/main_1.cmfv"


@pytest.fixture(autouse=True)
def known_key(edge: EdgeWorker) -> None:
    trust(edge, KEY)


def trust(edge: EdgeWorker, key: MacKey) -> None:
    assert edge.entries is not None
    edge.entries[f"key:{key.key_id}"] = key.secret.decode()


def made(country: str | None = "IE", key: MacKey = KEY, hours: int = 4) -> str:
    until = datetime.now(UTC) + timedelta(hours=hours)
    return common_access_token(EdgeGrant("ses_1", "m/ast_1/v1", country, until), key)


def claims(**changes: Any) -> dict[Any, Any]:
    """Those of a token that is good, by number (`c4`), with changes; None takes one away."""
    good: dict[Any, Any] = {
        2: "ses_1",
        4: int(time.time()) + 3600,
        310: 1,
        312: {3: {1: "/m/ast_1/v1/"}},
        316: ["IE"],
    }
    good |= {int(name[1:]): value for name, value in changes.items()}
    return {name: value for name, value in good.items() if value is not None}


def token_of(payload: dict[Any, Any]) -> str:
    return base64.urlsafe_b64encode(mac0(cbor2.dumps(payload), KEY)).rstrip(b"=").decode()


def status(edge: EdgeWorker, token: str, path: str = FILE, country: str | None = "IE") -> int:
    """200 when the request goes on to the object, else what the viewer is answered."""
    answer = edge.answer("token", f"/t/{token}{path}", country=country)
    return int(answer.get("statusCode", 200))


def test_a_token_opens_its_folder_and_is_gone_from_the_path(edge: EdgeWorker) -> None:
    answer = edge.answer("token", f"/t/{made()}{FILE}", country="IE")

    assert answer["uri"] == FILE
    assert "statusCode" not in answer


def test_two_viewers_of_one_film_ask_for_the_same_object(edge: EdgeWorker) -> None:
    others = made("FR", hours=2)

    first = edge.answer("token", f"/t/{made()}{FILE}", country="IE")
    second = edge.answer("token", f"/t/{others}{FILE}", country="FR")

    assert first["uri"] == second["uri"]


def test_while_keys_are_replaced_tokens_of_both_are_good(edge: EdgeWorker) -> None:
    trust(edge, NEXT_KEY)

    assert status(edge, made()) == status(edge, made(key=NEXT_KEY)) == 200


def test_a_key_that_was_taken_out_opens_nothing(edge: EdgeWorker) -> None:
    trust(edge, NEXT_KEY)
    assert edge.entries is not None
    del edge.entries[f"key:{KEY.key_id}"]

    assert status(edge, made()) == 403


def test_a_forged_token_is_refused_even_where_it_names_our_key(edge: EdgeWorker) -> None:
    forged = base64.urlsafe_b64decode(made(key=STRANGER) + "==")
    renamed = forged.replace(STRANGER.key_id.encode(), KEY.key_id.encode())

    assert status(edge, made(key=STRANGER)) == 403
    assert status(edge, base64.urlsafe_b64encode(renamed).rstrip(b"=").decode()) == 403


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"c4": None}, id="no expiry"),
        pytest.param({"c4": 1_700_000_000}, id="expired"),
        pytest.param({"c4": "9999999999"}, id="an expiry that is text"),
        pytest.param({"c4": float("nan")}, id="an expiry that is no number"),
        pytest.param({"c2": None}, id="no session"),
        pytest.param({"c2": ""}, id="an empty session"),
        pytest.param({"c2": 7}, id="a session that is no text"),
        pytest.param({"c310": None}, id="no version"),
        pytest.param({"c310": 2}, id="another version"),
        pytest.param({"c312": None}, id="no path"),
        pytest.param({"c312": {3: {1: ""}}}, id="an empty path"),
        pytest.param({"c312": {3: {1: "/m/"}}}, id="every film"),
        pytest.param({"c312": {3: {1: "/m/ast_2/v1/"}}}, id="another film"),
        pytest.param({"c312": {3: {1: "/m/ast_1/v"}}}, id="half a folder"),
        pytest.param({"c312": {3: {0: FILE}}}, id="a match that is not done here"),
        pytest.param({"c312": {3: {1: "/m/ast_1/v1/", 2: "x"}}}, id="a second match"),
        pytest.param({"c312": {3: {1: "/m/ast_1/v1/"}, 1: {0: "x"}}}, id="another part"),
        pytest.param({"c316": []}, id="no country at all"),
        pytest.param({"c316": ["FR"]}, id="another country"),
        pytest.param({"c316": "IE"}, id="countries that are no list"),
        pytest.param({"c5": 1}, id="nbf, which is not judged here"),
        pytest.param({"c311": ["192.0.2.1"]}, id="a network, which is not judged here"),
        pytest.param({"c9999": 1}, id="a claim that nobody knows"),
    ],
)
def test_a_token_of_ours_with_the_wrong_claims_is_refused(
    edge: EdgeWorker, changes: dict[str, Any]
) -> None:
    assert status(edge, token_of(claims())) == 200
    assert status(edge, token_of(claims(**changes))) == 403


@pytest.mark.parametrize(
    "path",
    [
        "/m/ast_2/v1/main.mpd",
        "/m/ast_1/v2/main.mpd",
        "/m/ast_1/v1",
        "/m/ast_1/v1/../../ast_2/v1/main.mpd",
        "/m/ast_1/v1/%2e%2e/%2e%2e/ast_2/v1/main.mpd",
        "/m/ast_1/v1/./main.mpd",
        "/m/ast_1/v1//main.mpd",
        "/m/ast_1/v1/..",
        "//m/ast_1/v1/main.mpd",
        "",
        "/",
    ],
)
def test_a_token_opens_nothing_beside_its_folder(edge: EdgeWorker, path: str) -> None:
    assert status(edge, made(), path) == 403


@pytest.mark.parametrize("country", [None, "FR", "ie", ""])
def test_from_another_country_or_an_unknown_one_nothing_is_opened(
    edge: EdgeWorker, country: str | None
) -> None:
    assert status(edge, made("IE"), country=country) == 403


@pytest.mark.parametrize("country", [None, "FR"])
def test_rights_for_everywhere_ask_for_no_country(edge: EdgeWorker, country: str | None) -> None:
    assert status(edge, made(None), country=country) == 200


def test_a_revoked_plays_token_is_refused(edge: EdgeWorker) -> None:
    assert edge.entries is not None
    edge.entries["ses_1"] = "1900000000"

    assert status(edge, made()) == 403


def test_a_revocation_of_another_play_changes_nothing(edge: EdgeWorker) -> None:
    assert edge.entries is not None
    edge.entries["ses_11"] = "1900000000"

    assert status(edge, made()) == 200


def test_an_empty_store_lets_nobody_in_and_says_that_it_is_our_fault(edge: EdgeWorker) -> None:
    edge.entries = {}

    assert status(edge, made()) == 503


def test_a_store_that_cannot_be_read_lets_nobody_in(edge: EdgeWorker) -> None:
    edge.entries = None

    assert status(edge, made()) == 503


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param("d18443a10105a10448", id="no CWT tag"),
        pytest.param("d83dd28443a10105a10448", id="a COSE_Sign1"),
        pytest.param("d83dd18443a10104a10448", id="a MAC cut to 64 bits"),
        pytest.param("d83dd18447a2010502814105a10448", id="a critical header"),
        pytest.param("d83dd18443a10105a0", id="no key id"),
    ],
)
def test_a_token_of_another_form_is_refused(edge: EdgeWorker, beginning: str) -> None:
    good = base64.urlsafe_b64decode(made() + "==")
    other = bytes.fromhex(beginning) + good[11:]

    assert status(edge, base64.urlsafe_b64encode(other).rstrip(b"=").decode()) == 403


@pytest.mark.parametrize("token", ["", "x", "AAAA", "%00", "a" * 5000])
def test_what_is_no_token_is_refused(edge: EdgeWorker, token: str) -> None:
    assert status(edge, token) == 403


def test_every_altered_byte_is_noticed(edge: EdgeWorker) -> None:
    good = base64.urlsafe_b64decode(made() + "==")

    for place in range(len(good)):
        altered = bytearray(good)
        altered[place] ^= 1
        text = base64.urlsafe_b64encode(bytes(altered)).rstrip(b"=").decode()
        assert status(edge, text) == 403, place


def test_a_refusal_can_be_read_across_origins_and_is_never_kept(edge: EdgeWorker) -> None:
    refusal = edge.answer("token", f"/t/{made('FR')}{FILE}", country="IE")

    assert refusal["headers"] == {
        "access-control-allow-origin": {"value": "*"},
        "cache-control": {"value": "no-store"},
    }


def test_a_browser_that_asks_beforehand_is_answered_without_a_token(edge: EdgeWorker) -> None:
    answer = edge.answer("token", f"/t/x{FILE}", method="OPTIONS")

    assert answer["statusCode"] == 204
    assert answer["headers"]["access-control-allow-origin"] == {"value": "*"}
