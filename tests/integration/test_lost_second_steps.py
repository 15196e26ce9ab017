"""Staff take lost second steps off somebody's account on the running service."""

from __future__ import annotations

import pytest

from commands.sign_in import SignInError
from tests.cloud import Person, RunningCloud, eventually
from tests.custody import claims_of
from tests.fakes.passkeys import Authenticator
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_accounts import Somebody
from tests.integration.test_blocking import found, on_the_bus
from tests.integration.test_passkeys import sign_in
from tests.integration.test_second_step import Careful
from tests.mailbox import await_letter
from tests.unit.identity.test_passkey_pages import options_in, page_in


def test_who_lost_phone_and_codes_signs_in_by_the_password_again(cloud: RunningCloud) -> None:
    careful = Careful(cloud)
    careful.has_account()
    tv, recovery = SignedIn(careful), careful.turns_it_on()
    phone = Authenticator(cloud.issuer, "localhost")
    code = careful.next_code()
    entered = careful.post("/account/passkeys", **careful.known(), second_code=code).text
    made = phone.make(options_in(entered))
    careful.post("/account/passkeys/add", page=page_in(entered), name="Phone", credential=made)
    staff = Person(cloud, "staff")
    account = found(staff, careful.email)
    assert (account["two_step"], account["passkeys"]) == (True, 1)
    waiting = careful.first_step()

    path = f"/v1/staff/accounts/{account['account_id']}/remove-second-steps"
    removed = staff.ask("POST", path, {"reason": "lost"})

    assert removed.status_code == 200, removed.text
    assert (removed.json()["two_step"], removed.json()["passkeys"]) == (False, 0)
    assert removed.json()["sessions"] == 0
    assert tv.renewal().json()["error"] == "invalid_grant"
    assert careful.second_step(recovery[0], waiting).status_code == 401
    assert sign_in(careful, phone).status_code == 401
    assert careful.signs_in().access_token()
    letter = await_letter(cloud, careful.email, "Your second step was taken off your account")
    assert "You told us that you lost" in letter["text"]
    assert "/forgot-password" in letter["text"]
    event = "SecondStepsRemoved"
    eventually(lambda: on_the_bus(cloud, event, account["account_id"]), 30, event)


def test_a_thief_who_turned_two_steps_on_is_shut_out_by_mail_and_staff(
    cloud: RunningCloud,
) -> None:
    """A password chosen by mail leaves the app: the other half is a person who looks at it."""
    thief = Careful(cloud)
    thief.has_account()
    thief.turns_it_on()
    with pytest.raises(SignInError):
        thief.signs_in()
    staff = Person(cloud, "staff")
    account_id = found(staff, thief.email)["account_id"]

    path = f"/v1/staff/accounts/{account_id}/remove-second-steps"
    assert staff.ask("POST", path, {"reason": "not_theirs"}).status_code == 200

    letter = await_letter(cloud, thief.email, "Your second step was taken off your account")
    assert "was not yours" in letter["text"]
    assert thief.signs_in().access_token()


def test_it_is_not_done_to_staff_or_by_members_or_strangers(
    cloud: RunningCloud, member: Person
) -> None:
    staff, somebody = Person(cloud, "staff"), Somebody(cloud).has_account()
    own = claims_of(staff.tokens.access_token())["sub"]
    others = found(staff, cloud.new_staff()["email"])["account_id"]
    members = found(staff, somebody.email)["account_id"]

    def asked(who: Person, account_id: str) -> tuple[int, str]:
        path = f"/v1/staff/accounts/{account_id}/remove-second-steps"
        answer = who.ask("POST", path, {"reason": "lost"})
        return answer.status_code, answer.json().get("code", "")

    assert asked(staff, own) == (403, "own_account")
    assert asked(staff, others) == (403, "staff_account")
    assert asked(member, members)[0] == 403
    path = f"/v1/staff/accounts/{members}/remove-second-steps"
    nobody = somebody.http.post(f"{cloud.web}{path}", json={"reason": "lost"})
    assert nobody.status_code == 401
