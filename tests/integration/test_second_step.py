"""Two steps on the running service: turned on, signed in with, asked for, turned off."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from commands.bootstrap import give_app
from commands.sign_in import REDIRECT_URI, SignIn, SignInError, asks_for_code
from commands.totp import code_at, current_step, new_secret
from tests.cloud import Person, RunningCloud
from tests.integration.test_accounts import Somebody
from tests.mailbox import await_letter
from tests.second_step import App
from tests.unit.identity.test_second_step_pages import recovery_codes_in, step_in

ASKED = {
    "response_type": "code",
    "client_id": "cli",
    "redirect_uri": REDIRECT_URI,
    "scope": "openid member",
    "code_challenge": "c" * 43,
    "code_challenge_method": "S256",
}


class Careful(Somebody):
    """Somebody with an authenticator app, whose codes they use one after the other."""

    app: App

    def known(self) -> dict[str, str]:
        return {"email": self.email, "password": self.password}

    def next_code(self) -> str:
        return self.app.next_code()

    def turns_it_on(self) -> list[str]:
        """The recovery codes."""
        page = self.post("/account/two-step", **self.known()).text
        found = re.search(r'class="key">([A-Z2-7 ]+)<', page)
        assert found is not None, page
        self.app = App(found[1].replace(" ", ""))
        answer = self.post(
            "/account/two-step/confirm", step=step_in(page), second_code=self.next_code()
        )
        assert answer.status_code == 200, answer.text
        return recovery_codes_in(answer.text)

    def first_step(self) -> str:
        answer = self.post("/authorize", **ASKED, **self.known())
        assert answer.status_code == 200, answer.text
        return step_in(answer.text)

    def second_step(self, code: str, step: str | None = None) -> httpx.Response:
        step = step or self.first_step()
        return self.post("/second-step", **ASKED, step=step, second_code=code)


@pytest.fixture
def careful(cloud: RunningCloud) -> Careful:
    careful = Careful(cloud)
    careful.has_account()
    return careful


def test_two_steps_from_on_to_off(careful: Careful) -> None:
    recovery = careful.turns_it_on()
    await_letter(careful.cloud, careful.email, "You sign in in two steps now")
    assert len(set(recovery)) == 10
    with pytest.raises(SignInError):
        careful.signs_in()

    # One code from two at once: one gets in.
    code, steps = careful.next_code(), [careful.first_step(), careful.first_step()]
    with ThreadPoolExecutor(2) as together:
        answers = list(together.map(lambda step: careful.second_step(code, step), steps))
    assert sorted(answer.status_code for answer in answers) == [303, 401]
    used = next(answer for answer in answers if answer.status_code == 401)
    assert asks_for_code(used) is not None
    assert "was used already" in used.text

    assert careful.second_step(recovery[0]).status_code == 303
    await_letter(careful.cloud, careful.email, "A recovery code of your account was used")
    assert careful.second_step(recovery[0]).status_code == 401

    # What changes an account asks for a code, too.
    assert careful.post("/account/export", **careful.known()).status_code == 401
    app = careful.next_code()
    exported = careful.post("/account/export", **careful.known(), second_code=app)
    assert exported.json()["second_factors"] == ["totp"]
    by_recovery = careful.post("/account/export", **careful.known(), second_code=recovery[1])
    assert by_recovery.status_code == 200
    other = {"second_code": app, "new_password": "another staple of batteries"}
    assert careful.post("/account/password", **careful.known(), **other).status_code == 401

    renewed = careful.post("/account/recovery-codes", **careful.known(), second_code=recovery[2])
    await_letter(careful.cloud, careful.email, "You have new recovery codes")
    assert careful.second_step(recovery[3]).status_code == 401
    off = careful.post(
        "/account/two-step/off",
        **careful.known(),
        second_code=recovery_codes_in(renewed.text)[0],
    )
    assert off.status_code == 200
    await_letter(careful.cloud, careful.email, "You sign in with your password alone again")
    assert careful.signs_in().access_token()


def test_guessing_codes_is_stopped(careful: Careful) -> None:
    careful.turns_it_on()
    around = {code_at(careful.app.secret, current_step() + off) for off in range(-3, 10)}
    wrong = next(code for code in map("{:06}".format, range(20)) if code not in around)
    step = careful.first_step()

    refused = [careful.second_step(wrong, step) for _ in range(11)]

    assert [answer.status_code for answer in refused] == [401] * 10 + [429]
    assert int(refused[-1].headers["retry-after"]) > 0


def test_forms_of_other_pages_and_made_up_steps_are_refused(careful: Careful) -> None:
    careful.turns_it_on()
    step = careful.first_step()
    code = careful.next_code()

    foreign = careful.http.post(
        "/second-step",
        data={**ASKED, "step": step, "second_code": code},
        headers={"origin": "https://evil.example"},
    )
    made_up = careful.second_step(code, "made-up")
    elsewhere = careful.post(
        "/second-step", **{**ASKED, "scope": "member"}, step=step, second_code=code
    )

    assert (foreign.status_code, made_up.status_code, elsewhere.status_code) == (403, 401, 401)
    assert careful.second_step(code, step).status_code == 303


def test_staff_access_needs_the_second_step_that_an_operator_hands_over(
    cloud: RunningCloud,
) -> None:
    plain = cloud.new_staff(with_app=False)
    address, password = plain["email"], plain["password"]
    http = httpx.Client(base_url=cloud.issuer, timeout=60)
    sign_in = SignIn(cloud.issuer, http)

    with pytest.raises(SignInError, match="staff without a second step: turn it on at"):
        sign_in.with_password(address, password)
    assert sign_in.with_password(address, password, "member").access_token()

    secret = new_secret()
    operator = (cloud.operator("lambda"), cloud.account_function)
    assert give_app(*operator, address, secret)
    assert not give_app(*operator, address, new_secret())
    await_letter(cloud, address, "You sign in in two steps now")
    assert sign_in.with_password(address, password, totp_secret=secret).access_token()


def test_staff_reach_what_is_theirs_with_an_app_from_the_first_day(cloud: RunningCloud) -> None:
    assert "assets" in Person(cloud, "staff").get("/v1/assets")
