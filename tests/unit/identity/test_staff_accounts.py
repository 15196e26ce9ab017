"""Staff find somebody's account, block it, let it go, and take lost second steps off it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from identity.accounts.domain import BlockedAccountError, WrongPasswordError
from identity.accounts.letters import Letters
from identity.accounts.sign_in import BLOCKED
from identity.devices.domain import STEP_UP_LIFE
from identity.domain import Account, Block
from identity.mfa.domain import AuthenticatorApp
from identity.oauth.errors import InvalidGrantError
from identity.passkeys.domain import Passkey
from identity.staff.domain import NOTE_MAX_CHARACTERS, REASONS, SECOND_STEP_REASONS
from identity.staff.routes import routes
from identity.staff.service import StaffDesk
from kernel.events.identity import (
    AccountBlocked,
    AccountBlockNotice,
    AccountUnblocked,
    AccountUnblockNotice,
    MfaEnabled,
    SecondStepsRemoved,
    SecondStepsRemovedNotice,
)
from kernel.web.payload import answering
from notifications.words import LANGUAGES, TemplateWords
from tests.fakes.accounts import OpenSeal
from tests.fakes.gateway import call
from tests.fakes.mfa import FakeFactors
from tests.fakes.passkeys import FakePasskeys
from tests.fakes.staff import FakeBlocks, FakeSecondSteps
from tests.unit.identity.accounts_server import Desk, owner
from tests.unit.identity.test_device_registry import Home, claims
from tests.unit.identity.test_sign_in import ISSUER, REQUEST

FIND = "POST /v1/staff/accounts/find"
SEE = "GET /v1/staff/accounts/{account_id}"
BLOCK = "PUT /v1/staff/accounts/{account_id}/block"
REMOVE = "POST /v1/staff/accounts/{account_id}/remove-second-steps"
UNBLOCK = "DELETE /v1/staff/accounts/{account_id}/block"


class Office(Home):
    """Ada, who watches, and Grace, who works here and is signed in."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, scopes in (("ada", ("member",)), ("grace", ("member", "staff"))):
            self.registration.create_account(f"{name}@example.com", "correct horse", scopes)
        self.blocks = FakeBlocks(self.accounts)
        self.factors = FakeFactors(self.accounts)
        self.passkeys = FakePasskeys(accounts=self.accounts)
        self.seal = OpenSeal()
        self.second_steps = FakeSecondSteps(self.factors, self.passkeys)
        self.desk_of_staff = StaffDesk(
            accounts=self.accounts,
            devices=self.held,
            grants=self.grants,
            blocks=self.blocks,
            second_steps=self.second_steps,
            letters=Letters(self.seal),
            clock=self.clock,
        )
        self.grace = {**claims(self.sign_in(email="grace")), "scope": "member staff"}

    def called(
        self, route: str, body: object = None, account_id: str = "", **said: str
    ) -> tuple[int, Any]:
        method, path = route.split(" ")
        named = {"account_id": account_id or self.ada.account_id}
        event = call(method, path, body=body, parameters=named, claims={**self.grace, **said})
        event["routeKey"] = route
        answer = answering(routes(self.desk_of_staff))(event, None)
        assert answer["headers"]["cache-control"] == "no-store"
        return answer["statusCode"], json.loads(answer["body"])

    def blocked(self, reason: str = "sharing", note: str = "") -> None:
        assert self.called(BLOCK, {"reason": reason, "note": note})[0] == 200

    def protected(self, name: str = "ada") -> Account:
        """Somebody with an app, recovery codes and a passkey."""
        account = self.accounts.by_email(f"{name}@example.com")
        assert account is not None
        on = MfaEnabled(sequence=1, account_id=account.account_id, language="en", sealed="s")
        app = AuthenticatorApp("sealed", 0)
        self.factors.turn_on(account, app, {"one", "two"}, on, self.now)
        key = Passkey(f"key {name}", account.account_id, "Phone", "c", "i", 0, True, self.now)
        self.passkeys.add(account, key, on, self.now)
        found = self.accounts.by_id(account.account_id)
        assert found is not None
        return found

    def renew(self, answer: dict[str, Any]) -> dict[str, Any]:
        return self.tokens.exchange(
            {
                "grant_type": "refresh_token",
                "refresh_token": answer["refresh_token"],
                "client_id": "web",
            }
        )


