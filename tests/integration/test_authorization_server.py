"""What is wrong, stolen, repeated or forged gets nothing from the authorization server."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from commands.sign_in import sign_in_form
from tests.cloud import RunningCloud
from tests.custody import claims_of, resource_server_secret, signed_again, token_key
from tests.proving import DeviceKey
from tests.visitor import Visitor, ticket_of

REDIRECT = "http://127.0.0.1:43213/callback"
VERIFIER = "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
"""The verifier's SHA-256."""

MOST_POLLS = 6
"""Functions that start cold answer the first of them late."""


class Client(Visitor):
    """The command line's client and its person, step by step."""

    def code(self, scope: str = "openid member") -> str:
        location = self.sign_in(
            str(self.http.build_request("GET", "/authorize", params=asked(scope)).url)
        )
        return httpx.URL(location).params["code"]

    def exchange(self, code: str, **headers: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "client_id": "cli",
            "code_verifier": VERIFIER,
        }
        return self.http.post("/token", data=form, headers=headers)

    def signed_in(self, **headers: str) -> dict[str, Any]:
        answer = self.exchange(self.code(), **headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refresh(self, token: str, **headers: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "cli"}
        return self.http.post("/token", data=form, headers=headers)

    def ask_for_a_tv(self) -> dict[str, Any]:
        return dict(self.http.post("/device_authorization", data={"client_id": "tv"}).json())


def asked(scope: str, **changes: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": "cli",
        "redirect_uri": REDIRECT,
        "scope": scope,
        "state": "a-state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }


@pytest.fixture
def client(cloud: RunningCloud) -> Client:
    return Client(cloud)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error")


def test_refreshes_at_once_are_one_sign_in_that_goes_on(client: Client) -> None:
    with ThreadPoolExecutor(6) as pool:
        # For ten seconds a token may be renewed again: too few for functions that start cold.
        assert {answer.status_code for answer in pool.map(client.refresh, ["none"] * 6)} == {400}
        first = client.signed_in()["refresh_token"]

        answers = list(pool.map(client.refresh, [first] * 6))

    assert {answer.status_code for answer in answers} == {200}
    (successor,) = {answer.json()["refresh_token"] for answer in answers}
    assert client.refresh(successor).status_code == 200


def test_a_code_that_is_used_twice_ends_what_it_began(client: Client) -> None:
    code = client.code()
    tokens = client.exchange(code).json()

    again = client.exchange(code)

    assert refusal(again) == (400, "invalid_grant")
    assert refusal(client.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    told = client.http.get(
        "/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"}
    )
    assert refusal(told) == (401, "invalid_token")


def test_a_bound_refresh_token_is_worth_nothing_without_its_key_and_a_proof_serves_once(
    cloud: RunningCloud, client: Client
) -> None:
    key, url = DeviceKey(), f"{cloud.issuer}/token"
    proof = key.proof(url, datetime.now(UTC), jti=secrets.token_hex())
    bound = client.signed_in(dpop=proof)["refresh_token"]

    answers = [
        client.refresh(bound),
        client.refresh(bound, dpop=proof),
        client.refresh(bound, dpop=DeviceKey().proof(url, datetime.now(UTC))),
        client.refresh(bound, dpop="not.a.proof"),
        client.refresh(bound, dpop=key.proof(url, datetime.now(UTC))),
    ]

    assert [refusal(answer) for answer in answers] == [
        (400, "invalid_dpop_proof"),
        (400, "invalid_dpop_proof"),
        (400, "invalid_grant"),
        (400, "invalid_dpop_proof"),
        (200, None),
    ]


@pytest.mark.parametrize(
    "changes", [{"exp": None}, {"exp": 1}, {"iss": "https://evil.example"}, {"aud": "web"}]
)
def test_nothing_is_told_about_a_token_that_only_looks_like_ours(
    cloud: RunningCloud, client: Client, changes: dict[str, Any]
) -> None:
    token = client.signed_in()["access_token"]
    key = token_key(cloud.data_dir)

    for changed, is_active in ((changes, False), ({}, True)):
        sent = signed_again(token, key, **changed)
        told = client.http.post(
            "/introspect",
            data={"token": sent},
            auth=("resource-server", resource_server_secret(cloud.data_dir)),
        )
        assert told.json()["active"] is is_active
    forged = {"authorization": f"Bearer {signed_again(token, key, **changes)}"}
    assert refusal(client.http.get("/userinfo", headers=forged)) == (401, "invalid_token")


def test_nobody_else_is_told_about_tokens(cloud: RunningCloud, client: Client) -> None:
    tokens = client.signed_in()

    for credentials in (None, ("resource-server", "guess"), ("cli", "")):
        answer = client.http.post(
            "/introspect", data={"token": tokens["refresh_token"]}, auth=credentials
        )
        assert refusal(answer) == (401, "invalid_client")


def test_an_access_token_given_back_ends_its_sign_in(client: Client) -> None:
    tokens = client.signed_in()

    answer = client.http.post("/revoke", data={"client_id": "cli", "token": tokens["access_token"]})

    assert (answer.status_code, answer.content) == (200, b"")
    assert refusal(client.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


def test_signing_out_with_an_id_token_ends_the_sign_in_and_leads_only_home(
    cloud: RunningCloud, client: Client
) -> None:
    tokens = client.signed_in()
    hint = {"id_token_hint": tokens["id_token"]}

    away = client.http.get(
        "/logout", params={**hint, "post_logout_redirect_uri": "https://evil.example/"}
    )
    still = client.refresh(tokens["refresh_token"])
    out = client.http.get("/logout", params=hint)
    home = client.http.get(
        "/logout", params={"client_id": "web", "post_logout_redirect_uri": f"{cloud.web}/"}
    )

    assert (away.status_code, "location" in away.headers) == (400, False)
    assert "evil.example" not in away.text
    assert still.status_code == 200
    assert out.status_code == 200
    assert refusal(client.refresh(still.json()["refresh_token"])) == (400, "invalid_grant")
    assert (home.status_code, home.headers["location"]) == (303, f"{cloud.web}/")


def test_a_tv_that_polls_too_soon_is_told_to_slow_down_and_a_refused_one_stops(
    client: Client,
) -> None:
    tv = client.ask_for_a_tv()
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": tv["device_code"],
        "client_id": "tv",
    }

    polls = [refusal(client.http.post("/token", data=form))]
    # One that took longer than the interval is not too soon.
    while polls[-1] != (400, "slow_down") and len(polls) < MOST_POLLS:
        polls.append(refusal(client.http.post("/token", data=form)))
    page = client.decide(tv["verification_uri_complete"], "deny")
    refused = client.http.post("/token", data=form)

    *in_time, too_soon = polls
    assert set(in_time) == {(400, "authorization_pending")}
    assert too_soon == (400, "slow_down")
    assert "Refused" in page.text
    assert refusal(refused) == (400, "access_denied")


def test_codes_are_guessed_ten_times_and_then_no_more_however_many_try_at_once(
    client: Client,
) -> None:
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(client.enter, ["BBBB-BBBB"] * 15))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [400] * 10 + [429] * 5
    limited = next(answer for answer in answers if answer.status_code == 429)
    assert int(limited.headers["retry-after"]) <= 30
    assert client.enter(client.ask_for_a_tv()["user_code"]).status_code == 429


def test_devices_that_ask_without_end_are_told_to_wait(cloud: RunningCloud) -> None:
    client = Client(cloud)

    def ask(_: int) -> int:
        sent = client.http.post("/device_authorization", data={"client_id": "tv"})
        return sent.status_code

    begun = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(36)))
    took_seconds = time.monotonic() - begun

    assert 429 in answers
    one_more_each_ten_seconds = int(took_seconds // 10) + 1
    assert 30 <= answers.count(200) <= 30 + one_more_each_ten_seconds


def test_a_resource_servers_secret_is_guessed_twenty_times_and_then_no_more_however_many_at_once(
    cloud: RunningCloud,
) -> None:
    guesser = Client(cloud)

    def guess(secret: int) -> httpx.Response:
        return guesser.http.post(
            "/introspect", data={"token": "t"}, auth=("resource-server", f"guess-{secret}")
        )

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(guess, range(26)))

    limited = [answer for answer in answers if answer.status_code == 429]
    assert 24 >= [answer.status_code for answer in answers].count(401) >= 20
    assert len(limited) >= 2
    assert limited[0].json()["error"] == "temporarily_unavailable"
    assert int(limited[0].headers["retry-after"]) <= 30


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
def test_no_form_is_taken_from_another_origin(client: Client, origin: str) -> None:
    tv = client.ask_for_a_tv()
    page, cookie = client.asked_about(tv["verification_uri_complete"])
    forged = {"origin": origin}
    sign_in = client.http.get("/authorize", params=asked("member"))
    form = sign_in_form(sign_in.text)
    assert form is not None

    answers = [
        client.http.post("/device", data={"user_code": tv["user_code"]}, headers=forged),
        client.http.post(
            "/device/approve",
            data={"ticket": ticket_of(page.text), "decision": "approve"},
            headers={**cookie, **forged},
        ),
        client.http.post(
            "/authorize",
            data={
                **form.fields,
                "email": client.account["email"],
                "password": client.account["password"],
            },
            headers=forged,
        ),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert not any("set-cookie" in answer.headers for answer in answers)
    done = client.decide(tv["verification_uri_complete"])
    assert "Done" in done.text, "nothing was decided by the forgeries"


@pytest.mark.parametrize(
    "cookie",
    ["", "device=" + "v" * 43, "__Host-device=" + "w" * 43, "__host-device=x; __Secure-device=y"],
)
def test_a_cookie_that_another_origin_could_set_lets_nobody_in(client: Client, cookie: str) -> None:
    tv = client.ask_for_a_tv()
    page, _ = client.asked_about(tv["verification_uri_complete"])

    answer = client.http.post(
        "/device/approve",
        data={"ticket": ticket_of(page.text), "decision": "approve"},
        headers={"cookie": cookie} if cookie else {},
    )

    assert answer.status_code == 400
    polled = client.http.post(
        "/token",
        data={
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": tv["device_code"],
            "client_id": "tv",
        },
    )
    assert refusal(polled) == (400, "authorization_pending")


def test_a_sign_in_begun_in_one_browser_is_no_use_in_another(client: Client) -> None:
    tv = client.ask_for_a_tv()
    entered = client.enter(tv["user_code"])
    back = client.sign_in(entered.headers["location"])

    stranger = client.http.get(back, headers={"cookie": f"__Host-device={'w' * 43}"})
    owner = client.http.get(back, headers=client.visit_of(entered))

    assert (stranger.status_code, "another browser" in stranger.text) == (400, True)
    assert owner.status_code == 400, "the code was tried, so it is worth nothing any more"


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://127.0.0.1:1@evil.example/callback"},
        {"redirect_uri": "//evil.example/callback"},
        {"redirect_uri": "javascript:alert(1)//"},
        {"redirect_uri": ""},
        {"client_id": "web"},
        {"client_id": "tv", "redirect_uri": ""},
        {"client_id": "device-page", "redirect_uri": "https://evil.example/device/approve"},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_the_clients(
    client: Client, changes: dict[str, str]
) -> None:
    answer = client.http.get("/authorize", params=asked("member", **changes))

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "evil.example" not in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"prompt": "none"}, "login_required"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_a_client_of_ours_hears_of_its_mistake_at_its_own_address(
    cloud: RunningCloud, client: Client, changes: dict[str, str], error: str
) -> None:
    answer = client.http.get("/authorize", params=asked("member", **changes))

    target = httpx.URL(answer.headers["location"])
    assert str(target.copy_with(query=None)) == REDIRECT
    assert (target.params["error"], target.params["iss"]) == (error, cloud.issuer)


