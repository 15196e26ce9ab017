"""The OAuth endpoints in the words of their specifications, whatever is sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from identity.accounts.limits import (
    RESOURCE_SERVERS_REFUSED,
    REVOCATIONS_IN_VAIN,
    TOKENS_REFUSED,
    USERINFO_BY_ACCOUNT,
    USERINFO_REFUSED,
    Limit,
)
from identity.oauth.device_routes import VISIT, DevicePages, device_qr, logout
from identity.oauth.qr import qr_svg
from identity.oauth.refusals import Refusals
from identity.oauth.routes import device_authorization, introspection, revoke, token
from kernel.errors import UnavailableError
from kernel.web.payload import Event, Reply
from tests.fakes.accounts import FakeLimits
from tests.unit.identity.scripts import runs_only_our_own
from tests.unit.identity.test_device_grants import Household
from tests.unit.identity.test_sessions import Home
from tests.unit.identity.test_sign_in import ISSUER, ORIGIN

CODE = {"grant_type": "authorization_code", "client_id": "web", "code": "c"}


class OneResourceServer:
    def knows(self, client_id: str, secret: str) -> bool:
        return (client_id, secret) == ("resource-server", "se:cret")


@pytest.fixture
def home(now: datetime) -> Home:
    home = Home(now)
    home.registration.create_account("ada@example.com", "correct horse", ("member",))
    return home


@pytest.fixture
def household(now: datetime) -> Household:
    household = Household(now)
    household.registration.create_account("ada@example.com", "correct horse", ("member",))
    return household


def refusals(home: Home, limit: Limit) -> Refusals:
    return Refusals(home.limits, home.announcements, limit, home.clock)


def tokens_at(home: Home) -> Callable[[Event], Reply]:
    return token(home.tokens, refusals(home, TOKENS_REFUSED))


def given_back_at(home: Home) -> Callable[[Event], Reply]:
    return revoke(home.signing_out, refusals(home, REVOCATIONS_IN_VAIN))


def told_at(home: Home) -> Callable[[Event], Reply]:
    return introspection(
        home.introspection,
        OneResourceServer(),
        servers_refused=refusals(home, RESOURCE_SERVERS_REFUSED),
        tokens_refused=refusals(home, USERINFO_REFUSED),
    )


def request(method: str, path: str, fields: dict[str, str] | str, **headers: str) -> dict[str, Any]:
    sent = fields if isinstance(fields, str) else urlencode(fields)
    return {
        "rawPath": path,
        "rawQueryString": "" if method == "POST" else sent,
        "body": sent if method == "POST" else "",
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"http": {"method": method, "sourceIp": "203.0.113.7"}},
    }


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def said(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], json.loads(answer["body"])["error"]


@pytest.mark.parametrize(
    ("sent", "headers", "refusal"),
    [
        ({}, {}, (400, "invalid_request")),
        ({"grant_type": "password"}, {}, (400, "unsupported_grant_type")),
        ({**CODE, "client_id": "somebody"}, {}, (401, "invalid_client")),
        ({**CODE, "client_id": "tv"}, {}, (400, "unauthorized_client")),
        (CODE, {}, (400, "invalid_grant")),
        (urlencode(CODE) + "&code=d", {}, (400, "invalid_request")),
        ("x" * 20_000, {}, (400, "invalid_request")),
        (CODE, {"content_type": "application/json"}, (400, "invalid_request")),
        (CODE, {"dpop": "nonsense"}, (400, "invalid_dpop_proof")),
        (CODE, {"authorization": basic("web", "secret")}, (401, "invalid_client")),
        (CODE, {"authorization": basic("cli", "")}, (400, "invalid_request")),
        (CODE, {"authorization": basic("web", "")}, (400, "invalid_grant")),
        (CODE, {"authorization": "Basic ?"}, (401, "invalid_client")),
        (CODE, {"authorization": "Basic d2Vi"}, (401, "invalid_client")),
    ],
)
def test_the_token_endpoint_names_what_is_wrong(
    home: Home, sent: Any, headers: dict[str, str], refusal: tuple[int, str]
) -> None:
    answer = tokens_at(home)(request("POST", "/token", sent, **headers))

    assert said(answer) == refusal
    assert answer["headers"]["cache-control"] == "no-store"
    assert ("www-authenticate" in answer["headers"]) is (refusal[0] == 401)


def test_a_device_that_asks_too_often_is_told_when_to_come_back(household: Household) -> None:
    ask = device_authorization(household.asking)
    asked = request("POST", "/device_authorization", {"client_id": "tv"})

    answers = [ask(asked) for _ in range(31)]

    assert [answer["statusCode"] for answer in answers] == [200] * 30 + [429]
    assert answers[-1]["headers"]["retry-after"] == "10"


def in_vain(home: Home, what: str) -> Callable[[], Reply]:
    """Asks an endpoint for nothing."""
    answering, asked = {
        "token": (tokens_at(home), request("POST", "/token", CODE)),
        "revoke": (
            given_back_at(home),
            request("POST", "/revoke", {"client_id": "web", "token": "unknown"}),
        ),
        "introspect": (
            told_at(home),
            request("POST", "/introspect", {"token": "t"}, authorization=basic("cli", "guess")),
        ),
        "userinfo": (told_at(home), request("GET", "/userinfo", "", authorization="Bearer x")),
    }[what]
    return lambda: answering(asked)


@pytest.mark.parametrize(
    ("endpoint", "limit", "status"),
    [
        ("token", TOKENS_REFUSED, 400),
        ("revoke", REVOCATIONS_IN_VAIN, 200),
        ("introspect", RESOURCE_SERVERS_REFUSED, 401),
        ("userinfo", USERINFO_REFUSED, 401),
    ],
)
def test_who_asks_in_vain_without_end_is_told_when_to_come_back(
    home: Home, endpoint: str, limit: Limit, status: int
) -> None:
    ask = in_vain(home, endpoint)

    answers = [ask() for _ in range(limit.burst + 1)]
    home.now += limit.every
    later = ask()

    assert [answer["statusCode"] for answer in answers] == [status] * limit.burst + [429]
    assert said(answers[-1]) == (429, "temporarily_unavailable")
    assert answers[-1]["headers"]["retry-after"] == str(int(limit.every.total_seconds()))
    assert later["statusCode"] == status


def test_a_good_token_never_waits_for_what_others_at_the_same_place_ask_in_vain(
    home: Home,
) -> None:
    refresh = home.exchange(home.code())["refresh_token"]
    ask = in_vain(home, "token")
    while ask()["statusCode"] != 429:
        pass

    form = {"grant_type": "refresh_token", "client_id": "web", "refresh_token": refresh}
    answer = tokens_at(home)(request("POST", "/token", form))

    assert answer["statusCode"] == 200


def test_what_is_good_is_not_counted_and_a_function_that_knows_who_waits_counts_no_more(
    home: Home,
) -> None:
    refresh = home.exchange(home.code())["refresh_token"]
    counted: FakeLimits = home.limits
    form = {"grant_type": "refresh_token", "client_id": "web", "refresh_token": refresh}
    before = counted.work.done["count"]

    tokens_at(home)(request("POST", "/token", form))
    assert counted.work.done["count"] == before

    ask = in_vain(home, "token")
    while ask()["statusCode"] != 429:
        pass
    at_the_limit = counted.work.done["count"]
    assert [ask()["statusCode"] for _ in range(5)] == [429] * 5
    assert counted.work.done["count"] == at_the_limit


def test_a_tv_that_asks_as_it_is_told_to_is_not_counted_and_a_hasty_one_is(
    household: Household,
) -> None:
    household.limits = FakeLimits()
    answering = token(
        household.tokens,
        Refusals(household.limits, household.announcements, TOKENS_REFUSED, household.clock),
    )
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": household.ask()["device_code"],
        "client_id": "tv",
    }
    before = household.limits.work.done["count"]

    patient = answering(request("POST", "/token", form))
    assert household.limits.work.done["count"] == before
    hasty = answering(request("POST", "/token", form))

    assert (said(patient), said(hasty)) == (
        (400, "authorization_pending"),
        (400, "slow_down"),
    )
    assert household.limits.work.done["count"] == before + 1


def test_a_tv_that_polls_in_vain_without_end_is_told_to_slow_down_and_not_to_end(
    household: Household,
) -> None:
    few = Limit("few", burst=1, every=timedelta(seconds=60))
    answering = token(
        household.tokens, Refusals(FakeLimits(), household.announcements, few, household.clock)
    )
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": household.ask()["device_code"],
        "client_id": "tv",
    }

    answers = [answering(request("POST", "/token", form)) for _ in range(3)]

    assert said(answers[-1]) == (429, "slow_down")
    assert answers[-1]["headers"]["retry-after"] == "60"


class OutOfOrder:
    """A service that something it depends on does not answer."""

    def exchange(self, *_: object) -> dict[str, str | int]:
        raise UnavailableError("Try again.")

    def ask(self, *_: object) -> dict[str, str | int]:
        raise UnavailableError("Try again.")

    def revoke(self, *_: object) -> bool:
        raise UnavailableError("Try again.")

    def introspect(self, *_: object) -> dict[str, object]:
        raise UnavailableError("Try again.")

    def userinfo(self, *_: object) -> dict[str, object]:
        raise UnavailableError("Try again.")


def test_our_own_trouble_is_said_in_words_that_an_oauth_client_reads(home: Home) -> None:
    broken, counted = OutOfOrder(), refusals(home, TOKENS_REFUSED)
    telling = introspection(
        broken, OneResourceServer(), servers_refused=counted, tokens_refused=counted
    )
    asked: list[tuple[Callable[[Event], Reply], dict[str, Any]]] = [
        (token(broken, counted), request("POST", "/token", CODE)),
        (device_authorization(broken), request("POST", "/device_authorization", CODE)),
        (revoke(broken, counted), request("POST", "/revoke", CODE)),
        (
            telling,
            request(
                "POST",
                "/introspect",
                {"token": "t"},
                authorization=basic("resource-server", "se:cret"),
            ),
        ),
        (telling, request("GET", "/userinfo", "", authorization="Bearer x")),
    ]

    answers = [ask(event) for ask, event in asked]

    assert [said(answer) for answer in answers] == [(503, "temporarily_unavailable")] * 5
    assert {answer["headers"]["retry-after"] for answer in answers} == {"1"}


def test_an_account_is_told_about_itself_often_but_not_without_end(home: Home) -> None:
    access = home.exchange(home.code())["access_token"]
    asked = request("GET", "/userinfo", "", authorization=f"Bearer {access}")

    answers = [told_at(home)(asked) for _ in range(USERINFO_BY_ACCOUNT.burst + 1)]

    assert {answer["statusCode"] for answer in answers[:-1]} == {200}
    assert said(answers[-1]) == (429, "temporarily_unavailable")


def test_giving_a_token_back_says_nothing_of_it(home: Home) -> None:
    answer = given_back_at(home)(
        request("POST", "/revoke", {"client_id": "web", "token": "unknown"})
    )

    assert (answer["statusCode"], answer.get("body")) == (200, None)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer token"},
        {"authorization": basic("resource-server", "wrong")},
        {"authorization": basic("resource-server", "")},
        {"authorization": basic("web", "")},
    ],
)
def test_only_a_resource_server_may_ask_about_tokens(home: Home, headers: dict[str, str]) -> None:
    refresh = home.exchange(home.code())["refresh_token"]
    asked = request("POST", "/introspect", {"token": refresh}, **headers)

    answer = told_at(home)(asked)

    assert said(answer) == (401, "invalid_client")
    assert answer["headers"]["www-authenticate"].startswith("Basic ")


def test_a_resource_server_is_answered(home: Home) -> None:
    refresh = home.exchange(home.code())["refresh_token"]
    headers = {"authorization": basic("resource-server", "se%3Acret")}

    answer = told_at(home)(request("POST", "/introspect", {"token": refresh}, **headers))

    assert json.loads(answer["body"])["active"] is True


@pytest.mark.parametrize(
    ("authorization", "refusal", "challenge"),
    [
        (None, (401, "invalid_token"), "Bearer"),
        ("Bearer x", (401, "invalid_token"), 'Bearer error="invalid_token"'),
        ("Bearer {member}", (403, "insufficient_scope"), 'Bearer error="insufficient_scope"'),
    ],
)
def test_userinfo_challenges_as_rfc_6750_says(
    home: Home, authorization: str | None, refusal: tuple[int, str], challenge: str
) -> None:
    access = home.exchange(home.code(scope="member"))["access_token"]
    sent = {} if authorization is None else {"authorization": authorization.format(member=access)}

    answer = told_at(home)(request("GET", "/userinfo", "", **sent))

    assert said(answer) == refusal
    assert answer["headers"]["www-authenticate"] == challenge


def test_signing_out_redirects_only_where_the_client_is_at_home(home: Home) -> None:
    ask = logout(home.signing_out, ISSUER)
    hint = home.exchange(home.code())["id_token"]
    back = {"id_token_hint": hint, "post_logout_redirect_uri": f"{ORIGIN}/"}

    there = ask(request("GET", "/logout", back))
    elsewhere = ask(request("GET", "/logout", {**back, "post_logout_redirect_uri": "//evil"}))
    twice = ask(request("GET", "/logout", urlencode(back) + "&post_logout_redirect_uri=//evil"))
    json_body = ask(request("POST", "/logout", "{}", content_type="application/json"))
    nowhere = ask(request("POST", "/logout", {"id_token_hint": hint}))

    assert (there["statusCode"], there["headers"]["location"]) == (303, f"{ORIGIN}/")
    for answer in (elsewhere, twice, json_body):
        assert answer["statusCode"] == 400
        assert "location" not in answer["headers"]
    assert (nowhere["statusCode"], "Signed out" in nowhere["body"]) == (200, True)


def pages(household: Household) -> DevicePages:
    return DevicePages(household.page, ISSUER, {"tv": "TV"}, household.clock)


def entered(household: Household, user_code: str) -> str:
    """The visit of a browser that entered a code."""
    answer = pages(household).answer(request("POST", "/device", {"user_code": user_code}))
    (cookie,) = answer["cookies"]
    return cookie.partition(";")[0].partition("=")[2]


def approval(household: Household, user_code: str, visit: str) -> dict[str, Any]:
    code = household.sign_in_for(user_code, visit)
    asked = request("GET", "/device/approve", {"code": code, "state": user_code})
    return pages(household).answer({**asked, "cookies": ["a=b", f"{VISIT}={visit}"]})


def test_the_cookie_is_one_that_no_other_origin_sets_or_reads(household: Household) -> None:
    user_code = household.ask()["user_code"]

    answer = pages(household).answer(request("POST", "/device", {"user_code": user_code}))

    (cookie,) = answer["cookies"]
    assert cookie.startswith("__Host-")
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= attributes
    assert not any(part.startswith("Domain") for part in attributes)


def test_a_tv_is_let_in_by_the_form_that_was_shown(household: Household) -> None:
    asked = household.ask(device_name="<b>Den</b>")
    visit = entered(household, asked["user_code"])
    page = approval(household, asked["user_code"], visit)

    ticket = page["body"].partition('name="ticket" value="')[2].partition('"')[0]
    sent = request("POST", "/device/approve", {"ticket": ticket, "decision": "approve"})
    done = pages(household).answer({**sent, "cookies": [f"{VISIT}={visit}"]})

    assert asked["user_code"] in page["body"]
    assert "&lt;b&gt;Den" in page["body"]
    assert "another than yours" in page["body"], "the TV asked from another address"
    assert (done["statusCode"], household.poll(asked["device_code"])["scope"]) == (200, "member")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ORIGIN])
@pytest.mark.parametrize("path", ["/device", "/device/approve"])
def test_a_form_of_another_site_is_refused(household: Household, origin: str, path: str) -> None:
    fields = {"user_code": household.ask()["user_code"], "ticket": "t", "decision": "approve"}

    answer = pages(household).answer(request("POST", path, fields, origin=origin))

    assert (answer["statusCode"], "cookies" in answer) == (403, False)


@pytest.mark.parametrize("cookies", [[], ["device=v"], [f"{VISIT}="], [f"{VISIT}={'w' * 43}"]])
def test_without_the_cookie_of_the_visit_nothing_is_decided(
    household: Household, cookies: list[str]
) -> None:
    asked = household.ask()
    visit = entered(household, asked["user_code"])
    page = approval(household, asked["user_code"], visit)
    ticket = page["body"].partition('name="ticket" value="')[2].partition('"')[0]

    sent = request("POST", "/device/approve", {"ticket": ticket, "decision": "approve"})
    answer = pages(household).answer({**sent, "cookies": cookies})

    assert answer["statusCode"] == 400
    assert household.devices.by_user_code(asked["user_code"].replace("-", "")).status == "pending"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/device", {}),
        ("/device", {"user_code": '"><script>alert(1)</script>'}),
        ("/device/approve", {"error": "access_denied", "state": "WDJBMJHT"}),
    ],
)
def test_every_page_can_be_framed_by_nobody_and_runs_nothing_but_ours(
    household: Household, path: str, query: dict[str, str]
) -> None:
    answer = pages(household).answer(request("GET", path, query))

    policy = answer["headers"]["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert runs_only_our_own(answer)


def test_a_wrong_code_is_told_on_the_page_and_guessing_is_stopped(household: Household) -> None:
    wrong = request("POST", "/device", {"user_code": "BBBB-BBBB"})

    answers = [pages(household).answer(wrong) for _ in range(11)]

    assert [answer["statusCode"] for answer in answers] == [400] * 10 + [429]
    assert "No device waits under that code" in answers[0]["body"]
    assert answers[-1]["headers"]["retry-after"] == "30"


def test_our_own_trouble_is_a_page_to_the_person_who_lets_a_device_in(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise UnavailableError("That could not be counted. Try again.")

    monkeypatch.setattr(household.limits, "take", broken)

    answer = pages(household).answer(request("POST", "/device", {"user_code": "BBBB-BBBB"}))

    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "1")
    assert "That could not be counted." in answer["body"]
    assert "content-security-policy" in answer["headers"]


def test_a_decision_that_is_none_is_refused(household: Household) -> None:
    answer = pages(household).answer(request("POST", "/device/approve", {"ticket": "t"}))

    assert answer["statusCode"] == 400


def test_the_picture_holds_the_address_with_the_code() -> None:
    drawn: list[str] = []
    answer = device_qr(ISSUER, lambda text: drawn.append(text) or "<svg/>")(
        request("GET", "/device/qr", {"user_code": "wdjbmjht"})
    )

    assert drawn == [f"{ISSUER}/device?user_code=WDJB-MJHT"]
    assert answer["headers"]["content-type"] == "image/svg+xml"
    assert answer["headers"]["cache-control"] == "no-store"


def test_the_picture_is_an_svg_with_its_quiet_zone() -> None:
    picture = qr_svg(f"{ISSUER}/device?user_code=WDJB-MJHT")

    assert picture.startswith("<svg")
    assert 'fill="#fff"' in picture
    assert "viewBox=" in picture, "else it is cut where it is shown smaller"
    assert "<script" not in picture
