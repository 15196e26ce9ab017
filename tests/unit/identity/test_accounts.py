"""Getting an account, keeping it and leaving it, by the rules alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from identity.accounts.deletion import ONE_DELETION, DeletionUnfinishedError
from identity.accounts.domain import (
    ClosingAccountError,
    TooManyAttemptsError,
    WrongCodeError,
    WrongPasswordError,
)
from identity.accounts.limits import SIGN_IN_BY_ADDRESS, SIGN_IN_FROM_HERE
from identity.accounts.sign_in import NOBODY
from identity.domain import Account, Block, EmailTakenError
from identity.mfa.check import Owner
from kernel.errors import ConflictError, InvalidInputError, UnavailableError
from kernel.events.identity import (
    AccountCreated,
    AccountDeleted,
    AccountDeletionRequested,
    AccountRestored,
    AttemptsLimited,
    CodeFailed,
    DataExported,
    EmailChanged,
    EmailChangeRequested,
    EmailVerificationRequested,
    KnownAddressSignedUp,
    PasswordChanged,
    PasswordResetRequested,
    SignedOutEverywhere,
    SignInFailed,
)
from tests.fakes.devices import FakeDevices
from tests.fakes.staff import FakeBlocks
from tests.unit.identity.accounts_server import HERE, PASSWORD, Desk, owner

ADA = "ada@example.com"
CHOSEN = "a staple of batteries"


def plenty() -> timedelta:
    """What a run has left."""
    return timedelta(minutes=5)


@pytest.fixture
def desk(now: datetime) -> Desk:
    return Desk(now)


def test_an_account_comes_to_be_when_its_code_is_entered(desk: Desk) -> None:
    secret = desk.sign_up.request("Ada@Example.com", CHOSEN, "de", HERE)
    assert desk.members.accounts.accounts == {}
    letter = desk.sealed_in(EmailVerificationRequested)

    account = desk.sign_up.confirm(secret, letter["code"], HERE)

    assert letter["to"] == account.email == ADA
    assert account.scopes == ("member",)
    assert account.language == "de"
    assert desk.check.account(ADA, CHOSEN, HERE).account == account
    assert desk.told_last(AccountCreated).account_id == account.account_id


def test_a_code_is_read_however_it_is_typed(desk: Desk) -> None:
    secret = desk.sign_up.request(ADA, CHOSEN, "en", HERE)
    code = desk.sealed_in(EmailVerificationRequested)["code"]

    assert desk.sign_up.confirm(secret, f" {code.replace('-', ' ').lower()} ", HERE)


def test_a_code_is_good_once(desk: Desk) -> None:
    secret = desk.sign_up.request(ADA, CHOSEN, "en", HERE)
    code = desk.sealed_in(EmailVerificationRequested)["code"]
    desk.sign_up.confirm(secret, code, HERE)

    with pytest.raises(WrongCodeError):
        desk.sign_up.confirm(secret, code, HERE)


def test_a_code_serves_only_the_page_that_asked_for_it(desk: Desk) -> None:
    desk.sign_up.request(ADA, CHOSEN, "en", HERE)
    code = desk.sealed_in(EmailVerificationRequested)["code"]
    other = desk.sign_up.request("eve@example.com", CHOSEN, "en", HERE)

    with pytest.raises(WrongCodeError):
        desk.sign_up.confirm(other, code, HERE)


def test_a_code_for_one_thing_does_nothing_else(desk: Desk) -> None:
    desk.member()
    secret = desk.recovery.request(ADA, "en", HERE)
    code = desk.sealed_in(PasswordResetRequested)["code"]

    with pytest.raises(WrongCodeError):
        desk.sign_up.confirm(secret, code, HERE)


def test_five_wrong_codes_use_a_challenge_up(desk: Desk) -> None:
    secret = desk.sign_up.request(ADA, CHOSEN, "en", HERE)
    code = desk.sealed_in(EmailVerificationRequested)["code"]

    for _ in range(5):
        with pytest.raises(WrongCodeError):
            desk.sign_up.confirm(secret, "2222-2222", HERE)
    with pytest.raises(WrongCodeError):
        desk.sign_up.confirm(secret, code, HERE)


def test_who_watches_over_accounts_hears_of_wrong_codes_and_whose_page_they_were_for(
    desk: Desk,
) -> None:
    ada = desk.member()
    secret = desk.recovery.request(ADA, "en", HERE)

    with pytest.raises(WrongCodeError):
        desk.recovery.reset(secret, "2222-2222", CHOSEN, HERE)
    hers = desk.told_last(CodeFailed)
    with pytest.raises(WrongCodeError):
        desk.recovery.reset("no page's", "2222-2222", CHOSEN, HERE)
    nobodys = desk.told_last(CodeFailed)

    assert (hers.account_id, hers.purpose) == (ada.account_id, "reset")
    assert (nobodys.account_id, nobodys.purpose) == (NOBODY, "reset")


def test_a_guesser_who_waits_as_told_waits_seconds_then_minutes_then_a_quarter_of_an_hour(
    desk: Desk,
) -> None:
    desk.member()
    compared, waits = 0, dict[int, int]()
    for _ in range(200):
        try:
            desk.check.account(ADA, "wrong", HERE)
        except WrongPasswordError:
            compared += 1
        except TooManyAttemptsError as error:
            waits.setdefault(error.retry_after_seconds, compared)
            desk.clock.pass_by(timedelta(seconds=error.retry_after_seconds))

    assert [wait for wait in waits if wait in (30, 120, 900)] == [30, 120, 900]
    assert waits[30] == SIGN_IN_FROM_HERE.burst
    assert waits[120] >= SIGN_IN_BY_ADDRESS.burst
    assert desk.check.account(ADA, PASSWORD, "another place"), "its owner, elsewhere"


def test_who_watches_over_accounts_hears_once_that_guessing_is_held_back(desk: Desk) -> None:
    ada = desk.member()

    def guess(email: str) -> None:
        for _ in range(9):
            with pytest.raises((WrongPasswordError, TooManyAttemptsError)):
                desk.check.account(email, "wrong", HERE)

    guess(ADA)
    guess("nobody@example.com")

    told = [event for event in desk.told if isinstance(event, AttemptsLimited)]
    assert [(event.account_id, event.limit) for event in told] == [
        (ada.account_id, "sign-in-from-here"),
        (NOBODY, "sign-in-from-here"),
    ]


def test_a_code_is_over_after_a_quarter_of_an_hour(desk: Desk) -> None:
    secret = desk.sign_up.request(ADA, CHOSEN, "en", HERE)
    code = desk.sealed_in(EmailVerificationRequested)["code"]
    desk.clock.pass_by(timedelta(minutes=15))

    with pytest.raises(WrongCodeError):
        desk.sign_up.confirm(secret, code, HERE)


def test_the_owner_of_a_known_address_hears_of_it_and_nothing_changes(desk: Desk) -> None:
    ada = desk.member(language="de")

    secret = desk.sign_up.request(ADA, CHOSEN, "en", HERE)

    letter = desk.told_last(KnownAddressSignedUp)
    assert (letter.account_id, letter.language) == (ada.account_id, "de")
    with pytest.raises(WrongCodeError):
        desk.sign_up.confirm(secret, desk.sealed_in(KnownAddressSignedUp)["code"], HERE)
    assert desk.current(ada) == ada


def test_of_two_codes_for_one_address_the_first_entered_counts(desk: Desk) -> None:
    first = desk.sign_up.request(ADA, CHOSEN, "en", HERE)
    first_code = desk.sealed_in(EmailVerificationRequested)["code"]
    second = desk.sign_up.request(ADA, "somebody else's", "en", HERE)
    second_code = desk.sealed_in(EmailVerificationRequested)["code"]
    desk.sign_up.confirm(second, second_code, HERE)

    with pytest.raises(WrongCodeError):
        desk.sign_up.confirm(first, first_code, HERE)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "8 to 128 characters"),
        ("x" * 129, "8 to 128 characters"),
        ("password1", "most common"),
        ("PassWord1", "most common"),
        ("ada@example.com", "Your address"),
    ],
)
def test_a_password_that_anybody_would_try_is_refused(
    desk: Desk, password: str, reason: str
) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        desk.sign_up.request(ADA, password, "en", HERE)


@pytest.mark.parametrize("email", ["ada", "ädä@example.com", f"{'a' * 64}@{'b' * 190}.example"])
def test_an_address_that_no_letter_reaches_is_refused(desk: Desk, email: str) -> None:
    with pytest.raises(InvalidInputError):
        desk.sign_up.request(email, CHOSEN, "en", HERE)


def test_a_new_password_ends_every_sign_in(desk: Desk) -> None:
    ada = desk.member()
    secret = desk.recovery.request(ADA, "en", HERE)
    code = desk.sealed_in(PasswordResetRequested)["code"]
    desk.clock.pass_by(timedelta(minutes=29))

    desk.recovery.reset(secret, code, CHOSEN, HERE)

    changed = desk.current(ada)
    assert desk.check.account(ADA, CHOSEN, HERE).account == changed
    assert not changed.keeps(desk.clock())
    assert changed.keeps(desk.clock() + timedelta(milliseconds=1))
    assert desk.sealed_in(PasswordChanged) == {"to": ADA}


def test_a_password_that_is_refused_costs_no_try(desk: Desk) -> None:
    desk.member()
    secret = desk.recovery.request(ADA, "en", HERE)
    code = desk.sealed_in(PasswordResetRequested)["code"]
    for _ in range(6):
        with pytest.raises(InvalidInputError):
            desk.recovery.reset(secret, code, "password1", HERE)

    desk.recovery.reset(secret, code, CHOSEN, HERE)


@pytest.mark.parametrize("password", [ADA, "Ada@Example.com ", "lovelace"])
def test_an_address_is_no_password_by_whichever_way_it_is_chosen(desk: Desk, password: str) -> None:
    email = "lovelace@example.com" if password == "lovelace" else ADA
    desk.member(email)
    secret = desk.recovery.request(email, "en", HERE)
    code = desk.sealed_in(PasswordResetRequested)["code"]

    for choose in (
        lambda: desk.recovery.reset(secret, code, password, HERE),
        lambda: desk.upkeep.change_password(Owner(email, PASSWORD, HERE), password),
        lambda: desk.sign_up.request(email, password, "en", HERE),
    ):
        with pytest.raises(InvalidInputError, match="Your address"):
            choose()
    desk.recovery.reset(secret, code, CHOSEN, HERE)


def test_nobody_gets_a_code_for_an_address_without_an_account(desk: Desk) -> None:
    desk.recovery.request(ADA, "en", HERE)

    assert desk.told == []


def test_a_code_for_an_address_that_the_account_left_is_worth_nothing(desk: Desk) -> None:
    ada = desk.member()
    secret = desk.recovery.request(ADA, "en", HERE)
    code = desk.sealed_in(PasswordResetRequested)["code"]
    desk.members.change_email(
        ada, "ada@new.example", AccountRestored(sequence=1, account_id=""), desk.now
    )

    with pytest.raises(WrongCodeError):
        desk.recovery.reset(secret, code, CHOSEN, HERE)


def test_changing_the_password_asks_for_the_old_one(desk: Desk) -> None:
    ada = desk.member()

    with pytest.raises(WrongPasswordError):
        desk.upkeep.change_password(owner("wrong"), CHOSEN)
    desk.upkeep.change_password(owner(), CHOSEN)

    assert desk.check.account(ADA, CHOSEN, HERE)
    assert not desk.current(ada).keeps(desk.now)


def test_an_address_changes_when_the_new_one_is_confirmed_and_both_hear_of_it(desk: Desk) -> None:
    ada = desk.member()
    secret = desk.upkeep.request_email(owner(), "ada@new.example")
    asked = desk.sealed_in(EmailChangeRequested)
    assert desk.current(ada).email == ADA

    assert desk.upkeep.confirm_email(secret, asked["code"], HERE) == "ada@new.example"

    assert (asked["to"], asked["previous"]) == ("ada@new.example", ADA)
    assert desk.current(ada).email == "ada@new.example"
    assert desk.sealed_in(EmailChanged) == {"to": "ada@new.example", "previous": ADA}


def resets_the_password(desk: Desk, account: Account) -> None:
    secret = desk.recovery.request(ADA, "en", HERE)
    desk.recovery.reset(secret, desk.sealed_in(PasswordResetRequested)["code"], CHOSEN, HERE)


def changes_the_password(desk: Desk, account: Account) -> None:
    desk.upkeep.change_password(owner(), CHOSEN)


def signs_out_everywhere(desk: Desk, account: Account) -> None:
    told = SignedOutEverywhere(sequence=1, account_id=account.account_id, family_ids=[])
    FakeDevices(accounts=desk.members.accounts).end_all(account.account_id, told, desk.clock())


def is_blocked(desk: Desk, account: Account) -> None:
    block = Block("sharing", "", "acc_staff", desk.clock())
    assert FakeBlocks(desk.members.accounts).block(account, block, [])


def was_blocked_for_a_while(desk: Desk, account: Account) -> None:
    is_blocked(desk, account)
    blocked = desk.current(account)
    assert blocked.block is not None
    FakeBlocks(desk.members.accounts).unblock(blocked, blocked.block, [])


def is_taken_back_from_deletion(desk: Desk, account: Account) -> None:
    desk.upkeep.delete(owner())
    resets_the_password(desk, account)


@pytest.mark.parametrize(
    "happens",
    [
        resets_the_password,
        changes_the_password,
        signs_out_everywhere,
        is_blocked,
        was_blocked_for_a_while,
        is_taken_back_from_deletion,
    ],
)
def test_an_address_that_was_asked_for_before_the_sign_ins_ended_is_not_taken(
    desk: Desk, happens: Callable[[Desk, Account], None]
) -> None:
    """A thief who had the password would have the account again, by a letter to themselves."""
    ada = desk.member()
    secret = desk.upkeep.request_email(owner(), "thief@example.com")
    code = desk.sealed_in(EmailChangeRequested)["code"]
    desk.clock.pass_by(timedelta(milliseconds=1))
    happens(desk, ada)
    desk.clock.pass_by(timedelta(milliseconds=1))

    with pytest.raises(WrongCodeError):
        desk.upkeep.confirm_email(secret, code, HERE)

    assert desk.current(ada).email == ADA


def test_an_address_is_asked_for_by_nobody_who_came_with_the_password_before(desk: Desk) -> None:
    ada = desk.member()

    def change() -> None:
        desk.clock.pass_by(timedelta(milliseconds=20))
        desk.members.change_password(desk.current(ada), f"plain:{CHOSEN}", [], desk.clock())
        desk.clock.pass_by(timedelta(milliseconds=20))

    desk.work.meanwhile["verify"] = change
    secret = desk.upkeep.request_email(owner(), "thief@example.com")

    with pytest.raises(WrongCodeError):
        desk.upkeep.confirm_email(secret, desk.sealed_in(EmailChangeRequested)["code"], HERE)


def test_an_address_is_not_taken_when_the_sign_ins_end_in_that_moment(desk: Desk) -> None:
    ada = desk.member()
    secret = desk.upkeep.request_email(owner(), "thief@example.com")
    code = desk.sealed_in(EmailChangeRequested)["code"]
    desk.clock.pass_by(timedelta(milliseconds=20))
    desk.work.meanwhile["seal"] = lambda: signs_out_everywhere(desk, ada)

    with pytest.raises(ConflictError):
        desk.upkeep.confirm_email(secret, code, HERE)

    assert desk.current(ada).email == ADA


def test_an_address_is_asked_for_right_after_a_new_password(desk: Desk) -> None:
    desk.member()
    desk.upkeep.change_password(owner(), CHOSEN)
    desk.clock.pass_by(timedelta(milliseconds=1))
    secret = desk.upkeep.request_email(owner(CHOSEN), "ada@new.example")

    code = desk.sealed_in(EmailChangeRequested)["code"]

    assert desk.upkeep.confirm_email(secret, code, HERE) == "ada@new.example"


def test_an_address_of_another_account_is_told_only_to_who_reads_its_mail(desk: Desk) -> None:
    desk.member()
    desk.member("eve@example.com")
    secret = desk.upkeep.request_email(owner(), "eve@example.com")

    with pytest.raises(EmailTakenError):
        desk.upkeep.confirm_email(secret, desk.sealed_in(EmailChangeRequested)["code"], HERE)


def test_the_export_holds_all_but_secrets(desk: Desk) -> None:
    ada = desk.member()

    data = desk.export.of(owner())

    assert data["account_id"] == ada.account_id
    assert data["email"] == ADA
    assert data["profiles"] == [
        {
            "profile_id": ada.profile_id,
            "name": "Profile 1",
            "avatar": "reel",
            "language": ada.language,
            "maturity": 18,
            "kids": False,
            "has_pin": False,
        }
    ]
    assert PASSWORD not in str(data)
    assert desk.sealed_in(DataExported) == {"to": ADA, "when": "2026-11-01 12:00 UTC"}


def test_nobody_hears_of_an_export_that_was_refused_or_failed(desk: Desk) -> None:
    desk.member()

    with pytest.raises(WrongPasswordError):
        desk.export.of(owner(password="wrong"))
    desk.elsewhere.out_of_reach = True
    with pytest.raises(UnavailableError):
        desk.export.of(owner())

    assert not [event for event in desk.told if isinstance(event, DataExported)]


def test_a_deleted_account_signs_nobody_in_and_is_gone_after_its_grace(desk: Desk) -> None:
    ada = desk.member()
    due = desk.upkeep.delete(owner())
    assert due - desk.now == timedelta(days=14)
    assert desk.sealed_in(AccountDeletionRequested) == {"to": ADA, "due": "2026-11-15"}
    with pytest.raises(ClosingAccountError):
        desk.check.account(ADA, PASSWORD, HERE)
    with pytest.raises(WrongPasswordError):
        desk.check.account(ADA, "wrong", HERE)

    desk.clock.pass_by(timedelta(days=14))
    assert desk.deletion.delete_due(plenty) == 0
    desk.clock.pass_by(timedelta(seconds=1))
    assert desk.deletion.delete_due(plenty) == 1

    assert desk.members.by_email(ADA) is None
    gone = desk.told_last(AccountDeleted)
    assert (gone.account_id, gone.profile_ids) == (ada.account_id, [ada.profile_id])


def leave(desk: Desk, number: int) -> list[Account]:
    """So many members whose deletion is due, the longest waiting first."""
    due = desk.now - timedelta(days=1)
    return [
        desk.member(f"{each}@example.com", deletion_due=due + timedelta(seconds=each))
        for each in range(number)
    ]


def test_however_many_accounts_are_due_one_run_deletes_them(desk: Desk) -> None:
    leave(desk, 250)
    staying = desk.member()

    assert desk.deletion.delete_due(plenty) == 250

    assert list(desk.members.accounts.accounts) == [staying.account_id]


def test_a_run_whose_time_ends_stops_between_accounts_and_the_next_one_goes_on(desk: Desk) -> None:
    leaving = leave(desk, 5)
    left = iter([ONE_DELETION * 2, ONE_DELETION, ONE_DELETION - timedelta(milliseconds=1)])

    with pytest.raises(DeletionUnfinishedError, match="2 accounts") as unfinished:
        desk.deletion.delete_due(lambda: next(left))

    assert unfinished.value.deleted == 2
    assert list(desk.members.accounts.accounts) == [one.account_id for one in leaving[2:]]
    assert desk.deletion.delete_due(plenty) == 3


def test_a_run_that_is_done_has_all_the_time_it_took(desk: Desk) -> None:
    leave(desk, 1)
    left = iter([ONE_DELETION, timedelta(0)])

    assert desk.deletion.delete_due(lambda: next(left)) == 1


@pytest.mark.parametrize("failing", ["by_id", "delete"])
def test_an_account_that_cannot_be_deleted_stops_no_other_one_and_the_run_fails_in_the_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    broken = leave(desk, 3)[0].account_id
    whole = getattr(desk.members, failing)

    def fails(about: str | Account, *rest: Any) -> Any:
        if broken in (about, getattr(about, "account_id", "")):
            raise KeyError("email")
        return whole(about, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(desk.members, failing, fails)
        with pytest.raises(DeletionUnfinishedError, match=broken) as unfinished:
            desk.deletion.delete_due(plenty)

    assert (unfinished.value.deleted, unfinished.value.failed) == (2, [broken])
    assert isinstance(unfinished.value.__cause__, KeyError)
    assert list(desk.members.accounts.accounts) == [broken]
    assert desk.deletion.delete_due(plenty) == 1


def test_a_deletion_is_told_with_its_own_moment(desk: Desk) -> None:
    leave(desk, 2)

    def time_passes() -> timedelta:
        desk.clock.pass_by(timedelta(seconds=1))
        return ONE_DELETION

    desk.deletion.delete_due(time_passes)

    first, second = [one for one in desk.told if isinstance(one, AccountDeleted)]
    assert second.sequence - first.sequence == 1000


def test_who_reads_the_mail_takes_a_deleted_account_back(desk: Desk) -> None:
    ada = desk.member()
    desk.upkeep.delete(owner())
    secret = desk.recovery.request(ADA, "en", HERE)

    code = desk.sealed_in(PasswordResetRequested)["code"]
    desk.recovery.reset(secret, code, CHOSEN, HERE)

    assert desk.current(ada).deletion_due is None
    assert desk.check.account(ADA, CHOSEN, HERE)
    assert desk.told_last(AccountRestored).account_id == ada.account_id
    desk.clock.pass_by(timedelta(days=30))
    assert desk.deletion.delete_due(plenty) == 0


def test_a_hash_of_other_parameters_is_made_anew_at_sign_in(desk: Desk) -> None:
    ada = desk.member(password_hash=f"old:{PASSWORD}")

    desk.check.account(ADA, PASSWORD, HERE)

    assert desk.current(ada).password_hash == f"plain:{PASSWORD}"


def test_a_failure_is_told_by_the_accounts_id_alone(desk: Desk) -> None:
    ada = desk.member()
    for email in (ADA, "nobody@example.com"):
        with pytest.raises(WrongPasswordError):
            desk.check.account(email, "wrong", HERE)

    failed = [event.account_id for event in desk.told if isinstance(event, SignInFailed)]
    assert failed == [ada.account_id, "acc_nobody"]


def test_guessing_is_slowed_down_and_knowing_is_not(desk: Desk) -> None:
    desk.member()
    for _ in range(50):
        desk.check.account(ADA, PASSWORD, HERE)
    for _ in range(5):
        with pytest.raises(WrongPasswordError):
            desk.check.account(ADA, "wrong", HERE)

    with pytest.raises(TooManyAttemptsError, match="Try again in 30 seconds") as refused:
        desk.check.account(ADA, PASSWORD, HERE)

    assert refused.value.retry_after_seconds == 30
    desk.clock.pass_by(timedelta(seconds=30))
    assert desk.check.account(ADA, PASSWORD, HERE)


def test_whoever_guesses_elsewhere_does_not_lock_the_owner_out(desk: Desk) -> None:
    desk.member()
    for _ in range(6):
        with pytest.raises((WrongPasswordError, TooManyAttemptsError)):
            desk.check.account(ADA, "wrong", "203.0.113.9")

    assert desk.check.account(ADA, PASSWORD, HERE)


def test_guessing_from_everywhere_is_slowed_down_more(desk: Desk) -> None:
    desk.member()
    for number in range(30):
        with pytest.raises(WrongPasswordError):
            desk.check.account(ADA, "wrong", f"203.0.113.{number}")

    with pytest.raises(TooManyAttemptsError) as refused:
        desk.check.account(ADA, "wrong", "198.51.100.1")
    assert refused.value.retry_after_seconds == 120


def test_a_refused_attempt_compares_nothing(desk: Desk) -> None:
    for _ in range(5):
        with pytest.raises(WrongPasswordError):
            desk.check.account(ADA, "wrong", HERE)
    verified = desk.work.done["verify"]

    with pytest.raises(TooManyAttemptsError):
        desk.check.account(ADA, "wrong", HERE)

    assert desk.work.done["verify"] == verified


def test_no_mailbox_is_filled_through_us(desk: Desk) -> None:
    for _ in range(3):
        desk.recovery.request(ADA, "en", HERE)

    with pytest.raises(TooManyAttemptsError, match="10 minutes"):
        desk.sign_up.request(ADA, CHOSEN, "en", "203.0.113.9")


@pytest.mark.parametrize(
    "attempt",
    [
        lambda desk, email: desk.check.account(email, "wrong", HERE),
        lambda desk, email: desk.sign_up.request(email, CHOSEN, "en", HERE),
        lambda desk, email: desk.recovery.request(email, "en", HERE),
    ],
    ids=["sign-in", "sign-up", "recovery"],
)
def test_an_address_with_an_account_is_as_much_work_as_one_without(
    now: datetime, attempt: Callable[[Desk, str], object]
) -> None:
    def work_for(email: str) -> dict[str, int]:
        desk = Desk(now)
        desk.member()
        with contextlib.suppress(WrongPasswordError):
            attempt(desk, email)
        return dict(desk.work.done)

    assert work_for(ADA) == work_for("nobody@example.com")


def test_a_wrong_code_is_as_much_work_for_a_known_address(now: datetime) -> None:
    def work_for(email: str) -> dict[str, int]:
        desk = Desk(now)
        desk.member()
        secret = desk.recovery.request(email, "en", HERE)
        with pytest.raises(WrongCodeError):
            desk.recovery.reset(secret, "2222-2222", CHOSEN, HERE)
        return dict(desk.work.done)

    assert work_for(ADA) == work_for("nobody@example.com")
