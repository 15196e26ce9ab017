"""The pages of passkeys as a browser meets them."""

from __future__ import annotations

import json
import re
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from identity.accounts.limits import PASSKEYS_BY_ACCOUNT
from identity.pages import PASSKEY_SCRIPT, sign_in_page
from stacks.identity_accounts import PASSKEY_ROUTES, PASSKEY_SIGN_IN_ROUTES
from tests.fakes.passkeys import Authenticator
from tests.unit.identity.accounts_server import HERE, ISSUER, PASSWORD
from tests.unit.identity.passkeys_server import ADA, RP_ID, PasskeyDesk
from tests.unit.identity.scripts import runs_only_our_own
from tests.unit.identity.test_sign_in import REQUEST

PROVEN = {"email": ADA, "password": PASSWORD}


@pytest.fixture
def desk(now: datetime) -> PasskeyDesk:
    served = PasskeyDesk(now)
    served.member()
    return served


def ask(desk: PasskeyDesk, route: str, fields: dict[str, str] | None = None, **headers: str) -> Any:
    method, path = route.split(" ")
    event = {
        "rawPath": path,
        "body": urlencode(fields or {}),
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"http": {"method": method, "sourceIp": HERE}},
    }
    routes = desk.sign_in_routes if route in PASSKEY_SIGN_IN_ROUTES else desk.account_routes
    return routes.answer(event)


def page_in(html: str) -> str:
    found = re.search(r'name="page" value="([^"]+)"', html)
    assert found is not None, html
    return found[1]


def options_in(html: str) -> Any:
    found = re.search(r'data-options="([^"]+)"', html)
    assert found is not None, html
    return json.loads(unescape(found[1]))


def test_an_owner_adds_renames_and_removes_a_passkey(desk: PasskeyDesk) -> None:
    entered = ask(desk, "POST /account/passkeys", PROVEN)
    page = page_in(entered["body"])
    made = Authenticator(ISSUER, RP_ID).make(options_in(entered["body"]))
    fields = {"page": page, "name": "<Phone>", "credential": made}

    added = ask(desk, "POST /account/passkeys/add", fields)

    assert added["statusCode"] == 200
    assert "&lt;Phone&gt;" in added["body"]
    assert "<Phone>" not in added["body"]
    (passkey,) = desk.passkeys.passkeys
    chosen = {"page": page, "passkey": passkey, "name": "Laptop"}
    assert "Remove Laptop" in ask(desk, "POST /account/passkeys/rename", chosen)["body"]
    assert "You have none yet." in ask(desk, "POST /account/passkeys/remove", chosen)["body"]
    again = ask(desk, "POST /account/passkeys/remove", chosen)
    assert again["statusCode"] == 404
    assert "removed before" in again["body"]


def test_a_page_whose_time_is_over_asks_who_it_is_again(desk: PasskeyDesk) -> None:
    answer = ask(desk, "POST /account/passkeys/add", {"page": "none", "name": "Phone"})

    assert answer["statusCode"] == 401
    assert 'name="password"' in answer["body"]


def test_a_wrong_password_shows_nothing(desk: PasskeyDesk) -> None:
    answer = ask(desk, "POST /account/passkeys", {"email": ADA, "password": "wrong"})

    assert answer["statusCode"] == 401
    assert "do not match" in answer["body"]


@pytest.mark.parametrize(
    "route",
    [route for route in (*PASSKEY_ROUTES, "POST /passkey") if route.startswith("POST ")],
)
@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}],
)
def test_a_form_of_another_site_does_nothing(
    desk: PasskeyDesk, route: str, headers: dict[str, str]
) -> None:
    answer = ask(desk, route, {**PROVEN, **REQUEST}, **headers)

    assert answer["statusCode"] == 403
    assert not desk.ceremonies.begun


def test_only_pages_that_speak_with_authenticators_run_a_script_and_only_ours(
    desk: PasskeyDesk,
) -> None:
    def policy(answer: Any) -> str:
        return str(answer["headers"]["content-security-policy"])

    shown = ask(desk, "POST /account/passkeys", PROVEN)

    assert "script-src 'self' 'sha256-" in policy(shown)
    assert "connect-src 'self'; " in policy(shown)
    assert "frame-ancestors 'none'" in policy(shown)
    asks = ask(desk, "GET /account/passkeys")
    assert "script-src 'self'" not in policy(asks)
    assert runs_only_our_own(asks)
    assert runs_only_our_own(shown)
    script = re.search(r'<script src="(/passkeys\.js)\?v=[0-9a-f]{16}" defer>', shown["body"])
    assert script is not None
    served = ask(desk, f"GET {script[1]}")
    assert served["body"] == PASSKEY_SCRIPT
    assert served["headers"]["content-type"].startswith("text/javascript")


def test_a_passkey_takes_its_owner_back_to_the_client(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    options = json.loads(ask(desk, "POST /passkey/options")["body"])

    answer = ask(desk, "POST /passkey", {**REQUEST, "credential": phone.sign(options)})

    assert answer["statusCode"] == 303
    query = parse_qs(urlsplit(answer["headers"]["location"]).query)
    assert query["iss"] == [ISSUER]
    assert query["code"][0]


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", '{"response": 1}', "x" * 20_000])
def test_what_is_no_answer_of_an_authenticator_shows_the_sign_in_page_again(
    desk: PasskeyDesk, credential: str
) -> None:
    answer = ask(desk, "POST /passkey", {**REQUEST, "credential": credential})

    # A body that is too large to be a form has no client either.
    assert answer["statusCode"] == (400 if len(credential) > 16_000 else 401)
    assert 'class="problem"' in answer["body"]


def test_who_tried_too_often_is_told_when_to_come_back(desk: PasskeyDesk) -> None:
    phone, passkey = desk.added()
    for _ in range(PASSKEYS_BY_ACCOUNT.burst):
        desk.desk.limits.take(PASSKEYS_BY_ACCOUNT, passkey.account_id, desk.clock())

    sent = {**REQUEST, "credential": phone.sign(desk.asked())}
    answer = ask(desk, "POST /passkey", sent)

    assert answer["statusCode"] == 429
    assert answer["headers"]["retry-after"] == "60"
    assert "/passkey" in answer["body"]


def test_a_client_that_nobody_knows_is_sent_nothing(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    sent = {**REQUEST, "client_id": "evil", "credential": phone.sign(desk.asked())}

    assert ask(desk, "POST /passkey", sent)["statusCode"] == 400
    assert not desk.desk.grants.codes


def test_who_has_no_script_sees_no_button_that_does_nothing() -> None:
    page = sign_in_page(REQUEST)

    (tag,) = re.findall(r'<form id="passkey-sign-in"[^>]*>', page)
    assert tag.endswith(" hidden>")
    assert 'autocomplete="username webauthn"' in page
