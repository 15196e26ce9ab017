"""Signing in as every client does: discovery, the hosted page, a code, tokens."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from commands.sign_in import SignIn, SignInError, sign_in_form
from tests.cloud import RunningCloud
from tests.custody import claims_of

REDIRECT = "http://127.0.0.1:9/callback"


class Browser:
    """A client of the authorization server, step by step."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.http = httpx.Client(base_url=cloud.issuer, timeout=30)
        self.account = cloud.ready["accounts"]["member"]
        self.verifier = secrets.token_urlsafe(48)

    def page(self, **changes: str) -> httpx.Response:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": "cli",
            "redirect_uri": REDIRECT,
            "scope": "member",
            "state": "a-state",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return self.http.get("/authorize", params={**asked, **changes})

    def submit(self, password: str, **headers: str) -> httpx.Response:
        page = self.page()
        form = sign_in_form(page.text)
        assert form is not None, page.text
        filled = {**form.fields, "email": self.account["email"], "password": password}
        return self.http.post(page.url.join(form.action), data=filled, headers=headers)

    def code(self) -> str:
        location = self.submit(self.account["password"]).headers["location"]
        return parse_qs(urlsplit(location).query)["code"][0]

    def exchange(self, code: str, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "client_id": "cli",
            "code_verifier": self.verifier,
        }
        return self.http.post("/token", data={**form, **changes})


@pytest.fixture
def browser(cloud: RunningCloud) -> Browser:
    return Browser(cloud)


def test_discovery_names_the_issuer_and_where_everything_is(cloud: RunningCloud) -> None:
    document = httpx.get(f"{cloud.issuer}/.well-known/openid-configuration", timeout=30).json()

    assert document["issuer"] == cloud.issuer
    for endpoint in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        assert document[endpoint].startswith(cloud.issuer)
    assert document["code_challenge_methods_supported"] == ["S256"]


def test_the_key_set_has_the_key_that_signs_access_tokens(
    cloud: RunningCloud, browser: Browser
) -> None:
    (key,) = httpx.get(f"{cloud.issuer}/.well-known/jwks.json", timeout=30).json()["keys"]
    header = browser.exchange(browser.code()).json()["access_token"].split(".")[0]

    assert set(key) == {"kty", "kid", "use", "alg", "n", "e"}
    assert key["kid"] in base64.urlsafe_b64decode(header + "==").decode()


def test_a_code_is_traded_for_an_access_token_of_ten_minutes(
    cloud: RunningCloud, browser: Browser
) -> None:
    granted = browser.exchange(browser.code()).json()

    claims = claims_of(granted["access_token"])
    assert granted["token_type"] == "Bearer"
    assert claims["iss"] == cloud.issuer
    assert claims["aud"] == "marquee"
    assert claims["scope"] == "member"
    assert claims["exp"] - claims["iat"] == 600
    assert {name: claims[name].split("_")[0] for name in ("sub", "profile", "device")} == {
        "sub": "acc",
        "profile": "prf",
        "device": "dev",
    }


def test_the_answer_returns_to_the_client_with_its_state(browser: Browser) -> None:
    answer = browser.submit(browser.account["password"])

    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(REDIRECT)
    assert query["state"] == ["a-state"]


def test_a_wrong_password_shows_the_page_again_with_a_sentence(browser: Browser) -> None:
    answer = browser.submit("not the password")

    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert browser.account["email"] in answer.text
    assert "not the password" not in answer.text


def test_a_code_without_its_verifier_is_worth_nothing(browser: Browser) -> None:
    answer = browser.exchange(browser.code(), code_verifier=secrets.token_urlsafe(48))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_is_good_once(browser: Browser) -> None:
    code = browser.code()
    assert browser.exchange(code).status_code == 200

    again = browser.exchange(code)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_family(browser: Browser) -> None:
    first = browser.exchange(browser.code()).json()["refresh_token"]

    def refresh(token: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "cli"}
        return browser.http.post("/token", data=form)

    second = refresh(first).json()["refresh_token"]
    third = refresh(second).json()["refresh_token"]
    stolen = refresh(first)
    after = refresh(third)

    assert [answer.json().get("error") for answer in (stolen, after)] == ["invalid_grant"] * 2


def test_an_unknown_client_is_told_on_the_page_and_sent_nowhere(browser: Browser) -> None:
    answer = browser.page(redirect_uri="https://evil.example/callback")

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "evil.example" not in answer.text


def test_a_form_from_another_site_is_refused(browser: Browser) -> None:
    answer = browser.submit(browser.account["password"], origin="https://evil.example")

    assert answer.status_code == 403
    assert "location" not in answer.headers


def test_the_page_runs_nothing_but_ours_and_nobody_may_frame_it(browser: Browser) -> None:
    headers = browser.page().headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_a_member_is_not_given_staff_access(cloud: RunningCloud) -> None:
    account: dict[str, Any] = cloud.ready["accounts"]["member"]
    sign_in = SignIn(cloud.issuer, httpx.Client(timeout=30))

    with pytest.raises(SignInError, match="no staff access"):
        sign_in.with_password(account["email"], account["password"], "member staff")
