"""The second step as a person sees it: pages, forms, and who may post them."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import pytest

from commands.totp import code_at
from identity.mfa.domain import step_at
from identity.mfa.routes import TwoStepPages, second_step
from identity.oauth.qr import qr_svg
from identity.routes import authorize
from tests.unit.identity.accounts_server import HERE, ISSUER, ORIGIN, PASSWORD, Desk
from tests.unit.identity.scripts import runs_only_our_own
from tests.unit.identity.test_mfa import REQUEST

KNOWN = {"email": "ada@example.com", "password": PASSWORD}


def step_in(page: str) -> str:
    """What the page of a step carries."""
    found = re.search(r'name="step" value="([^"]+)"', page)
    assert found is not None, page
    return unescape(found[1])


def recovery_codes_in(page: str) -> list[str]:
    """The recovery codes that a page shows."""
    return re.findall(r"<li>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</li>", page)


class Browser:
    """Posts forms to the issuer's functions."""

    def __init__(self, desk: Desk) -> None:
        desk.member()
        self.desk = desk
        self.pages = TwoStepPages(desk.two_step, qr_svg, ISSUER, ORIGIN)
        self.second = second_step(desk.second_step, ISSUER, ORIGIN)
        self.first = authorize(desk.authorization, ISSUER, ORIGIN)

    def event(self, method: str, path: str, form: dict[str, str], origin: str) -> dict[str, Any]:
        return {
            "rawPath": path,
            "body": urlencode(form),
            "headers": {"origin": origin},
            "requestContext": {"http": {"method": method, "path": path, "sourceIp": HERE}},
        }

    def post(self, path: str, origin: str = ISSUER, **form: str) -> dict[str, Any]:
        event = self.event("POST", path, form, origin)
        functions = {"/second-step": self.second, "/authorize": self.first}
        return dict(functions.get(path, self.pages.answer)(event))

    def turn_on(self) -> str:
        """The app's secret."""
        page = self.post("/account/two-step", **KNOWN)["body"]
        found = re.search(r'class="key">([^<]+)<', page)
        assert found is not None
        secret = found[1].replace(" ", "")
        code = code_at(secret, step_at(self.desk.clock()) - 1)
        answer = self.post("/account/two-step/confirm", step=step_in(page), second_code=code)
        assert answer["statusCode"] == 200, answer["body"]
        return secret


@pytest.fixture
def browser(now: datetime) -> Browser:
    return Browser(Desk(now))


def test_a_sign_in_goes_on_with_the_second_step_and_ends_at_the_client(browser: Browser) -> None:
    secret = browser.turn_on()
    page = browser.post("/authorize", **REQUEST, state="s&<", **KNOWN)
    assert page["statusCode"] == 200
    assert 'autocomplete="one-time-code"' in page["body"]

    code = code_at(secret, step_at(browser.desk.clock()))
    done = browser.post(
        "/second-step", **REQUEST, state="s&<", step=step_in(page["body"]), second_code=code
    )

    assert done["statusCode"] == 303
    query = parse_qs(urlsplit(done["headers"]["location"]).query)
    assert query["state"] == ["s&<"]
    assert query["code"]


def test_a_wrong_code_is_asked_for_again_with_the_same_step(browser: Browser) -> None:
    browser.turn_on()
    step = step_in(browser.post("/authorize", **REQUEST, **KNOWN)["body"])

    again = browser.post("/second-step", **REQUEST, step=step, second_code="12345")

    assert again["statusCode"] == 401
    assert step_in(again["body"]) == step
    assert 'role="alert">That code is not right' in again["body"]


@pytest.mark.parametrize(
    "path",
    [
        "/second-step",
        "/account/two-step",
        "/account/two-step/confirm",
        "/account/two-step/off",
        "/account/recovery-codes",
    ],
)
def test_forms_of_other_sites_are_refused(browser: Browser, path: str) -> None:
    assert browser.post(path, origin="https://evil.example", **KNOWN)["statusCode"] == 403


def test_a_second_step_is_not_sent_to_where_no_client_is(browser: Browser) -> None:
    elsewhere = {**REQUEST, "redirect_uri": "https://evil.example/"}

    assert browser.post("/second-step", **elsewhere, step="s")["statusCode"] == 400


def test_an_app_is_set_up_by_picture_or_by_key_under_the_strict_policy(browser: Browser) -> None:
    answer = browser.post("/account/two-step", **KNOWN)

    assert answer["headers"]["content-security-policy"].startswith("default-src 'none'")
    assert runs_only_our_own(answer)
    assert "<svg" in answer["body"]
    assert "style=" not in answer["body"]


def test_recovery_codes_are_shown_and_saved_without_a_script(browser: Browser) -> None:
    secret = browser.turn_on()
    code = code_at(secret, step_at(browser.desk.clock()))
    page = browser.post("/account/recovery-codes", **KNOWN, second_code=code)["body"]

    saved = re.search(r'href="data:text/plain;charset=utf-8,([^"]+)"', page)
    assert saved is not None
    shown = recovery_codes_in(page)
    assert len(shown) == 10
    assert unquote(saved[1]).splitlines()[1:] == shown


def test_no_page_shows_a_code_that_was_typed(browser: Browser) -> None:
    browser.turn_on()
    refused = browser.post("/account/two-step/off", **KNOWN, second_code="765432")

    assert refused["statusCode"] == 401
    assert "765432" not in refused["body"]
