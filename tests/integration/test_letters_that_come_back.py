"""A letter bounces on the running service: no more go there, and staff see why."""

from __future__ import annotations

import secrets
from typing import Any

from tests.cloud import Person, RunningCloud, eventually
from tests.integration.test_accounts import VERIFY, Somebody
from tests.mailbox import await_letter, letters_to


def test_nothing_is_sent_to_an_address_that_a_letter_came_back_from(
    cloud: RunningCloud, staff: Person
) -> None:
    somebody = Somebody(cloud).has_account()
    bounces = f"bounce+{secrets.token_hex(6)}@simulator.amazonses.com"
    known = {"email": somebody.email, "password": somebody.password}
    account = staff.ask("POST", "/v1/staff/accounts/find", {"email": somebody.email}).json()
    path = f"/v1/staff/accounts/{account['account_id']}/letters"
    somebody.codes_page("/account/email", **known, new_email=bounces)
    await_letter(cloud, bounces, "Your code to confirm your address")

    def marks() -> Any:
        return staff.get(path)["undeliverable"]

    (mark,) = eventually(marks, 30, "a mark")
    assert mark["kind"] == "bounce"

    somebody.codes_page("/account/email", **known, new_email=bounces)
    await_letter(cloud, somebody.email, "Your address is about to change")
    eventually(
        lambda: len([one for one in sent(staff, path) if one == "email_change_asked"]) == 2,
        30,
        "the second notice to the address that is good",
    )

    assert len(letters_to(cloud, bounces)) == 1
    assert "email_verification" in sent(staff, path)
    assert VERIFY in [letter["subject"] for letter in letters_to(cloud, somebody.email)]


def sent(staff: Person, path: str) -> list[str]:
    return [letter["template"] for letter in staff.get(path)["letters"] if letter["sent"]]
