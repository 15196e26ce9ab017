"""Profiles: five at most, and no child gets at more than its own lets it see."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from identity.accounts.sign_in import PasswordCheck
from identity.oauth.errors import InvalidGrantError
from identity.profiles.routes import routes
from identity.profiles.service import Profiles
from kernel import pin_grants
from kernel.events.identity import ProfileDeleted, ProfileGuardChanged, ProfilePinFailed
from kernel.pin_grants import PinGrant
from kernel.tokens import ExpiredTokenError, MacKey
from kernel.web.payload import answering
from tests.fakes.accounts import FakeLimits, FakeMembers
from tests.fakes.gateway import call
from tests.fakes.identity import PlainPasswords
from tests.unit.identity.test_sign_in import Server, claims_of

Answer = tuple[int, dict[str, Any]]
PASSWORD = {"password": "correct horse"}
PIN = {"pin": "2580"}
FILM = "ttl_00000000000000000000000001"
PIN_KEY = MacKey(b"a secret between two, long enough")


class PinKeys:
    """The one secret."""

    def current(self) -> MacKey:
        return PIN_KEY

    def accepted(self) -> dict[str, MacKey]:
        return {PIN_KEY.key_id: PIN_KEY}

    def refresh(self) -> None:
        """There is no other."""


@dataclass
class Home:
    """One signed-in device of Ada's household, over the routes that devices ask."""

    server: Server
    members: FakeMembers
    limits: FakeLimits
    refresh: str
    claims: dict[str, Any]

    def ask(self, method: str, path: str = "", body: object = None) -> Answer:
        check = PasswordCheck(
            self.members,
            PlainPasswords(),
            self.limits,
            self.server.announcements,
            self.server.clock,
        )
        profiles = Profiles(
            self.members,
            self.server.grants,
            PlainPasswords(),
            check,
            self.limits,
            self.server.clock,
            PinKeys,
        )
        profile_id, _, step = path.partition("/")
        route = f"{method} /v1/profiles"
        route += "/{profile_id}" if path else ""
        route += f"/{step}" if step else ""
        event = call(
            method,
            f"/v1/profiles/{path}",
            body=body,
            parameters={"profile_id": profile_id} if path else None,
            claims={**self.claims, "scope": "member"},
        )
        answer = answering(routes(profiles))({**event, "routeKey": route}, None)
        return answer["statusCode"], json.loads(answer.get("body", "{}"))

    def create(self, **wanted: object) -> dict[str, Any]:
        status, made = self.ask("POST", body={"name": "Kim", **wanted})
        assert status == 201, made
        return made

    def enter(self, profile_id: str, **proof: str) -> Answer:
        return self.ask("POST", f"{profile_id}/enter", proof)

    def change(self, profile_id: str, **wanted: object) -> Answer:
        return self.ask("PATCH", profile_id, wanted)

    def delete(self, profile_id: str, **proof: str) -> Answer:
        return self.ask("POST", f"{profile_id}/delete", proof)

    def renewed(self) -> dict[str, Any]:
        """The claims of the session's next access token."""
        answer = self.server.refresh(self.refresh)
        self.refresh = answer["refresh_token"]
        return claims_of(answer["access_token"])


@pytest.fixture
def home(now: datetime) -> Home:
    server = Server(now)
    server.registration.create_account("ada@example.com", "correct horse", ("member",))
    return device(server)


def device(server: Server, **remembered: str) -> Home:
    answer = server.exchange(server.code(), **remembered)
    claims = claims_of(answer["access_token"])
    return Home(server, FakeMembers(server.accounts), FakeLimits(), answer["refresh_token"], claims)


@pytest.fixture
def first(home: Home) -> str:
    """The profile that was made with the account."""
    return str(home.claims["profile"])


@pytest.fixture
def child(home: Home) -> str:
    """A kids profile, which the session has entered."""
    made = home.create(name="Mia", kids=True, maturity=6)
    assert home.enter(made["profile_id"])[0] == 200
    return str(made["profile_id"])


def test_an_account_begins_with_one_profile_that_sees_everything(home: Home, first: str) -> None:
    status, listed = home.ask("GET")

    assert (status, listed["current"]) == (200, first)
    (only,) = listed["profiles"]
    assert (only["profile_id"], only["maturity"], only["has_pin"]) == (first, 18, False)
    assert (home.claims["maturity"], home.claims["kids"]) == ("18", "false")