def junk() -> Iterator[bytes]:
    yield from (b"", b"\xff\xfe\x00", b"=&=&=", b"a=%zz&b=%00", b"{}", b"x" * 20_000)
    yield b"token=a&token=b&client_id=cli&grant_type=refresh_token"
    yield b"grant_type=refresh_token&client_id=cli&refresh_token=%F0%9F%94%91%00"
    yield b"user_code=%3Cscript%3E&ticket=%00&decision=approve&client_id=tv"


@pytest.mark.parametrize(
    "path", ["/token", "/revoke", "/introspect", "/device_authorization", "/device", "/logout"]
)
def test_whatever_is_sent_is_refused_in_words(
    cloud: RunningCloud, client: Client, path: str
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for body in junk():
        answer = client.http.post(path, content=body, headers=headers)

        assert answer.status_code < 500, (body, answer.text)
        assert "Traceback" not in answer.text
        assert "Internal" not in answer.text


def test_a_page_of_ours_may_send_proofs_and_read_answers(cloud: RunningCloud) -> None:
    asked_first = httpx.options(
        f"{cloud.issuer}/token",
        headers={
            "origin": cloud.web,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,dpop",
        },
        timeout=30,
    )

    assert asked_first.headers["access-control-allow-origin"] == cloud.web
    assert "dpop" in asked_first.headers["access-control-allow-headers"]
    answer = httpx.post(f"{cloud.issuer}/token", headers={"origin": cloud.web}, timeout=30)
    assert answer.headers["access-control-expose-headers"] == "date"


def test_the_picture_for_the_tv_is_an_svg(client: Client) -> None:
    answer = client.http.get(client.ask_for_a_tv()["verification_qr_uri"])

    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg")
    assert client.http.get("/device/qr", params={"user_code": "<svg>"}).status_code == 404


def test_a_tvs_token_says_which_client_and_device_it_is(client: Client) -> None:
    tv = client.ask_for_a_tv()
    client.decide(tv["verification_uri_complete"])

    token = client.http.post(
        "/token",
        data={
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": tv["device_code"],
            "client_id": "tv",
        },
    ).json()

    claims = claims_of(token["access_token"])
    assert (claims["client_id"], claims["device"][:4], claims["sid"][:4]) == ("tv", "dev_", "fam_")