@pytest.fixture
def office(now: datetime) -> Office:
    return Office(now)


def test_staff_find_an_account_by_its_address_however_it_is_cased(office: Office) -> None:
    office.sign_in()

    status, found = office.called(FIND, {"email": " Ada@Example.com "})

    assert (status, found["email"], found["block"]) == (200, "ada@example.com", None)
    assert (found["devices"], found["devices_allowed"], found["sessions"]) == (1, 3, 1)
    assert found == office.called(SEE, account_id=found["account_id"])[1]
    assert "hash" not in json.dumps(found)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"email": "nobody@example.com"}, 404, "account_not_found"),
        ({"email": "ada"}, 422, "invalid_input"),
        ({"email": ["ada@example.com"]}, 422, "invalid_input"),
        ({}, 422, "invalid_input"),
        ({"email": "ada@example.com", "all": True}, 422, "invalid_input"),
    ],
)
def test_what_finds_nobody_is_said(
    office: Office, body: dict[str, Any], status: int, code: str
) -> None:
    answered, problem = office.called(FIND, body)

    assert (answered, problem["code"]) == (status, code)


@pytest.mark.parametrize("route", [FIND, SEE, BLOCK, UNBLOCK, REMOVE])
@pytest.mark.parametrize("said", [{"scope": "member"}, {"sid": "fam_0"}, {"sub": "acc_0"}])
def test_only_who_is_signed_in_as_staff_at_this_moment_sees_or_does_anything(
    office: Office, route: str, said: dict[str, str]
) -> None:
    body = {"email": "ada@example.com"} if route == FIND else {"reason": "terms"}
    office.protected()

    status, problem = office.called(route, body, **said)

    assert status == (403 if "scope" in said else 401)
    assert problem["code"] in ("refused", "signed_out")
    assert office.ada.block is None
    assert office.ada.factors


def test_a_token_is_no_good_once_its_sign_in_ended_or_its_account_is_not_staffs(
    office: Office,
) -> None:
    grace = office.accounts.accounts[office.grace["sub"]]
    office.accounts.accounts[grace.account_id] = replace(grace, scopes=("member",))
    assert office.called(SEE)[0] == 401
    office.accounts.accounts[grace.account_id] = grace

    office.grants.revoke(grace.account_id, office.grace["sid"], office.clock())

    assert office.called(SEE)[0] == 401


def test_a_block_ends_every_sign_in_and_says_why_to_who_has_the_password(office: Office) -> None:
    before = office.sign_in()
    office.now += timedelta(seconds=1)

    office.blocked("sharing", "Five households.")

    with pytest.raises(InvalidGrantError):
        office.renew(before)
    with pytest.raises(BlockedAccountError, match="blocked"):
        office.sign_in()
    request = office.authorization.request(REQUEST)
    with pytest.raises(WrongPasswordError):
        office.authorization.sign_in(request, "ada@example.com", "wrong horse", "192.0.2.1")
    found = office.called(SEE)[1]
    assert found["sessions"] == 0
    assert found["block"] == {
        "reason": "sharing",
        "note": "Five households.",
        "by": office.grace["sub"],
        "at": office.clock().isoformat(),
    }


def test_a_code_that_was_given_out_before_the_block_buys_nothing(office: Office) -> None:
    request = office.authorization.request(REQUEST)
    owner = ("ada@example.com", "correct horse")
    code = office.authorization.sign_in(request, *owner, "192.0.2.1").code
    office.blocked()

    with pytest.raises(InvalidGrantError):
        office.tokens.exchange(
            {
                "grant_type": "authorization_code",
                "code": code,
                "client_id": "web",
                "redirect_uri": request.redirect_uri,
                "code_verifier": "v" * 43,
            }
        )


def test_the_bus_and_the_owner_hear_of_a_block_once(office: Office) -> None:
    office.blocked()
    office.blocked()

    blocked, notice = office.blocks.told
    assert isinstance(blocked, AccountBlocked)
    assert isinstance(notice, AccountBlockNotice)
    assert blocked.account_id == notice.account_id == office.ada.account_id
    assert json.loads(notice.sealed)[0] == {"to": "ada@example.com", "reason": "sharing"}
    status, problem = office.called(BLOCK, {"reason": "terms"})
    assert (status, problem["code"]) == (409, "already_blocked")