def test_the_next_token_says_who_watches_and_what_they_may_see(home: Home, child: str) -> None:
    claims = home.renewed()

    assert (claims["profile"], claims["maturity"], claims["kids"]) == (child, "6", "true")
    assert home.ask("GET")[1]["current"] == child


def test_another_device_stays_with_its_own_profile(home: Home, first: str) -> None:
    other = device(home.server)
    home.enter(home.create()["profile_id"])

    assert other.renewed()["profile"] == first


def test_a_sign_in_goes_on_as_whom_the_device_remembers(home: Home) -> None:
    kim, mia = home.create(), home.create(name="Mia", kids=True, maturity=6)

    for profile in (kim, mia):
        again = device(home.server, profile=profile["profile_id"])
        assert again.claims["profile"] == again.renewed()["profile"] == profile["profile_id"]


def test_what_a_device_remembers_opens_no_profile_that_takes_a_proof(
    home: Home, first: str
) -> None:
    locked = home.create(pin="2580")["profile_id"]
    mia = home.create(name="Mia", kids=True, maturity=6)["profile_id"]
    home.change(first, kids=True, maturity=12)

    for remembered in (locked, "prf_of_another_account", ""):
        assert device(home.server, profile=remembered).claims["profile"] == first
    kim = home.create(name="Kim", proof=PASSWORD)["profile_id"]
    assert device(home.server, profile=kim).claims["profile"] == first
    assert device(home.server, profile=mia).claims["profile"] == mia


def test_a_client_is_told_at_the_sign_in_whether_there_is_anybody_to_choose_from(
    home: Home,
) -> None:
    def told() -> int:
        answer = home.server.exchange(home.server.code(scope="openid member"))
        return int(claims_of(answer["id_token"])["profiles"])

    assert told() == 1
    home.create()
    assert told() == 2


def test_a_changed_limit_is_in_the_next_token(home: Home, first: str) -> None:
    assert home.change(first, maturity=16)[0] == 200

    assert home.renewed()["maturity"] == "16"


def test_there_are_five_profiles_and_no_sixth(home: Home) -> None:
    for _ in range(4):
        home.create()

    status, refused = home.ask("POST", body={"name": "One more"})

    assert (status, refused["code"], refused["limit"]) == (409, "too_many_profiles", 5)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 31}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": 5}, "name"),
        ({"name": "Kim", "avatar": "https://elsewhere/cat.svg"}, "avatar"),
        ({"name": "Kim", "language": "English"}, "language"),
        ({"name": "Kim", "maturity": 17}, "maturity"),
        ({"name": "Kim", "maturity": True}, "maturity"),
        ({"name": "Kim", "kids": True, "maturity": 16}, "maturity"),
        ({"name": "Kim", "kids": 1}, "kids"),
        ({"name": "Kim", "pin": "123"}, "pin"),
        ({"name": "Kim", "pin": "١٢٣٤"}, "pin"),
        ({"name": "Kim", "proof": "1234"}, "proof"),
        ({"name": "Kim", "owner": "acc_2"}, "owner"),
    ],
)
def test_what_no_profile_can_be_is_refused_by_its_field(
    home: Home, wanted: dict[str, object], field: str
) -> None:
    status, refused = home.ask("POST", body=wanted)

    assert (status, refused["code"], refused["field"]) == (422, "invalid_input", field)


def test_a_pin_is_asked_for_at_the_door_and_never_told(home: Home) -> None:
    made = home.create(pin="2580")
    door = made["profile_id"]

    assert made["has_pin"]
    assert "2580" not in json.dumps(home.ask("GET"))
    assert home.enter(door)[1]["code"] == "proof_needed"
    assert home.enter(door, pin="0852")[1]["code"] == "wrong_proof"
    assert home.enter(door, **PIN)[0] == 200


def test_who_forgot_the_pin_enters_by_the_password_and_sets_another(home: Home) -> None:
    door = home.create(pin="2580")["profile_id"]

    assert home.enter(door, password="wrong horse")[1]["code"] == "wrong_proof"
    assert home.enter(door, **PASSWORD)[0] == 200
    assert home.change(door, pin="1111")[1]["code"] == "proof_needed"
    assert home.change(door, pin="1111", proof=PASSWORD)[0] == 200
    home.enter(home.claims["profile"])
    assert home.enter(door, pin="1111")[0] == 200


