"""What is under way when an account ends its sign-ins ends with them; what begins after does not.

Comparing a password, and sealing a letter, take long enough for somebody else to come between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from identity.confirmation.domain import StaleConfirmationError
from identity.consent.domain import ConsentNeededError
from identity.domain import Account
from identity.mfa.check import Owner
from identity.mfa.domain import StaleSignInError
from identity.oauth.grants import AuthorizationCode, digest
from identity.passkeys.domain import StaleCeremonyError
from identity.service import Admission
from kernel.clock import epoch_milliseconds
from kernel.events.identity import (
    AccountDeletionRequested,
    LetterEvent,
    PasswordChanged,
    PasswordResetRequested,
)
from tests.unit.identity.accounts_server import HERE, PASSWORD, Desk, owner
from tests.unit.identity.passkeys_server import PasskeyDesk
from tests.unit.identity.test_mfa import Phone, asked, first_step
from tests.unit.identity.test_sign_in import PARTNER, REQUEST

ADA = "ada@example.com"
CHOSEN = "a staple of batteries"
A_MOMENT = timedelta(milliseconds=20)
"""Of the work; Argon2 takes longer."""


@pytest.fixture
def desk(now: datetime) -> Desk:
    return Desk(now)


@pytest.fixture
def ada(desk: Desk) -> Account:
    return desk.member()


def sign_ins_end(desk: Desk, account: Account, *, during: str) -> None:
    """Have the account's owner change the password while that is being done."""

    def end() -> None:
        desk.clock.pass_by(A_MOMENT)
        desk.members.change_password(desk.current(account), f"plain:{CHOSEN}", [], desk.clock())
        desk.clock.pass_by(A_MOMENT)

    desk.work.meanwhile[during] = end


def signs_in(desk: Desk, password: str = PASSWORD) -> AuthorizationCode:
    """What a client gets for a password."""
    code = desk.authorization.sign_in(asked(desk), ADA, password, HERE).code
    return desk.grants.codes[digest(code)]


def test_a_sign_in_ends_that_compared_the_password_while_another_was_chosen(
    desk: Desk, ada: Account
) -> None:
    sign_ins_end(desk, ada, during="verify")

    code = signs_in(desk)

    assert not desk.current(ada).keeps(code.began)


def test_a_page_for_the_second_step_ends_that_was_on_its_way(desk: Desk, ada: Account) -> None:
    phone = Phone(desk)
    sign_ins_end(desk, ada, during="verify")
    step = first_step(desk)

    with pytest.raises(StaleSignInError):
        desk.second_step.sign_in(asked(desk), step, phone.shows(), HERE)


def test_a_sign_in_ends_whose_second_step_was_on_its_way(desk: Desk, ada: Account) -> None:
    phone = Phone(desk)
    step = first_step(desk)
    sign_ins_end(desk, ada, during="count")

    code = desk.second_step.sign_in(asked(desk), step, phone.shows(), HERE).code

    assert not desk.current(ada).keeps(desk.grants.codes[digest(code)].began)


def test_no_app_is_set_up_by_who_came_with_the_password_before(desk: Desk, ada: Account) -> None:
    sign_ins_end(desk, ada, during="verify")
    new = desk.two_step.set_up(owner())
    secret = new.shown_secret

    with pytest.raises(StaleSignInError):
        desk.two_step.confirm(new.page_secret, secret, HERE)


def test_an_app_is_let_in_by_nobody_who_came_with_the_password_before(
    desk: Desk, ada: Account
) -> None:
    clients = {PARTNER.client_id: PARTNER}
    admission: Admission = replace(desk.admission, clients=clients)
    authorization = replace(desk.authorization, admission=admission)
    request = admission.request(
        {**REQUEST, "client_id": "film-club", "redirect_uri": str(PARTNER.redirect_uri)}
    )
    sign_ins_end(desk, ada, during="verify")

    with pytest.raises(ConsentNeededError):
        authorization.sign_in(request, ADA, PASSWORD, HERE)

    (waiting,) = desk.consents.asked.values()
    assert not desk.current(ada).keeps(waiting.signed_in_at)


@pytest.fixture
def keys(now: datetime) -> PasskeyDesk:
    keys = PasskeyDesk(now)
    keys.member()
    return keys


def of(keys: PasskeyDesk) -> Account:
    """Ada, as she is now."""
    account = keys.desk.members.by_email(ADA)
    assert account is not None
    return account


def test_a_sign_in_ends_whose_passkey_was_being_verified(keys: PasskeyDesk) -> None:
    device, _ = keys.added()
    sent, ada = device.sign(keys.asked()), of(keys)
    sign_ins_end(keys.desk, ada, during="count")

    code = keys.signed_in(sent)

    assert not keys.desk.current(ada).keeps(code.began)


def test_a_page_of_passkeys_ends_that_was_on_its_way(keys: PasskeyDesk) -> None:
    ada = of(keys)
    sign_ins_end(keys.desk, ada, during="verify")
    page = keys.enters()

    with pytest.raises(StaleCeremonyError):
        keys.own.shown(page)


def test_a_confirmation_ends_whose_passkey_was_being_verified(keys: PasskeyDesk) -> None:
    device, _ = keys.added()
    ada = of(keys)
    options = keys.confirms.options("password", HERE)
    sign_ins_end(keys.desk, ada, during="count")
    secret = keys.confirms.confirm("password", device.sign(options)).secret

    with pytest.raises(StaleConfirmationError):
        keys.desk.upkeep.change_password(Owner("", "", HERE, confirmation=secret), CHOSEN)


def change(desk: Desk) -> Callable[[], object]:
    return lambda: desk.upkeep.change_password(owner(), CHOSEN)


def reset(desk: Desk) -> Callable[[], object]:
    secret = desk.recovery.request(ADA, "en", HERE)
    code = desk.sealed_in(PasswordResetRequested)["code"]
    return lambda: desk.recovery.reset(secret, code, CHOSEN, HERE)


def delete(desk: Desk) -> Callable[[], object]:
    return lambda: desk.upkeep.delete(owner())


@pytest.mark.parametrize(
    ("prepared", "during", "told"),
    [
        (change, "hash", PasswordChanged),
        (change, "seal", PasswordChanged),
        (reset, "hash", PasswordChanged),
        (reset, "seal", PasswordChanged),
        (delete, "seal", AccountDeletionRequested),
    ],
)
def test_what_ends_sign_ins_ends_those_that_began_while_it_worked(
    desk: Desk,
    ada: Account,
    prepared: Callable[[Desk], Callable[[], object]],
    during: str,
    told: type[LetterEvent],
) -> None:
    end, came = prepared(desk), list[AuthorizationCode]()

    def somebody_else() -> None:
        desk.clock.pass_by(A_MOMENT)
        came.append(signs_in(desk))
        desk.clock.pass_by(A_MOMENT)

    desk.work.meanwhile[during] = somebody_else
    end()

    ended = desk.current(ada).sessions_from
    assert ended is not None
    assert [code.began <= ended for code in came] == [True]
    assert desk.told_last(told).sequence == epoch_milliseconds(ended), "who stops films hears when"


@pytest.mark.parametrize("prepared", [change, reset])
def test_a_sign_in_right_after_a_change_is_good(
    desk: Desk, ada: Account, prepared: Callable[[Desk], Callable[[], object]]
) -> None:
    prepared(desk)()
    desk.clock.pass_by(timedelta(milliseconds=1))

    code = signs_in(desk, CHOSEN)

    assert desk.current(ada).keeps(code.began)