def test_who_is_let_go_signs_in_anew_and_what_was_signed_in_before_stays_out(
    office: Office,
) -> None:
    before = office.sign_in()
    office.now += timedelta(seconds=1)
    office.blocked()
    office.now += timedelta(seconds=1)

    assert office.called(UNBLOCK)[1]["block"] is None
    assert office.called(UNBLOCK)[0] == 200

    with pytest.raises(InvalidGrantError):
        office.renew(before)
    assert office.renew(office.sign_in())
    assert [type(one) for one in office.blocks.told[2:]] == [AccountUnblocked, AccountUnblockNotice]


def test_staff_do_not_block_themselves(office: Office) -> None:
    status, problem = office.called(BLOCK, {"reason": "terms"}, account_id=office.grace["sub"])

    assert (status, problem["code"]) == (403, "own_account")
    assert office.blocks.told == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "reason"),
        ({"reason": "dislike"}, "reason"),
        ({"reason": ["terms"]}, "reason"),
        ({"reason": "terms", "note": "x" * (NOTE_MAX_CHARACTERS + 1)}, "note"),
        ({"reason": "terms", "note": "\x00"}, "note"),
        ({"reason": "terms", "note": None}, "note"),
        ({"reason": "terms", "until": "tomorrow"}, "until"),
    ],
)
def test_a_block_needs_a_reason_that_its_owner_can_be_told(
    office: Office, body: dict[str, Any], field: str
) -> None:
    status, problem = office.called(BLOCK, body)

    assert (status, problem["code"], problem["field"]) == (422, "invalid_input", field)
    assert office.ada.block is None


@pytest.mark.parametrize("account_id", ["acc_0", "acc_" + "0" * 3000, "title_1"])
@pytest.mark.parametrize("route", [SEE, BLOCK, UNBLOCK, REMOVE])
def test_an_account_that_is_not_there_is_not_found(
    office: Office, route: str, account_id: str
) -> None:
    body = {"reason": "lost" if route == REMOVE else "terms"}

    status, problem = office.called(route, body, account_id=account_id)

    assert (status, problem["code"]) == (404, "account_not_found")