def test_who_watches_over_accounts_hears_of_another_pin_or_limit_and_of_nothing_else(
    home: Home,
) -> None:
    kim = home.create()["profile_id"]
    home.change(kim, name="Kim B.")
    home.change(kim, pin="2580")
    home.change(kim, pin="1111", proof=PASSWORD)
    home.change(kim, pin="", proof=PASSWORD)
    home.change(kim, kids=True, maturity=6)

    told = [event for event in home.members.told if isinstance(event, ProfileGuardChanged)]
    assert [(event.profile_id, event.pin, event.maturity, event.kids) for event in told] == [
        (kim, "set", 18, False),
        (kim, "changed", 18, False),
        (kim, "removed", 18, False),
        (kim, "", 6, True),
    ]


def test_guessing_a_pin_is_held_back_and_says_for_how_long(home: Home) -> None:
    door = home.create(pin="2580")["profile_id"]
    for guess in range(5):
        assert home.enter(door, pin=f"{guess:04}")[0] == 403

    status, refused = home.enter(door, **PIN)

    assert (status, refused["code"]) == (429, "too_many_attempts")
    assert refused["retry_after_seconds"] == 900
    told = [
        event.profile_id
        for event in home.server.announcements.told
        if isinstance(event, ProfilePinFailed)
    ]
    assert told == [door] * 5
    assert home.enter(door, **PASSWORD)[0] == 200


def another(home: Home) -> Home:
    """Another device of the same household."""
    signed_in = device(home.server)
    return replace(signed_in, members=home.members, limits=home.limits)


def test_who_guesses_on_one_device_leaves_the_others_theirs(home: Home) -> None:
    door = home.create(pin="2580")["profile_id"]
    guesses = [home.enter(door, pin="0000")[0] for _ in range(20)]

    assert guesses == [403] * 5 + [429] * 15
    assert another(home).enter(door, **PIN)[0] == 200


def test_guessing_at_one_profile_on_several_devices_is_counted_for_the_profile(
    home: Home,
) -> None:
    door, other = (home.create(pin="2580")["profile_id"] for _ in range(2))
    devices = [another(home) for _ in range(3)]
    guesses = [one.enter(door, pin="0000")[0] for one in devices for _ in range(4)]

    assert guesses == [403] * 10 + [429] * 2
    assert another(home).enter(other, **PIN)[0] == 200


