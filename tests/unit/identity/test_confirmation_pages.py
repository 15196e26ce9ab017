"""Confirming by a passkey as a browser meets it."""

from __future__ import annotations

import json
import re
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from identity.accounts.export_routes import export_page
from identity.accounts.limits import PASSKEYS_BY_ACCOUNT
from identity.confirmation.domain import CHANGES, Change
from identity.confirmation.routes import FORMS
from identity.mfa.routes import TwoStepPages
from kernel.errors import RefusedError
from stacks.identity_accounts import CONFIRMATION_ROUTES
from tests.fakes.passkeys import Authenticator
from tests.unit.identity.accounts_server import HERE, ISSUER, ORIGIN, PASSWORD
from tests.unit.identity.passkeys_server import ADA, PasskeyDesk
from tests.unit.identity.scripts import runs_only_our_own

CONFIRM = "/account/confirm"
OWNERS_FIELDS = ("email", "password", "second_code")


@pytest.fixture
def desk(now: datetime) -> PasskeyDesk:
    served = PasskeyDesk(now)
    served.member()
    return served


def ask(
    desk: PasskeyDesk, method: str, address: str, fields: dict[str, str] | None = None, **said: str
) -> Any:
    path, _, query = address.partition("?")
    event = {
        "rawPath": path,
        "rawQueryString": query,
        "body": urlencode(fields or {}),
        "headers": {name.replace("_", "-"): value for name, value in said.items()},
        "requestContext": {"http": {"method": method, "sourceIp": HERE}},
    }
    if path.startswith(CONFIRM):
        return desk.confirmation_routes.answer(event)
    if path.startswith("/account/passkeys"):
        return desk.account_routes.answer(event)
    if path == "/account/export":
        return export_page(desk.desk.export, ISSUER, ORIGIN)(event)
    if path.startswith(("/account/two-step", "/account/recovery-codes")):
        return TwoStepPages(desk.desk.two_step, str, ISSUER, ORIGIN).answer(event)
    return desk.desk.pages.answer(event)


def fields_of(html: str) -> set[str]:
    return set(re.findall(r'<input id="([^"]+)"', html))


def confirmation_in(html: str) -> str:
    (found,) = re.findall(r'name="confirmation" value="([^"]+)"', html)
    return str(found)


def confirmed(desk: PasskeyDesk, device: Authenticator, change: Change) -> str:
    """The form of a change, as it comes after the passkey."""
    page = ask(desk, "GET", f"{CONFIRM}?change={change}")["body"]
    (options_at,) = re.findall(r'data-options="([^"]+)"', page)
    options = json.loads(ask(desk, "POST", unescape(options_at))["body"])
    sent = {"change": change, "credential": device.sign(options)}
    answer = ask(desk, "POST", CONFIRM, sent)
    assert answer["statusCode"] == 200
    return str(answer["body"])


@pytest.mark.parametrize("change", CHANGES)
def test_each_form_offers_a_passkey_and_then_asks_for_the_rest_alone(
    desk: PasskeyDesk, change: Change
) -> None:
    phone, _ = desk.added()
    shown = FORMS[change].html({})
    assert f'<a href="/account/confirm?change={change}">' in shown
    assert FORMS[change].change == change

    form = confirmed(desk, phone, change)

    assert fields_of(form) == fields_of(shown) - set(OWNERS_FIELDS)
    assert f'action="{FORMS[change].action}"' in form
    assert f"You confirmed with a passkey of {ADA}." in form
    assert confirmation_in(form)
    assert "Confirm with a passkey instead" not in form


