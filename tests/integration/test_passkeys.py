"""Passkeys on the running service: of somebody who signs in in two steps otherwise."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.cloud import RunningCloud
from tests.fakes.passkeys import Authenticator
from tests.integration.test_second_step import ASKED, Careful
from tests.mailbox import await_letter
from tests.unit.identity.test_passkey_pages import options_in, page_in


@pytest.fixture
def careful(cloud: RunningCloud) -> Careful:
    careful = Careful(cloud)
    careful.has_account()
    return careful


def sign_in(careful: Careful, phone: Authenticator) -> httpx.Response:
    options = careful.post("/passkey/options").json()
    return careful.post("/passkey", **ASKED, credential=phone.sign(options))


def test_a_passkey_is_added_in_two_steps_and_signs_in_by_itself(careful: Careful) -> None:
    phone = Authenticator(careful.cloud.issuer, "localhost")
    careful.turns_it_on()
    assert careful.post("/account/passkeys", **careful.known()).status_code == 401
    entered = careful.post(
        "/account/passkeys", **careful.known(), second_code=careful.next_code()
    ).text
    made = phone.make(options_in(entered))
    page = {"page": page_in(entered)}

    added = careful.post("/account/passkeys/add", **page, name="Phone", credential=made)

    assert added.status_code == 200, added.text
    await_letter(careful.cloud, careful.email, "A passkey was added to your account")
    again = careful.post("/account/passkeys/add", **page, name="Phone", credential=made)
    assert again.status_code == 401

    options = careful.post("/passkey/options").json()
    sent = {**ASKED, "credential": phone.sign(options)}
    answer = careful.post("/passkey", **sent)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["code"]
    assert careful.post("/passkey", **sent).status_code == 401

    (passkey,) = set(_ids(added.text))
    renamed = careful.post("/account/passkeys/rename", **page, passkey=passkey, name="Old phone")
    assert "Remove Old phone" in renamed.text
    removed = careful.post("/account/passkeys/remove", **page, passkey=passkey)
    assert "You have none yet." in removed.text
    await_letter(careful.cloud, careful.email, "A passkey was removed from your account")
    assert sign_in(careful, phone).status_code == 401


def test_a_passkey_alone_protects_an_account_and_confirms_what_is_changed(
    careful: Careful,
) -> None:
    phone = Authenticator(careful.cloud.issuer, "localhost")
    entered = careful.post("/account/passkeys", **careful.known()).text
    made = phone.make(options_in(entered))
    page = page_in(entered)
    careful.post("/account/passkeys/add", page=page, name="Phone", credential=made)

    asked = careful.post("/account/email", **careful.known(), new_email="thief@example.com")
    assert asked.status_code == 403
    assert "Confirm with a passkey" in asked.text

    for change, fields, status in (
        ("export", {}, 200),
        ("email", {"new_email": f"new.{careful.email}"}, 200),
        ("two-step", {}, 200),
        ("two-step-off", {}, 409),
        ("recovery-codes", {}, 409),
        ("passkeys", {}, 200),
        ("apps", {}, 200),
    ):
        proven = {"confirmation": confirmed(careful, phone, change), **fields}
        answer = careful.post(f"/account/{ACTIONS.get(change, change)}", **proven)
        assert answer.status_code == status, (change, answer.text)
        again = careful.post(f"/account/{ACTIONS.get(change, change)}", **proven)
        assert again.status_code == 401, change
    for another in ("export", "delete"):
        other = confirmed(careful, phone, another)
        wrong = careful.post("/account/password", confirmation=other, new_password="staple of it")
        assert wrong.status_code == 401
    left = careful.post("/account/delete", confirmation=confirmed(careful, phone, "delete"))
    assert left.status_code == 200
    await_letter(careful.cloud, careful.email, "Your account will be deleted")


ACTIONS = {"two-step-off": "two-step/off"}
"""Addresses of forms that are not called as the change is."""


def confirmed(careful: Careful, phone: Authenticator, change: str) -> str:
    """The secret of the form of that change, for who showed a passkey."""
    options = careful.post(f"/account/confirm/options?change={change}").json()
    shown = careful.post("/account/confirm", change=change, credential=phone.sign(options))
    assert shown.status_code == 200, shown.text
    (secret,) = re.findall(r'name="confirmation" value="([^"]+)"', shown.text)
    return str(secret)


def _ids(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('name="passkey" value="')[1:]]
