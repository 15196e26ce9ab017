"""The OAuth endpoints as a browser and a client meet them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from identity.accounts.limits import TOKENS_REFUSED
from identity.oauth.discovery_routes import discovery
from identity.oauth.refusals import Refusals
from identity.oauth.routes import token
from identity.routes import authorize
from kernel.errors import UnavailableError
from tests.fakes.accounts import FakeLimits
from tests.unit.identity.scripts import runs_only_our_own
from tests.unit.identity.test_sign_in import ISSUER, ORIGIN, REQUEST, SIGNER, VERIFIER, Server


@pytest.fixture
def server(now: datetime) -> Server:
    server = Server(now)
    server.registration.create_account("ada@example.com", "correct horse", ("member",))
    return server


def request(method: str, path: str, fields: dict[str, str] | str, **headers: str) -> dict[str, Any]:
    sent = fields if isinstance(fields, str) else urlencode(fields)
    event: dict[str, Any] = {
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {"http": {"method": method}},
    }
    return {**event, ("body" if method == "POST" else "rawQueryString"): sent}


def sign_in(server: Server, changes: dict[str, str] | None = None, **headers: str) -> Any:
    fields = {**REQUEST, "email": "ada@example.com", "password": "correct horse"}
    answer = authorize(server.authorization, ISSUER, ORIGIN)
    return answer(request("POST", "/authorize", {**fields, **(changes or {})}, **headers))


def test_the_page_carries_the_request_and_runs_no_script_but_our_own(server: Server) -> None:
    page = authorize(server.authorization, ISSUER, ORIGIN)(request("GET", "/authorize", REQUEST))

    policy = page["headers"]["content-security-policy"]
    assert page["statusCode"] == 200
    assert f'value="{REQUEST["code_challenge"]}"' in page["body"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self' 'sha256-" in policy
    assert runs_only_our_own(page)
    assert page["headers"]["x-frame-options"] == "DENY"
    assert page["headers"]["referrer-policy"] == "same-origin", "else the form's Origin is null"


def test_what_a_link_carries_is_never_html_of_the_page(server: Server) -> None:
    hostile = {**REQUEST, "state": '"><script>alert(1)</script>'}

    page = authorize(server.authorization, ISSUER, ORIGIN)(request("GET", "/authorize", hostile))

    assert runs_only_our_own(page)


def test_signing_in_sends_a_code_and_the_state_back_to_the_client(server: Server) -> None:
    answer = sign_in(server)

    target = urlsplit(answer["headers"]["location"])
    sent = parse_qs(target.query)
    assert answer["statusCode"] == 303
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{ORIGIN}/callback"
    assert sent["state"] == ["s"]
    assert sent["iss"] == [ISSUER]
    form = {
        "grant_type": "authorization_code",
        "code": sent["code"][0],
        "client_id": "web",
        "redirect_uri": REQUEST["redirect_uri"],
        "code_verifier": VERIFIER,
    }
    refusals = Refusals(server.limits, server.announcements, TOKENS_REFUSED, server.clock)
    tokens = token(server.tokens, refusals)(request("POST", "/token", form))
    assert tokens["headers"]["cache-control"] == "no-store"
    assert json.loads(tokens["body"])["token_type"] == "Bearer"


def test_a_wrong_password_shows_the_form_again_with_the_reason_and_the_address(
    server: Server,
) -> None:
    answer = sign_in(server, {"password": "wrong horse"})

    assert answer["statusCode"] == 401
    assert "do not match" in answer["body"]
    assert 'value="ada@example.com"' in answer["body"]
    assert "wrong horse" not in answer["body"]


def test_a_form_posted_from_another_site_is_refused(server: Server) -> None:
    assert sign_in(server, origin="https://evil.example")["statusCode"] == 403
    assert sign_in(server, origin="null")["statusCode"] == 403
    assert sign_in(server, origin=ISSUER)["statusCode"] == 303


def test_an_unknown_client_is_told_on_the_page_and_not_redirected(server: Server) -> None:
    answer = sign_in(server, {"redirect_uri": "https://evil.example/callback"})

    assert answer["statusCode"] == 400
    assert "location" not in answer["headers"]


def test_an_error_of_a_known_client_goes_back_to_it_as_oauth_says(server: Server) -> None:
    answer = sign_in(server, {"scope": "staff"})

    sent = parse_qs(urlsplit(answer["headers"]["location"]).query)
    assert sent["error"] == ["invalid_scope"]
    assert sent["state"] == ["s"]


def test_our_own_trouble_goes_back_to_the_client_whose_request_was_accepted(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise UnavailableError("That could not be counted. Try again.")

    monkeypatch.setattr(FakeLimits, "take", broken)

    answer = sign_in(server)
    elsewhere = sign_in(server, {"redirect_uri": "https://evil.example/callback"})

    sent = parse_qs(urlsplit(answer["headers"]["location"]).query)
    assert answer["statusCode"] == 303
    assert (sent["error"], sent["state"]) == (["temporarily_unavailable"], ["s"])
    assert (elsewhere["statusCode"], "location" in elsewhere["headers"]) == (400, False)


def test_staff_without_a_second_step_are_told_how_to_get_one(now: datetime) -> None:
    server = Server(now)
    server.registration.create_account("ada@example.com", "correct horse", ("member", "staff"))

    answer = sign_in(server, {"scope": "openid member staff"})

    assert answer["statusCode"] == 403
    assert "Staff access needs a second step" in answer["body"]
    assert 'href="/account/two-step"' in answer["body"]
    assert "scope=openid+member&amp;" in answer["body"], "the way on without it"
    assert server.grants.codes == {}


@pytest.mark.parametrize("name", ["state", "nonce", "scope"])
def test_what_would_not_fit_into_the_way_back_is_refused(server: Server, name: str) -> None:
    answer = sign_in(server, {name: "s" * 513})

    sent = parse_qs(urlsplit(answer["headers"]["location"]).query)
    assert sent["error"] == ["invalid_request"]
    assert name in sent["error_description"][0]
    assert len(answer["headers"]["location"]) < 2_000


@pytest.mark.parametrize("email", ["", " ", "a" * 5_000])
def test_what_cannot_be_an_address_is_answered_like_a_wrong_password(
    server: Server, email: str
) -> None:
    assert sign_in(server, {"email": email})["statusCode"] == 401


def test_the_token_endpoint_refuses_in_the_words_of_rfc_6749(server: Server) -> None:
    refusals = Refusals(server.limits, server.announcements, TOKENS_REFUSED, server.clock)
    answer = token(server.tokens, refusals)(request("POST", "/token", {"grant_type": "password"}))

    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["error"] == "unsupported_grant_type"


def test_discovery_names_the_endpoints_and_the_key_set_has_the_public_half(
    server: Server,
) -> None:
    answer = discovery(ISSUER, lambda: [SIGNER.published])

    document = json.loads(answer(request("GET", "/.well-known/openid-configuration", {}))["body"])
    keys = json.loads(answer(request("GET", "/.well-known/jwks.json", {}))["body"])["keys"]
    assert document["issuer"] == ISSUER
    assert document["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert keys == [SIGNER.published]
    assert set(keys[0]) == {"kty", "n", "e", "kid", "alg", "use"}


def test_a_client_may_post_its_request_from_its_own_page(server: Server) -> None:
    asked = request("POST", "/authorize", REQUEST)
    asked["headers"]["origin"] = ORIGIN

    answer = authorize(server.authorization, ISSUER, ORIGIN)(asked)

    assert answer["statusCode"] == 200
    assert 'name="password"' in answer["body"]


def test_what_is_said_twice_is_told_to_the_client_whose_request_it_is(server: Server) -> None:
    answering = authorize(server.authorization, ISSUER, ORIGIN)
    query = urlencode(REQUEST)

    twice = answering(request("GET", "/authorize", query + "&scope=staff"))
    in_doubt = answering(request("GET", "/authorize", query + "&client_id=cli"))
    elsewhere = answering(request("GET", "/authorize", query + "&redirect_uri=//evil.example"))

    sent = parse_qs(urlsplit(twice["headers"]["location"]).query)
    assert sent["error"] == ["invalid_request"]
    for answer in (in_doubt, elsewhere):
        assert (answer["statusCode"], "location" in answer["headers"]) == (400, False)


def test_a_hint_stands_in_the_form_as_text(server: Server) -> None:
    hint = {"login_hint": 'ada@example.com"><script>'}

    answer = authorize(server.authorization, ISSUER, ORIGIN)(
        request("GET", "/authorize", {**REQUEST, **hint})
    )

    assert "ada@example.com&quot;" in answer["body"]
    assert runs_only_our_own(answer)