def test_the_form_takes_the_confirmation_and_nothing_else(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    secret = confirmation_in(confirmed(desk, phone, "export"))

    answer = ask(desk, "POST", "/account/export", {"confirmation": secret})

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["email"] == ADA
    again = ask(desk, "POST", "/account/export", {"confirmation": secret})
    assert again["statusCode"] == 401
    assert "Confirm again" in again["body"]
    assert set(OWNERS_FIELDS) <= fields_of(again["body"])


@pytest.mark.parametrize(
    "change", [change for change in CHANGES if FORMS[change].action != "/account/apps"]
)
def test_a_password_leads_to_the_passkey_where_there_is_one(
    desk: PasskeyDesk, change: Change
) -> None:
    desk.added()
    sent = {"email": ADA, "password": PASSWORD, "new_email": "new@example.com"}
    chosen = {"new_password": "a staple of batteries"}

    answer = ask(desk, "POST", FORMS[change].action, {**sent, **chosen})

    assert answer["statusCode"] == 403
    assert "a password is not enough" in answer["body"]
    assert f"/account/confirm/options?change={change}" in answer["body"]
    assert PASSWORD not in answer["body"]
    assert "script-src 'self' 'sha256-" in answer["headers"]["content-security-policy"]
    assert runs_only_our_own(answer)


def test_a_choice_that_cannot_be_is_chosen_anew_under_the_same_confirmation(
    desk: PasskeyDesk,
) -> None:
    phone, _ = desk.added()
    secret = confirmation_in(confirmed(desk, phone, "password"))

    sent = {"confirmation": secret, "new_password": "password1"}
    refused = ask(desk, "POST", "/account/password", sent)

    assert refused["statusCode"] == 422
    assert confirmation_in(refused["body"]) == secret
    assert fields_of(refused["body"]) == {"new_password"}
    chosen = {"confirmation": secret, "new_password": "a staple of batteries"}
    assert ask(desk, "POST", "/account/password", chosen)["statusCode"] == 200


def test_the_page_is_nobodys_frame_and_runs_our_script_alone(desk: PasskeyDesk) -> None:
    answer = ask(desk, "GET", f"{CONFIRM}?change=delete")

    policy = answer["headers"]["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "connect-src 'self'; " in policy
    assert answer["headers"]["x-frame-options"] == "DENY"
    assert runs_only_our_own(answer)
    (tag,) = re.findall(r'<form id="passkey-confirm"[^>]*>', answer["body"])
    assert tag.endswith(" hidden>")


@pytest.mark.parametrize(
    "change", ["", "password2", "https://evil.example", "//evil.example", "<script>", "x" * 5000]
)
def test_a_link_leads_to_no_page_but_ours(desk: PasskeyDesk, change: str) -> None:
    query = urlencode({"change": change})
    phone, _ = desk.added()

    shown = ask(desk, "GET", f"{CONFIRM}?{query}")
    sent = ask(desk, "POST", CONFIRM, {"change": change, "credential": phone.sign(desk.asked())})

    for answer in (shown, sent):
        assert answer["statusCode"] == 422
        assert "evil" not in answer["body"]
        assert "<script>" not in answer["body"].partition("<main>")[2].partition("</main>")[0]


@pytest.mark.parametrize("route", [one for one in CONFIRMATION_ROUTES if one.startswith("POST")])
@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}],
)
def test_another_site_confirms_nothing(
    desk: PasskeyDesk, route: str, headers: dict[str, str]
) -> None:
    phone, _ = desk.added()
    sent = {"change": "delete", "credential": phone.sign(desk.confirms.options("delete", HERE))}
    before = len(desk.ceremonies.begun)
    address = f"{route.partition(' ')[2]}?change=delete"

    if route.endswith("/options"):
        with pytest.raises(RefusedError, match="not ours"):
            ask(desk, "POST", address, **headers)
    else:
        assert ask(desk, "POST", address, sent, **headers)["statusCode"] == 403

    assert len(desk.ceremonies.begun) == before


def test_what_proves_nothing_shows_the_page_again(desk: PasskeyDesk) -> None:
    for credential in ("", "{}", "x" * 2000):
        answer = ask(desk, "POST", CONFIRM, {"change": "delete", "credential": credential})

        assert answer["statusCode"] == 401
        assert 'id="passkey-confirm"' in answer["body"]


def test_who_tried_too_often_is_told_when_to_come_back(desk: PasskeyDesk) -> None:
    phone, passkey = desk.added()
    for _ in range(PASSKEYS_BY_ACCOUNT.burst):
        desk.desk.limits.take(PASSKEYS_BY_ACCOUNT, passkey.account_id, desk.clock())

    options: Any = desk.confirms.options("delete", HERE)
    sent = {"change": "delete", "credential": phone.sign(options)}
    answer = ask(desk, "POST", CONFIRM, sent)

    assert answer["statusCode"] == 429
    assert answer["headers"]["retry-after"] == "60"


def test_a_link_without_a_script_leads_back_to_the_form(desk: PasskeyDesk) -> None:
    page = ask(desk, "GET", f"{CONFIRM}?change=email")["body"]

    assert '<a href="/account/email">Use your password instead</a>' in page
    assert '<a href="/forgot-password">' in page
    assert "<noscript>" in page