def test_a_blocked_owner_still_takes_their_data_and_leaves(now: datetime) -> None:
    desk = Desk(now)
    account = desk.member()
    office_blocks = FakeBlocks(desk.members.accounts)
    office_blocks.block(account, Block("terms", "", "acc_1", now), ())

    assert desk.export.of(owner())["email"] == "ada@example.com"
    with pytest.raises(BlockedAccountError, match=BLOCKED):
        desk.upkeep.change_password(owner(), "another staple of batteries")
    assert desk.upkeep.delete(owner()) > now


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_its_sentence_in_every_language(language: str) -> None:
    words = TemplateWords("https://watch.example", ISSUER)

    letters = {
        words.message("account_blocked", language, "ada@example.com", {"reason": reason}).text
        for reason in REASONS
    }

    assert len(letters) == len(REASONS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_to_take_a_second_step_off_has_its_sentence(language: str) -> None:
    words = TemplateWords("https://watch.example", ISSUER)

    letters = {
        words.message("second_steps_removed", language, "ada@example.com", {"reason": reason}).text
        for reason in SECOND_STEP_REASONS
    }

    assert len(letters) == len(SECOND_STEP_REASONS)


def test_a_member_who_lost_every_second_step_signs_in_by_the_password_again(
    office: Office,
) -> None:
    before = office.sign_in()
    ada = office.protected()
    assert office.called(SEE)[1]["two_step"] is True
    assert office.called(SEE)[1]["passkeys"] == 1
    office.now += timedelta(seconds=1)

    status, found = office.called(REMOVE, {"reason": "lost"})

    assert (status, found["two_step"], found["passkeys"]) == (200, False, 0)
    assert found["sessions"] == 0
    assert office.factors.app(ada.account_id) is None
    assert ada.account_id not in office.factors.recovery
    assert office.passkeys.of(ada.account_id) == []
    with pytest.raises(InvalidGrantError):
        office.renew(before)
    office.now += timedelta(seconds=1)
    assert office.renew(office.sign_in())


def test_the_bus_hears_who_took_a_second_step_off_and_the_owner_hears_why_once(
    office: Office,
) -> None:
    office.protected()
    for _ in range(2):
        assert office.called(REMOVE, {"reason": "not_theirs"})[0] == 200

    removed, notice = office.second_steps.told
    assert isinstance(removed, SecondStepsRemoved)
    assert (removed.account_id, removed.by) == (office.ada.account_id, office.grace["sub"])
    assert removed.reason == "not_theirs"
    assert isinstance(notice, SecondStepsRemovedNotice)
    assert json.loads(notice.sealed)[0] == {"to": "ada@example.com", "reason": "not_theirs"}


def test_an_account_without_a_second_step_stays_as_it_is(office: Office) -> None:
    before = office.ada

    assert office.called(REMOVE, {"reason": "lost"})[0] == 200

    assert office.ada == before
    assert office.second_steps.told == []


def test_staffs_own_second_steps_are_an_operators_matter(office: Office) -> None:
    office.registration.create_account("joan@example.com", "correct horse", ("member", "staff"))
    joan, grace = office.protected("joan"), office.protected("grace")

    for account, code in ((joan, "staff_account"), (grace, "own_account")):
        status, problem = office.called(REMOVE, {"reason": "lost"}, account_id=account.account_id)

        assert (status, problem["code"]) == (403, code)
        assert office.accounts.by_id(account.account_id) == account
    assert office.second_steps.told == []


@pytest.mark.parametrize("said", [{"auth_time": ""}, {"amr": ""}, {}])
def test_taking_a_second_step_off_asks_for_a_fresh_sign_in(
    office: Office, said: dict[str, str]
) -> None:
    ada = office.protected()
    office.now += timedelta() if said else STEP_UP_LIFE

    status, problem = office.called(REMOVE, {"reason": "lost"}, **said)

    assert (status, problem["code"]) == (403, "step_up_required")
    assert office.ada == ada


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "reason"),
        ({"reason": "sharing"}, "reason"),
        ({"reason": ["lost"]}, "reason"),
        ({"reason": None}, "reason"),
        ({"reason": "lost", "note": "Called."}, "note"),
    ],
)
def test_taking_a_second_step_off_needs_a_reason(
    office: Office, body: dict[str, Any], field: str
) -> None:
    ada = office.protected()

    status, problem = office.called(REMOVE, body)

    assert (status, problem["code"], problem["field"]) == (422, "invalid_input", field)
    assert office.ada == ada


def test_a_passkey_that_is_added_meanwhile_is_seen_before_it_goes(office: Office) -> None:
    class Meanwhile(FakeSecondSteps):
        def remove(self, account: Account, *told: Any) -> bool:
            return super().remove(replace(account, passkeys=account.passkeys + 1), *told)

    ada = office.protected()
    slow = Meanwhile(office.factors, office.passkeys)
    office.desk_of_staff = replace(office.desk_of_staff, second_steps=slow)

    status, problem = office.called(REMOVE, {"reason": "lost"})

    assert (status, problem["code"]) == (409, "conflict")
    assert office.ada == ada


def while_it_seals(office: Office) -> list[datetime]:
    """When somebody signed in while a letter was sealed, once one was."""
    came: list[datetime] = []

    def sign_in() -> None:
        office.now += timedelta(milliseconds=20)
        came.append(office.now)
        office.now += timedelta(milliseconds=20)

    office.seal.work.meanwhile["seal"] = sign_in
    return came


def test_a_block_outlasts_sign_ins_that_began_while_its_letter_was_sealed(office: Office) -> None:
    came = while_it_seals(office)

    office.blocked()
    office.called(UNBLOCK)

    assert [office.ada.keeps(began) for began in came] == [False]


def test_sign_ins_that_began_while_second_steps_were_taken_off_are_over(office: Office) -> None:
    office.protected()
    came = while_it_seals(office)

    assert office.called(REMOVE, {"reason": "lost"})[0] == 200

    assert [office.ada.keeps(began) for began in came] == [False]