def test_guessing_at_several_profiles_is_counted_for_the_account(home: Home) -> None:
    doors = [home.create(pin="2580")["profile_id"] for _ in range(3)]
    devices = [another(home) for _ in range(6)]
    guesses = [
        one.enter(doors[number // 2], pin="0000")[0]
        for number, one in enumerate(devices)
        for _ in range(4)
    ]

    assert guesses == [403] * 20 + [429] * 4


def test_the_right_pin_costs_no_try(home: Home) -> None:
    door = home.create(pin="2580")["profile_id"]

    for _ in range(8):
        assert home.enter(door, **PIN)[0] == 200
        home.enter(home.claims["profile"])


def test_a_child_leaves_its_profile_only_with_a_proof(home: Home, first: str, child: str) -> None:
    assert home.enter(first)[1]["code"] == "proof_needed"
    assert home.renewed()["profile"] == child
    assert home.enter(first, **PASSWORD)[0] == 200
    assert home.renewed()["profile"] == first


def test_a_child_goes_to_a_profile_that_sees_no_more(home: Home, child: str) -> None:
    home.enter(home.claims["profile"], **PASSWORD)
    younger = home.create(name="Ben", kids=True, maturity=0)["profile_id"]
    home.enter(child)

    assert home.enter(younger)[0] == 200
    assert home.enter(child)[1]["code"] == "proof_needed"


def test_a_child_changes_makes_and_deletes_nothing_without_a_proof(
    home: Home, first: str, child: str
) -> None:
    refusals = [
        home.change(child, maturity=12),
        home.change(child, kids=False),
        home.change(child, name="Boss"),
        home.ask("POST", body={"name": "Grown-up"}),
        home.delete(first),
    ]

    assert [(status, told["code"]) for status, told in refusals] == [(403, "proof_needed")] * 5
    assert home.change(child, maturity=12, proof=PASSWORD)[0] == 200


def test_a_childs_own_pin_does_not_lift_its_limit(home: Home) -> None:
    mine = home.create(name="Tom", maturity=12, pin="1234")["profile_id"]
    home.enter(mine, pin="1234")

    proof = {"pin": "1234"}
    assert home.change(mine, maturity=18, proof=proof)[1]["code"] == "wrong_proof"


def test_a_parents_pin_lifts_a_childs_limit(home: Home, first: str) -> None:
    home.change(first, pin="2580")
    mine = home.create(name="Tom", maturity=12)["profile_id"]
    home.enter(mine)

    assert home.change(mine, maturity=16, proof=PIN)[1]["maturity"] == 16


def test_one_parents_pin_does_not_replace_the_others(home: Home, first: str) -> None:
    home.change(first, pin="2580")
    other = home.create(name="Bo", pin="9999")["profile_id"]

    assert home.change(other, pin="", proof=PIN)[1]["code"] == "wrong_proof"


def test_lifting_a_limit_takes_a_proof_even_from_a_parents_profile(home: Home) -> None:
    """A remote that lies about is no proof."""
    kids = home.create(name="Mia", kids=True, maturity=6)["profile_id"]

    assert home.change(kids, maturity=12)[1]["code"] == "proof_needed"
    assert home.change(kids, maturity=0)[0] == 200


@pytest.fixture
def teen(home: Home, first: str) -> str:
    """A profile with a limit, which the session has entered; the first one has a PIN."""
    home.change(first, **PIN)
    made = home.create(name="Ben", maturity=12, pin="1111")
    assert home.enter(made["profile_id"], pin="1111")[0] == 200
    return str(made["profile_id"])


def opens(home: Home, profile_id: str, title_id: str = FILM, **proof: str) -> Answer:
    return home.ask("POST", f"{profile_id}/open-title", {"title_id": title_id, **proof})


@pytest.mark.parametrize("proof", [PIN, PASSWORD])
def test_who_decides_opens_one_title_to_one_profile_on_one_device(
    home: Home, teen: str, proof: dict[str, str]
) -> None:
    status, opened = opens(home, teen, **proof)

    now, keys = home.server.clock(), {PIN_KEY.key_id: PIN_KEY}
    assert (status, opened["expires_in"]) == (200, 120)
    assert pin_grants.read(opened["pin_grant"], now, keys) == PinGrant(
        home.claims["sub"], teen, home.claims["device"], FILM
    )
    with pytest.raises(ExpiredTokenError):
        pin_grants.read(opened["pin_grant"], now + timedelta(seconds=120), keys)


def test_neither_no_proof_nor_ones_own_pin_opens_a_title(home: Home, teen: str) -> None:
    assert opens(home, teen)[1]["code"] == "proof_needed"
    assert opens(home, teen, pin="1111")[1]["code"] == "wrong_proof"
    for _ in range(4):
        opens(home, teen, pin="0000")
    status, refused = opens(home, teen, **PIN)
    assert (status, refused["code"]) == (429, "too_many_attempts")


def test_nothing_is_opened_to_a_child(home: Home, child: str) -> None:
    status, refused = opens(home, child, **PASSWORD)

    assert (status, refused["code"]) == (403, "above_maturity")


def test_a_title_is_opened_to_nobody_but_who_watches(home: Home, teen: str, first: str) -> None:
    assert opens(home, first, **PIN)[1]["code"] == "not_watching"
    assert opens(home, "prf_0", **PIN)[1]["code"] == "profile_not_found"


@pytest.mark.parametrize("title_id", ["", "srs_1", "ttl_", 5, None])
def test_what_is_no_title_is_not_opened(home: Home, teen: str, title_id: Any) -> None:
    assert opens(home, teen, title_id, **PIN)[1]["code"] == "invalid_input"


def test_a_deleted_profile_is_told_of_and_ends_the_sessions_that_watch_as_it(home: Home) -> None:
    gone = home.create()["profile_id"]
    other = device(home.server)
    other.enter(gone)

    assert home.delete(gone)[0] == 204

    (told,) = home.members.told
    assert isinstance(told, ProfileDeleted)
    assert told.profile_id == gone
    with pytest.raises(InvalidGrantError, match="profile was deleted"):
        other.renewed()
    assert other.ask("GET")[0] == 401


def test_neither_the_last_profile_nor_ones_own_can_be_deleted(home: Home, first: str) -> None:
    assert home.delete(first)[1]["code"] == "last_profile"
    home.create()
    assert home.delete(first)[1]["code"] == "profile_in_use"


def test_a_profile_of_another_account_is_not_there(home: Home) -> None:
    assert home.enter("prf_somebody")[1]["code"] == "profile_not_found"


def test_a_session_that_was_ended_keeps_no_profiles(home: Home) -> None:
    home.server.grants.revoke(home.claims["sub"], home.claims["sid"], home.server.now)

    assert home.ask("GET")[0] == 401
