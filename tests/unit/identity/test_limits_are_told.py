"""Whoever watches over accounts hears of every limit that somebody meets, and of proofs that are
none; of whose account it is, where anything says so, and of no secret."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from identity.accounts import limits as limits_of
from identity.accounts.device_cookies import renewed_cookie
from identity.accounts.domain import TooManyAttemptsError, WrongCodeError
from identity.accounts.limits import (
    CODES_BY_DEVICE,
    CODES_BY_PLACE,
    CONFIRMATIONS_BY_PLACE,
    DEVICES_BY_PLACE,
    LETTERS_BY_ADDRESS,
    LETTERS_BY_DEVICE,
    LETTERS_BY_PLACE,
    PASSKEYS_BY_ACCOUNT,
    PASSKEYS_BY_DEVICE,
    PASSKEYS_BY_PLACE,
    PINS_BY_ACCOUNT,
    PINS_BY_DEVICE,
    PINS_BY_PROFILE,
    RENEWALS_BY_SIGN_IN,
    RESOURCE_SERVERS_REFUSED,
    REVOCATIONS_IN_VAIN,
    SECOND_STEP_BY_ACCOUNT,
    SECOND_STEP_BY_DEVICE,
    SECOND_STEP_BY_KNOWN_DEVICES,
    SECOND_STEP_BY_PLACE,
    SIGN_IN_BY_ADDRESS,
    SIGN_IN_BY_DEVICE,
    SIGN_IN_BY_DEVICE_LASTING,
    SIGN_IN_BY_KNOWN_DEVICES,
    SIGN_IN_BY_PLACE,
    SIGN_IN_FROM_HERE,
    SIGN_IN_FROM_HERE_LASTING,
    SIGN_INS_BY_ACCOUNT,
    TOKENS_REFUSED,
    USER_CODES_BY_ACCOUNT,
    USER_CODES_BY_DEVICE,
    USER_CODES_BY_PLACE,
    USERINFO_BY_ACCOUNT,
    USERINFO_REFUSED,
    Limit,
)
from identity.accounts.sign_in import NOBODY
from identity.mfa.check import Owner
from identity.oauth.refusals import Refusals
from identity.oauth.routes import introspection, revoke, token
from kernel.events import Event
from kernel.events.identity import AttemptsLimited, PasswordResetRequested, ProofRefused
from kernel.web.payload import Reply
from tests.proving import DeviceKey
from tests.unit.identity.accounts_server import PASSWORD
from tests.unit.identity.passkeys_server import PasskeyDesk
from tests.unit.identity.test_device_grants import PHONE, TV, VISIT, Household
from tests.unit.identity.test_mfa import Phone, asked, first_step
from tests.unit.identity.test_oauth_routes import OneResourceServer
from tests.unit.identity.test_profiles import device
from tests.unit.identity.test_sessions import Home
from tests.unit.identity.test_sign_in import ISSUER, Server

ADA = "ada@example.com"
HERE = "192.0.2.1"
CHANCE = "c" * 22
LIMITS = {each.name: each for each in vars(limits_of).values() if isinstance(each, Limit)}


class House(Household, Home):
    """TVs and tokens of one account."""


@dataclass
class World:
    """All of it, and one browser that is known."""

    now: datetime

    def __post_init__(self) -> None:
        self.passkeys = PasskeyDesk(self.now)
        self.desk = self.passkeys.desk
        self.ada = self.passkeys.member()
        self.known = renewed_cookie(self.ada, "", CHANCE, self.now)
        self.house = House(self.now)
        self.house.registration.create_account(ADA, "correct horse", ("member",))
        (self.owner,) = self.house.accounts.accounts.values()
        self.known_at_home = renewed_cookie(self.owner, "", CHANCE, self.now)

    def used_up(self, limit: Limit, *subjects: str) -> None:
        for subject in subjects:
            for limits in (self.desk.limits, self.house.limits):
                for _ in range(limit.burst):
                    limits.take(limit, subject, self.desk.clock())

    @property
    def told(self) -> Sequence[Event]:
        return [*self.desk.told, *self.house.announcements.told]

    def limited(self) -> list[tuple[str, str]]:
        told = [event for event in self.told if isinstance(event, AttemptsLimited)]
        return [(event.account_id, event.limit) for event in told]


def _password(world: World, cookie: str = "") -> None:
    world.desk.check.account(ADA, PASSWORD, HERE, cookie=cookie)


def _second_step(world: World, cookie: str = "") -> None:
    phone = Phone(world.desk)
    request, step = asked(world.desk), first_step(world.desk)
    world.desk.second_step.sign_in(request, step, phone.shows(), HERE, cookie)


def _letter(world: World, cookie: str = "") -> None:
    world.desk.recovery.request(ADA, "en", HERE, cookie)


def _code(world: World, cookie: str = "") -> None:
    secret = world.desk.recovery.request(ADA, "en", HERE)
    world.desk.recovery.reset(secret, "2222-2222", "a staple of batteries", HERE, cookie)


def _passkey(world: World, cookie: str = "") -> None:
    phone, _ = world.passkeys.added()
    sent = phone.sign(world.passkeys.asked())
    world.passkeys.signs_in.sign_in(world.passkeys.request(), sent, cookie)


def _confirmation(world: World, _cookie: str = "") -> None:
    world.passkeys.own.enter(Owner("", "", HERE, confirmation="forged"))


def _user_code(world: World, cookie: str = "") -> None:
    code = world.house.ask()["user_code"]
    world.house.page.signed_in(world.house.sign_in_for(code), code, VISIT, cookie)


ACCOUNT = "acc_ada@example.com"
STRANGERS: dict[Limit, tuple[str, Callable[[World], None], str]] = {
    SIGN_IN_FROM_HERE: (f"{ADA} {HERE}", _password, ACCOUNT),
    SIGN_IN_FROM_HERE_LASTING: (f"{ADA} {HERE}", _password, ACCOUNT),
    SIGN_IN_BY_ADDRESS: (ADA, _password, ACCOUNT),
    SIGN_IN_BY_PLACE: (HERE, _password, ACCOUNT),
    SECOND_STEP_BY_ACCOUNT: (ACCOUNT, _second_step, ACCOUNT),
    SECOND_STEP_BY_PLACE: (HERE, _second_step, ACCOUNT),
    LETTERS_BY_ADDRESS: (ADA, _letter, ACCOUNT),
    LETTERS_BY_PLACE: (HERE, _letter, ACCOUNT),
    CODES_BY_PLACE: (HERE, _code, ACCOUNT),
    PASSKEYS_BY_PLACE: (HERE, lambda world: world.passkeys.signs_in.options(HERE) and None, NOBODY),
    PASSKEYS_BY_ACCOUNT: (ACCOUNT, _passkey, ACCOUNT),
    CONFIRMATIONS_BY_PLACE: (HERE, _confirmation, NOBODY),
    DEVICES_BY_PLACE: (TV, lambda world: world.house.ask() and None, NOBODY),
    USER_CODES_BY_PLACE: (PHONE, _user_code, NOBODY),
}
DEVICES: dict[Limit, tuple[str, Callable[[World, str], None]]] = {
    SIGN_IN_BY_DEVICE: (f"{ADA} {CHANCE}", _password),
    SIGN_IN_BY_DEVICE_LASTING: (f"{ADA} {CHANCE}", _password),
    SIGN_IN_BY_KNOWN_DEVICES: (ADA, _password),
    SECOND_STEP_BY_DEVICE: (f"{ACCOUNT} {CHANCE}", _second_step),
    SECOND_STEP_BY_KNOWN_DEVICES: (ACCOUNT, _second_step),
    LETTERS_BY_DEVICE: (f"{ADA} {CHANCE}", _letter),
    CODES_BY_DEVICE: (CHANCE, _code),
    PASSKEYS_BY_DEVICE: (f"{ACCOUNT} {CHANCE}", _passkey),
}
REFUSED = (TOKENS_REFUSED, REVOCATIONS_IN_VAIN, RESOURCE_SERVERS_REFUSED, USERINFO_REFUSED)
BY_ONE = (
    *(USER_CODES_BY_ACCOUNT, USER_CODES_BY_DEVICE, SIGN_INS_BY_ACCOUNT, RENEWALS_BY_SIGN_IN),
    *(USERINFO_BY_ACCOUNT, PINS_BY_DEVICE, PINS_BY_PROFILE, PINS_BY_ACCOUNT),
)


def test_no_limit_is_forgotten_here() -> None:
    assert {*STRANGERS, *DEVICES, *REFUSED, *BY_ONE} == set(LIMITS.values())


@pytest.fixture
def world(now: datetime) -> World:
    return World(now)


def named(limit: Limit) -> str:
    return limit.name


@pytest.mark.parametrize("limit", STRANGERS, ids=named)
def test_a_strangers_limit_is_told(world: World, limit: Limit) -> None:
    subject, attempt, account_id = STRANGERS[limit]
    if attempt is _second_step:
        # Setting an app up counts as well, and gives back: its turn comes first.
        attempt = _prepared_second_step(world)
    world.used_up(limit, subject)

    with pytest.raises(TooManyAttemptsError):
        attempt(world)

    assert world.limited() == [(account_id, limit.name)]


@pytest.mark.parametrize("limit", DEVICES, ids=named)
def test_a_known_devices_limit_is_told_and_not_which_device_it_was(
    world: World, limit: Limit
) -> None:
    subject, attempt = DEVICES[limit]
    world.used_up(limit, subject)

    with pytest.raises(TooManyAttemptsError):
        attempt(world, world.known)

    assert world.limited() == [(ACCOUNT, limit.name)]
    assert CHANCE not in json.dumps([event.to_detail() for event in world.told])


def _prepared_second_step(world: World) -> Callable[[World], None]:
    phone = Phone(world.desk)
    request, step = asked(world.desk), first_step(world.desk)

    def attempt(world: World) -> None:
        world.desk.second_step.sign_in(request, step, phone.shows(), HERE)

    return attempt


@pytest.mark.parametrize(
    ("limit", "cookie"), [(USER_CODES_BY_ACCOUNT, ""), (USER_CODES_BY_DEVICE, "known")]
)
def test_codes_of_devices_are_told_of_whoever_signed_in(
    world: World, limit: Limit, cookie: str
) -> None:
    account_id = world.owner.account_id
    world.used_up(limit, account_id, f"{account_id} {CHANCE}")

    with pytest.raises(TooManyAttemptsError):
        _user_code(world, world.known_at_home if cookie else "")

    assert world.limited() == [(account_id, limit.name)]


def test_an_account_that_signs_in_without_end_is_told(world: World) -> None:
    world.used_up(SIGN_INS_BY_ACCOUNT, world.owner.account_id)

    with pytest.raises(TooManyAttemptsError):
        world.house.exchange(world.house.code())

    assert world.limited() == [(world.owner.account_id, SIGN_INS_BY_ACCOUNT.name)]


def test_a_sign_in_that_renews_without_end_is_told_once(world: World) -> None:
    token = world.house.exchange(world.house.code())["refresh_token"]
    for _ in range(RENEWALS_BY_SIGN_IN.burst):
        token = world.house.refresh(token)["refresh_token"]

    for _ in range(3):
        with pytest.raises(TooManyAttemptsError):
            world.house.refresh(token)

    assert world.limited() == [(world.owner.account_id, RENEWALS_BY_SIGN_IN.name)]


def test_a_client_that_asks_who_signed_in_without_end_is_told(world: World) -> None:
    access = world.house.exchange(world.house.code())["access_token"]
    world.used_up(USERINFO_BY_ACCOUNT, world.owner.account_id)

    with pytest.raises(TooManyAttemptsError):
        world.house.introspection.userinfo(access)

    assert world.limited() == [(world.owner.account_id, USERINFO_BY_ACCOUNT.name)]


@pytest.mark.parametrize("limit", [PINS_BY_DEVICE, PINS_BY_PROFILE, PINS_BY_ACCOUNT], ids=named)
def test_guessing_pins_is_told(world: World, limit: Limit) -> None:
    home = device(world.house)
    profile_id = home.create(name="Kim", pin="1234")["profile_id"]
    account_id = world.owner.account_id
    subjects = {
        PINS_BY_DEVICE: f"{account_id} {home.claims['device']}",
        PINS_BY_PROFILE: f"{account_id} {profile_id}",
        PINS_BY_ACCOUNT: account_id,
    }
    for _ in range(limit.burst):
        home.limits.take(limit, subjects[limit], world.now)

    status, _ = home.enter(profile_id, pin="9999")

    assert status == 429
    assert world.limited() == [(account_id, limit.name)]


# What OAuth endpoints refuse is nobody's: they know a place, and what is no token.


def _asked(world: World, limit: Limit) -> Reply:
    house = world.house
    refusals = Refusals(house.limits, house.announcements, limit, house.clock)
    refused = {"client_id": "web", "grant_type": "refresh_token", "refresh_token": "none"}
    answering = {
        TOKENS_REFUSED: token(house.tokens, refusals),
        REVOCATIONS_IN_VAIN: revoke(house.signing_out, refusals),
    }.get(limit) or introspection(
        house.introspection, OneResourceServer(), servers_refused=refusals, tokens_refused=refusals
    )
    path = "/userinfo" if limit is USERINFO_REFUSED else "/introspect"
    return answering(post(path, {**refused, "token": "none"}))


def post(path: str, fields: dict[str, str], **headers: str) -> dict[str, Any]:
    return {
        "rawPath": path,
        "headers": {"content-type": "application/x-www-form-urlencoded", **headers},
        "body": urlencode(fields),
        "requestContext": {"http": {"method": "POST", "sourceIp": HERE}},
    }


@pytest.mark.parametrize("limit", REFUSED, ids=named)
def test_asking_in_vain_without_end_is_told(world: World, limit: Limit) -> None:
    world.used_up(limit, HERE)

    statuses = {_asked(world, limit)["statusCode"] for _ in range(3)}

    assert statuses == {429}
    assert world.limited() == [(NOBODY, limit.name)]


# Proofs (RFC 9449).

TOKEN = f"{ISSUER}/token"


def at_token(server: Server, proof: str, **fields: str) -> Reply:
    refusals = Refusals(server.limits, server.announcements, TOKENS_REFUSED, server.clock)
    event = post("/token", {"client_id": "web", **fields}, dpop=proof)
    return token(server.tokens, refusals)(event)


def proofs_told(server: Server) -> list[dict[str, Any]]:
    told = [event for event in server.announcements.told if isinstance(event, ProofRefused)]
    return [event.to_detail() for event in told]


def bad_proofs(now: datetime) -> dict[str, str]:
    key = DeviceKey()
    return {
        "malformed": "not.a.proof",
        "empty": "",
        "for another request": key.proof(f"{ISSUER}/revoke", now),
        "old": key.proof(TOKEN, now - timedelta(minutes=5)),
        "of no algorithm": key.proof(TOKEN, now, {"alg": "none"}),
    }


@pytest.mark.parametrize("kind", bad_proofs(datetime(2026, 1, 1)))  # noqa: DTZ001 - names alone
def test_a_proof_that_is_none_is_told_of_whose_refresh_token_came_with_it(
    world: World, kind: str
) -> None:
    house, proof = world.house, bad_proofs(world.now)[kind]
    refresh = house.exchange(house.code())["refresh_token"]

    answer = at_token(house, proof, grant_type="refresh_token", refresh_token=refresh)

    assert json.loads(answer["body"])["error"] == "invalid_dpop_proof"
    (told,) = proofs_told(house)
    (family,) = house.grants.families.values()
    assert (told["account_id"], told["family_id"]) == (world.owner.account_id, family.family_id)
    assert (told["reason"], told["grant_type"]) == ("not_a_proof", "refresh_token")
    assert refresh not in json.dumps(told)
    assert not proof or proof not in json.dumps(told)
    assert house.refresh(refresh), "its owner goes on"


def test_a_replayed_proof_is_told_of_whose_code_came_with_it_and_spends_nothing(
    world: World,
) -> None:
    house, key = world.house, DeviceKey()
    proof = key.proof(TOKEN, world.now)
    house.tokens.proofs.key_of(proof, "POST", TOKEN)
    code = house.code()

    answer = at_token(house, proof, grant_type="authorization_code", code=code)

    assert json.loads(answer["body"])["error"] == "invalid_dpop_proof"
    (told,) = proofs_told(house)
    assert (told["account_id"], told["family_id"]) == (world.owner.account_id, "")
    assert house.exchange(code)


def test_a_proof_that_comes_with_nothing_of_anybodys_is_told_as_nobodys(world: World) -> None:
    at_token(world.house, "x", grant_type="refresh_token", refresh_token="made up")

    (told,) = proofs_told(world.house)
    assert told["account_id"] == NOBODY


def test_a_bound_token_without_its_proof_is_told_once(world: World) -> None:
    house, key = world.house, DeviceKey()
    form = {
        "grant_type": "refresh_token",
        "refresh_token": house.exchange(house.code())["refresh_token"],
    }
    bound = house.refresh(form["refresh_token"], proof=key.proof(TOKEN, world.now))
    refusals = Refusals(house.limits, house.announcements, TOKENS_REFUSED, house.clock)
    fields = {"client_id": "web", **form, "refresh_token": bound["refresh_token"]}

    token(house.tokens, refusals)(post("/token", fields))

    (told,) = proofs_told(house)
    assert told["reason"] == "another_key"


def test_proofs_that_are_none_make_no_flood(world: World) -> None:
    world.used_up(TOKENS_REFUSED, HERE)

    for _ in range(5):
        at_token(world.house, "x", grant_type="refresh_token", refresh_token="made up")

    assert proofs_told(world.house) == []


def test_nothing_but_a_wrong_code_is_told_of_a_wrong_code(world: World) -> None:
    with pytest.raises(WrongCodeError):
        _code(world)

    assert world.limited() == []
    assert world.desk.sealed_in(PasswordResetRequested)["to"] == ADA
