"""An account from sign-up to deletion on the running service, over its pages and its mailbox."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from commands.sign_in import REDIRECT_URI, SignIn, SignInError
from tests.cloud import RunningCloud, eventually
from tests.mailbox import await_letter, code_in, letters_to, new_address
from tests.unit.identity.accounts_server import challenge_in

PASSWORD = "a staple of batteries"
VERIFY = "Your code to create an account"
RESET = "Your code to choose a new password"


class Somebody:
    """Somebody with an address, in front of the issuer's pages."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.cloud = cloud
        self.email = new_address()
        self.password = PASSWORD
        self.http = httpx.Client(base_url=cloud.issuer, timeout=60)

    def post(self, path: str, **fields: str) -> httpx.Response:
        return self.http.post(path, data=fields)

    def codes_page(self, path: str, **fields: str) -> str:
        """A form that is answered with a page that asks for a code; the page's secret."""
        answer = self.post(path, **fields)
        assert answer.status_code == 200, answer.text
        return challenge_in(answer.text)

    def has_account(self) -> Somebody:
        secret = self.codes_page("/sign-up", email=self.email, new_password=self.password)
        code = code_in(await_letter(self.cloud, self.email, VERIFY))
        assert self.post("/verify", challenge=secret, code=code).status_code == 200
        return self

    def refresh_token(self) -> str:
        """Of a new sign-in, as a command makes it."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        asked = {
            "response_type": "code",
            "client_id": "cli",
            "redirect_uri": REDIRECT_URI,
            "scope": "member",
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        answer = self.post("/authorize", **asked, email=self.email, password=self.password)
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        granted = self.post(
            "/token",
            grant_type="authorization_code",
            code=code,
            redirect_uri=REDIRECT_URI,
            client_id="cli",
            code_verifier=verifier,
        )
        return str(granted.json()["refresh_token"])

    def refreshed(self, token: str) -> int:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "cli"}
        return self.post("/token", **form).status_code

    def signs_in(self) -> Any:
        sign_in = SignIn(self.cloud.issuer, self.http)
        return sign_in.with_password(self.email, self.password, "member")


@pytest.fixture
def somebody(cloud: RunningCloud) -> Somebody:
    return Somebody(cloud)


def test_nobody_signs_in_before_their_address_is_proven(somebody: Somebody) -> None:
    secret = somebody.codes_page("/sign-up", email=somebody.email, new_password=somebody.password)
    with pytest.raises(SignInError):
        somebody.signs_in()

    letter = await_letter(somebody.cloud, somebody.email, VERIFY)
    assert letter["sender"] == "Marquee <no-reply@marquee.example>"
    assert code_in(letter) in letter["html"]
    somebody.post("/verify", challenge=secret, code=code_in(letter))

    assert somebody.signs_in().access_token()


def test_a_known_address_is_told_by_mail_and_nowhere_else(somebody: Somebody) -> None:
    somebody.has_account()
    known = somebody.post("/sign-up", email=somebody.email, new_password=PASSWORD)
    unknown = somebody.post("/sign-up", email=new_address(), new_password=PASSWORD)

    def shown(page: str) -> str:
        return page.replace(challenge_in(page), "")

    assert shown(known.text) == shown(unknown.text)
    assert known.status_code == unknown.status_code == 200
    await_letter(somebody.cloud, somebody.email, "You already have an account")


def test_a_new_password_signs_every_device_out(somebody: Somebody) -> None:
    token = somebody.has_account().refresh_token()
    secret = somebody.codes_page("/forgot-password", email=somebody.email)
    code = code_in(await_letter(somebody.cloud, somebody.email, RESET))
    chosen = "another staple of batteries"

    done = somebody.post("/reset-password", challenge=secret, code=code, new_password=chosen)

    assert done.status_code == 200
    assert somebody.refreshed(token) == 400
    with pytest.raises(SignInError):
        somebody.signs_in()
    somebody.password = chosen
    assert somebody.signs_in().access_token()
    await_letter(somebody.cloud, somebody.email, "Your password was changed")


def test_an_owner_changes_address_and_password_and_takes_their_data(somebody: Somebody) -> None:
    somebody.has_account()
    known = {"email": somebody.email, "password": somebody.password}
    new = new_address()
    secret = somebody.codes_page("/account/email", **known, new_email=new)
    code = code_in(await_letter(somebody.cloud, new, "Your code to confirm your address"))
    changed = somebody.post("/account/email/confirm", challenge=secret, code=code)
    assert changed.status_code == 200
    for address in (somebody.email, new):
        await_letter(somebody.cloud, address, "Your address was changed")

    known["email"] = somebody.email = new
    data = somebody.post("/account/export", **known).json()
    again = somebody.post("/account/password", **known, new_password="yet another staple")

    assert data["email"] == new
    await_letter(somebody.cloud, new, "Your data was downloaded")
    assert again.status_code == 200
    assert somebody.post("/account/export", **known).status_code == 401


def test_a_deleted_account_lets_nobody_in_until_its_owner_takes_it_back(
    somebody: Somebody,
) -> None:
    token = somebody.has_account().refresh_token()
    known = {"email": somebody.email, "password": somebody.password}

    assert somebody.post("/account/delete", **known).status_code == 200

    assert somebody.refreshed(token) == 400
    assert somebody.post("/account/export", **known).status_code == 403
    await_letter(somebody.cloud, somebody.email, "Your account will be deleted")
    secret = somebody.codes_page("/forgot-password", email=somebody.email)
    code = code_in(await_letter(somebody.cloud, somebody.email, RESET))
    fields = {"challenge": secret, "code": code, "new_password": "taken back again"}
    assert somebody.post("/reset-password", **fields).status_code == 200
    somebody.password = "taken back again"
    assert somebody.signs_in().access_token()


def test_guessing_is_refused_with_the_time_to_come_back(somebody: Somebody) -> None:
    statuses = [
        somebody.post("/account/export", email=somebody.email, password="wrong").status_code
        for _ in range(5)
    ]

    refused = somebody.post("/account/export", email=somebody.email, password="wrong")

    assert statuses == [401] * 5
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    assert "Try again in" in refused.text


def test_no_code_and_no_address_is_in_a_log(somebody: Somebody) -> None:
    somebody.has_account()
    code = code_in(await_letter(somebody.cloud, somebody.email, VERIFY))

    def told() -> list[str]:
        logs = (somebody.cloud.data_dir / "logs").glob("*")
        return [path.read_text(errors="replace") for path in logs if path.is_file()]

    assert eventually(lambda: any("AccountCreated" in text for text in told()), 30, "its line")
    for text in told():
        assert somebody.email not in text
        assert code not in text


def test_a_letter_is_sent_once(somebody: Somebody) -> None:
    somebody.has_account()
    known = {"email": somebody.email, "password": somebody.password}
    somebody.post("/account/password", **known, new_password="once and only once")

    await_letter(somebody.cloud, somebody.email, "Your password was changed")

    subjects = [letter["subject"] for letter in letters_to(somebody.cloud, somebody.email)]
    assert subjects == [VERIFY, "Your password was changed"]
