"""Staff block somebody's account on the running service: out at once, told why, and back in."""

from __future__ import annotations

from typing import Any

import pytest

from commands.sign_in import SignInError
from tests.cloud import Person, RunningCloud, eventually
from tests.custody import claims_of
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_accounts import Somebody
from tests.mailbox import await_letter


def found(staff: Person, email: str) -> dict[str, Any]:
    answer = staff.ask("POST", "/v1/staff/accounts/find", {"email": email})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    account: dict[str, Any] = answer.json()
    return account


def on_the_bus(cloud: RunningCloud, kind: str, account_id: str) -> bool:
    """Whether the outbox has published such an event of the account."""
    logs = (cloud.data_dir / "logs").glob("*")
    lines = (line for path in logs if path.is_file() for line in path.read_text().splitlines())
    return any(kind in line and account_id in line for line in lines)


def test_who_is_blocked_is_out_at_once_and_is_told_so_only_with_the_right_password(
    cloud: RunningCloud, staff: Person
) -> None:
    somebody = Somebody(cloud).has_account()
    tv = SignedIn(somebody)
    account_id = found(staff, somebody.email)["account_id"]
    path = f"/v1/staff/accounts/{account_id}"

    blocked = staff.ask("PUT", f"{path}/block", {"reason": "sharing", "note": "Five places."})

    assert (blocked.status_code, blocked.json()["sessions"]) == (200, 0)
    assert tv.renewal().json()["error"] == "invalid_grant"
    assert tv.ask("GET", "/devices").status_code == 401
    form = {"email": somebody.email, "password": somebody.password}
    refused = somebody.post("/account/password", **form, new_password="something else entirely")
    assert (refused.status_code, "This account is blocked." in refused.text) == (403, True)
    with pytest.raises(SignInError):
        somebody.signs_in()
    form["password"] = "wrong"
    guess = somebody.post("/account/password", **form, new_password="something else entirely")
    assert (guess.status_code, "blocked" in guess.text) == (401, False)
    letter = await_letter(cloud, somebody.email, "Your account is blocked")
    assert "more people than one household" in letter["text"]
    eventually(lambda: on_the_bus(cloud, "AccountBlocked", account_id), 30, "AccountBlocked")

    assert staff.ask("DELETE", f"{path}/block").json()["block"] is None

    assert tv.renewal().json()["error"] == "invalid_grant"
    assert somebody.signs_in().access_token()
    await_letter(cloud, somebody.email, "Your account is good again")
    eventually(lambda: on_the_bus(cloud, "AccountUnblocked", account_id), 30, "AccountUnblocked")


def test_staff_do_not_block_themselves_and_members_nobody(staff: Person, member: Person) -> None:
    own = staff.get(f"/v1/staff/accounts/{claims_of(staff.tokens.access_token())['sub']}")
    path = f"/v1/staff/accounts/{own['account_id']}/block"

    refused = staff.ask("PUT", path, {"reason": "terms"})

    assert (refused.status_code, refused.json()["code"]) == (403, "own_account")
    assert member.ask("PUT", path, {"reason": "terms"}).status_code == 403
    assert member.ask("POST", "/v1/staff/accounts/find", {"email": own["email"]}).status_code == 403
