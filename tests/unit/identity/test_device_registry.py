"""Devices are known again, have places by plan, and their owner says what becomes of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.devices.domain import (
    FREE_SWAPS,
    LEAST_DEVICES,
    STEP_UP_LIFE,
    SWAP_COOLDOWN,
    DeviceNotFoundError,
    Places,
    SignedOutError,
    StepUpRequiredError,
    checked_name,
    introduced,
)
from identity.devices.ports import Devices
from identity.devices.routes import routes
from identity.devices.service import Caller, DeviceList
from identity.domain import Account
from identity.oauth.clients import DEVICE_CODE
from identity.oauth.errors import InvalidGrantError, InvalidRequestError
from identity.oauth.grants import Family
from kernel.clock import epoch_milliseconds
from kernel.errors import InvalidInputError
from kernel.events.identity import (
    DeviceRegistered,
    DeviceRemoved,
    DeviceRenamed,
    NewDeviceSignedIn,
    SignedOutEverywhere,
)
from kernel.sealed import encryption_context
from kernel.web.payload import answering
from tests.fakes.accounts import OpenSeal
from tests.unit.identity.test_device_grants import Household as TvAndPhone
from tests.unit.identity.test_sign_in import REQUEST, claims_of

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36"
)
KEYS = [letter * 43 for letter in "abcdefghij"]


class Home(TvAndPhone):
    """Some devices of one account."""

    def sign_in(self, key: str = "", agent: str = CHROME, email: str = "ada") -> dict[str, Any]:
        request = self.authorization.request(REQUEST)
        owner = (f"{email}@example.com", "correct horse")
        code = self.authorization.sign_in(request, *owner, "192.0.2.1").code
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": "web",
            "redirect_uri": request.redirect_uri,
            "code_verifier": "v" * 43,
            **({"device_key": key} if key else {}),
        }
        return self.tokens.exchange(form, None, agent)

    @property
    def desk(self) -> DeviceList:
        return DeviceList(self.accounts, self.grants, self.held, self.clock)

    @property
    def ada(self) -> Account:
        found = self.accounts.by_email("ada@example.com")
        assert found
        return found

    def told(self, kind: type) -> list[Any]:
        return [event for event in self.held.told if isinstance(event, kind)]


@pytest.fixture
def home(now: datetime) -> Home:
    home = Home(now)
    home.registration.create_account("ada@example.com", "correct horse", ("member",))
    home.registration.create_account("eve@example.com", "correct horse", ("member",))
    return home


def claims(answer: dict[str, Any]) -> dict[str, Any]:
    return claims_of(answer["access_token"])


def caller(answer: dict[str, Any]) -> Caller:
    said = claims(answer)
    signed_in_at = datetime.fromtimestamp(said["auth_time"], UTC)
    return Caller(said["sub"], said["device"], said["sid"], said["amr"], signed_in_at)


def test_a_device_that_keeps_its_key_is_the_same_one_at_its_next_sign_in(home: Home) -> None:
    first, second = home.sign_in(KEYS[0]), home.sign_in(KEYS[0])

    assert claims(first)["device"] == claims(second)["device"]
    assert claims(first)["sid"] != claims(second)["sid"]
    (device,) = home.desk.seen(caller(second)).devices
    assert (device.name, device.kind, device.is_registered) == ("Chrome on Linux", "computer", True)


def test_one_browser_is_not_the_same_device_to_two_accounts(home: Home) -> None:
    ours, hers = home.sign_in(KEYS[0]), home.sign_in(KEYS[0], email="eve")

    assert claims(ours)["device"] != claims(hers)["device"]


@pytest.mark.parametrize("key", ["short", "a" * 44, "ä" * 43, "a" * 42 + "="])
def test_a_key_that_is_none_is_refused(home: Home, key: str) -> None:
    with pytest.raises(InvalidRequestError, match="device_key"):
        home.sign_in(key)


def test_a_tv_has_the_name_that_it_gave_itself(home: Home) -> None:
    asked = home.ask(device_name="Living room")
    home.decide(asked["user_code"])

    answer = home.tokens.exchange(
        {"grant_type": DEVICE_CODE, "device_code": asked["device_code"], "client_id": "tv"},
        None,
        "SomeTV/1.0",
    )

    (device,) = home.desk.seen(caller(answer)).devices
    assert (device.name, device.kind) == ("Living room", "tv")


def test_more_devices_than_the_plan_allows_are_signed_in_without_a_place(home: Home) -> None:
    answers = [home.sign_in(key) for key in KEYS[: LEAST_DEVICES + 1]]

    told = [claims(answer)["device_registered"] for answer in answers]
    assert told == ["true"] * LEAST_DEVICES + ["false"]
    assert len(home.told(DeviceRegistered)) == LEAST_DEVICES


def test_a_place_that_is_freed_goes_to_the_device_that_waits_at_its_next_renewal(
    home: Home,
) -> None:
    answers = [home.sign_in(key) for key in KEYS[: LEAST_DEVICES + 1]]
    waiting = answers[-1]
    still = home.refresh(waiting["refresh_token"])
    home.desk.remove(caller(waiting), claims(answers[0])["device"])

    renewed = home.refresh(still["refresh_token"])

    assert claims(still)["device_registered"] == "false"
    assert claims(renewed)["device_registered"] == "true"
    assert claims(home.refresh(renewed["refresh_token"]))["device_registered"] == "true"


def test_a_device_without_a_place_that_was_removed_does_not_come_back_by_a_renewal(
    home: Home,
) -> None:
    answers = [home.sign_in(key) for key in KEYS[: LEAST_DEVICES + 1]]
    visiting = answers[-1]
    home.desk.remove(caller(answers[0]), claims(visiting)["device"])
    home.held.allow(home.ada.account_id, LEAST_DEVICES + 1, sequence=1)

    with pytest.raises(InvalidGrantError):
        home.refresh(visiting["refresh_token"])

    assert len(home.desk.seen(caller(answers[0])).devices) == LEAST_DEVICES


def test_a_larger_plan_makes_room_and_a_smaller_one_removes_nobody(home: Home) -> None:
    for key in KEYS[: LEAST_DEVICES + 1]:
        last = home.sign_in(key)
    home.held.allow(home.ada.account_id, LEAST_DEVICES + 1, sequence=2)

    last = home.refresh(last["refresh_token"])
    home.held.allow(home.ada.account_id, 1, sequence=1)
    home.held.allow(home.ada.account_id, 2, sequence=3)

    assert claims(last)["device_registered"] == "true"
    household = home.desk.seen(caller(last))
    assert household.places.limit == 2
    assert all(device.is_registered for device in household.devices)
    assert claims(home.sign_in(KEYS[5]))["device_registered"] == "false"


@pytest.mark.race
def test_fifty_devices_at_once_get_exactly_as_many_places_as_there_are(home: Home) -> None:
    told = introduced(CHROME, "Web")
    ready = threading.Barrier(50)

    def sign_in(index: int) -> None:
        ready.wait(10)
        home.registry.signed_in(home.ada, f"dev_{index}", told)

    racing = [threading.Thread(target=sign_in, args=(index,)) for index in range(50)]
    for each in racing:
        each.start()
    for each in racing:
        each.join(30)

    devices = home.held.of(home.ada.account_id, home.now).devices
    assert len(devices) == 50
    assert sum(device.is_registered for device in devices) == LEAST_DEVICES


def test_the_owner_hears_of_a_device_that_was_not_seen_before(home: Home) -> None:
    home.sign_in(KEYS[0])
    assert home.told(NewDeviceSignedIn) == []

    home.sign_in(KEYS[1])
    home.sign_in(KEYS[1])
    home.sign_in(KEYS[0])

    (letter,) = home.told(NewDeviceSignedIn)
    facts = OpenSeal().open(
        letter.sealed, encryption_context("NewDeviceSignedIn", letter.account_id)
    )
    assert facts == {
        "to": "ada@example.com",
        "device": "Chrome on Linux",
        "when": "2026-11-01 12:00 UTC",
    }


def test_letters_of_new_devices_do_not_fill_a_mailbox(home: Home) -> None:
    registry = home.registry
    for index in range(20):
        registry.signed_in(home.ada, f"dev_{index}", introduced(CHROME, "Web"))

    assert len(home.told(NewDeviceSignedIn)) == 5


def test_a_device_that_is_signed_out_fails_at_its_next_renewal_and_keeps_its_place(
    home: Home,
) -> None:
    tv, phone = home.sign_in(KEYS[0]), home.sign_in(KEYS[1])

    home.desk.sign_out(caller(phone), claims(tv)["device"])

    with pytest.raises(InvalidGrantError):
        home.refresh(tv["refresh_token"])
    assert home.refresh(phone["refresh_token"])
    assert home.grants.told == [claims(tv)["sid"]]
    assert home.desk.seen(caller(phone)).device(claims(tv)["device"]).is_registered


def test_what_a_device_is_called_is_told_with_its_place_and_with_each_other_name(
    home: Home,
) -> None:
    tv = home.sign_in(KEYS[0])
    (registered,) = home.told(DeviceRegistered)

    home.desk.rename(caller(tv), claims(tv)["device"], " Living  room ")

    (renamed,) = home.told(DeviceRenamed)
    assert registered.name
    assert (renamed.device_id, renamed.name) == (claims(tv)["device"], "Living room")


def test_whoever_was_signed_out_can_do_nothing_to_others_with_the_token_they_still_hold(
    home: Home,
) -> None:
    thief, owner = home.sign_in(KEYS[0]), home.sign_in(KEYS[1])
    home.desk.sign_out_others(caller(owner))

    for act in (
        lambda: home.desk.seen(caller(thief)),
        lambda: home.desk.sign_out(caller(thief), claims(owner)["device"]),
        lambda: home.desk.remove(caller(thief), claims(owner)["device"]),
        lambda: home.desk.rename(caller(thief), claims(owner)["device"], "Mine"),
        lambda: home.desk.sign_out_others(caller(thief)),
        lambda: home.desk.sign_out_everywhere(caller(thief)),
    ):
        with pytest.raises(SignedOutError):
            act()
    assert home.refresh(owner["refresh_token"])


def test_what_cannot_be_taken_back_asks_for_a_fresh_sign_in_which_no_renewal_is(
    home: Home,
) -> None:
    tv, phone = home.sign_in(KEYS[0]), home.sign_in(KEYS[1])
    home.now += STEP_UP_LIFE - timedelta(seconds=1)
    home.desk.sign_out_others(caller(phone))
    home.now += timedelta(seconds=1)
    renewed = home.refresh(phone["refresh_token"])

    for act in (
        lambda: home.desk.remove(caller(renewed), claims(tv)["device"]),
        lambda: home.desk.sign_out_others(caller(renewed)),
    ):
        with pytest.raises(StepUpRequiredError):
            act()
    home.desk.sign_out(caller(renewed), claims(tv)["device"])
    home.desk.remove(caller(home.sign_in(KEYS[1])), claims(tv)["device"])
    assert len(home.told(DeviceRemoved)) == 1


def test_a_tv_that_a_phone_let_in_removes_no_other_device(home: Home) -> None:
    phone = home.sign_in(KEYS[0])
    asked = home.ask(device_name="Living room")
    home.decide(asked["user_code"])
    tv = home.tokens.exchange(
        {"grant_type": DEVICE_CODE, "device_code": asked["device_code"], "client_id": "tv"}
    )

    with pytest.raises(StepUpRequiredError):
        home.desk.remove(caller(tv), claims(phone)["device"])
    assert home.refresh(phone["refresh_token"])


def test_signing_out_everywhere_ends_every_sign_in_at_once(home: Home) -> None:
    answers = [home.sign_in(key) for key in KEYS[:3]]
    home.now += timedelta(milliseconds=5)

    home.desk.sign_out_everywhere(caller(answers[0]))

    for answer in answers:
        with pytest.raises(InvalidGrantError):
            home.refresh(answer["refresh_token"])
    (told,) = home.told(SignedOutEverywhere)
    assert sorted(told.family_ids) == sorted(claims(answer)["sid"] for answer in answers)
    home.now += timedelta(milliseconds=5)
    assert home.refresh(home.sign_in(KEYS[0])["refresh_token"])


def test_a_stolen_refresh_token_ends_the_sign_in_and_is_told(home: Home) -> None:
    first = home.sign_in(KEYS[0])
    home.refresh(first["refresh_token"])
    home.now += timedelta(minutes=1)

    with pytest.raises(InvalidGrantError):
        home.refresh(first["refresh_token"])

    assert home.grants.told == [claims(first)["sid"]]


def test_a_device_is_removed_once_however_often_it_is_asked_for(home: Home) -> None:
    tv, phone = home.sign_in(KEYS[0]), home.sign_in(KEYS[1])
    home.desk.remove(caller(phone), claims(tv)["device"])

    with pytest.raises(DeviceNotFoundError):
        home.desk.remove(caller(phone), claims(tv)["device"])

    assert [event.device_id for event in home.told(DeviceRemoved)] == [claims(tv)["device"]]
    assert home.desk.seen(caller(phone)).places.taken == 1


class Meanwhile:
    """A household's devices, in whose removal something else happens: before it, after it."""

    def __init__(
        self, home: Home, before: Callable[[], object], after: Callable[[], object] = lambda: None
    ) -> None:
        self._home, self._before, self._after = home, before, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._home.held, name)

    def remove(self, *removal: Any) -> bool:
        self._before()
        is_removed = self._home.held.remove(*removal)
        self._after()
        return is_removed

    @property
    def desk(self) -> DeviceList:
        home = self._home
        return DeviceList(home.accounts, home.grants, cast("Devices", self), home.clock)


def test_a_sign_in_on_a_device_that_is_being_removed_ends_with_it(home: Home) -> None:
    tv, phone = home.sign_in(KEYS[0]), home.sign_in(KEYS[1])
    late: list[dict[str, Any]] = []
    meanwhile = Meanwhile(home, lambda: late.append(home.sign_in(KEYS[0])))

    meanwhile.desk.remove(caller(phone), claims(tv)["device"])

    assert claims(late[0])["device"] == claims(tv)["device"]
    with pytest.raises(InvalidGrantError):
        home.refresh(late[0]["refresh_token"])
    assert home.grants.told == [claims(tv)["sid"], claims(late[0])["sid"]]
    assert home.refresh(phone["refresh_token"])


def test_a_sign_in_that_saw_the_device_and_begins_after_its_removal_ends_with_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    tv, phone = home.sign_in(KEYS[0]), home.sign_in(KEYS[1])
    begun: list[Family] = []

    def seen() -> None:
        with monkeypatch.context() as held_up:
            held_up.setattr(home.grants, "start", begun.append)
            home.sign_in(KEYS[0])

    meanwhile = Meanwhile(home, seen, lambda: home.grants.start(begun[0]))
    meanwhile.desk.remove(caller(phone), claims(tv)["device"])

    assert begun[0].device_registered
    assert begun[0].family_id in home.grants.revoked


def test_a_device_is_removed_at_the_moment_of_its_removal_not_of_the_request(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that readers take whatever began on it until then for ended."""
    tv, phone = home.sign_in(KEYS[0]), home.sign_in(KEYS[1])
    home.sign_in(KEYS[0])
    revoke = home.grants.revoke

    def slowly(*ending: Any) -> None:
        home.now += timedelta(seconds=1)
        revoke(*ending)

    monkeypatch.setattr(home.grants, "revoke", slowly)
    home.desk.remove(caller(phone), claims(tv)["device"])

    (told,) = home.told(DeviceRemoved)
    assert told.sequence == epoch_milliseconds(home.now)
    assert home.desk.seen(caller(phone)).places.removed_at == (home.now,)


def test_a_removal_that_is_looked_at_again_is_of_that_moment(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    tv, phone = home.sign_in(KEYS[0]), home.sign_in(KEYS[1])
    remove, tries = home.held.remove, iter([False, True])

    def second_time(*removal: Any) -> bool:
        if next(tries):
            return remove(*removal)
        home.now += timedelta(seconds=1)
        return False

    monkeypatch.setattr(home.held, "remove", second_time)
    home.desk.remove(caller(phone), claims(tv)["device"])

    (told,) = home.told(DeviceRemoved)
    assert told.sequence == epoch_milliseconds(home.now)


def test_a_device_that_joins_again_right_after_its_removal_stays_signed_in(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    tv, phone = home.sign_in(KEYS[0]), home.sign_in(KEYS[1])
    again: list[dict[str, Any]] = []
    revoke = home.grants.revoke

    def and_joins_again(*ending: Any) -> None:
        revoke(*ending)
        if home.told(DeviceRemoved) and not again:
            home.now += timedelta(milliseconds=1)
            again.append(home.sign_in(KEYS[0]))

    monkeypatch.setattr(home.grants, "revoke", and_joins_again)
    meanwhile = Meanwhile(home, lambda: home.sign_in(KEYS[0]))
    meanwhile.desk.remove(caller(phone), claims(tv)["device"])

    assert claims(again[0])["device_registered"] == "true"
    assert home.refresh(again[0]["refresh_token"])


def test_a_device_of_another_account_is_none(home: Home) -> None:
    ours, hers = home.sign_in(KEYS[0]), home.sign_in(KEYS[1], email="eve")

    for act in (home.desk.sign_out, home.desk.remove):
        with pytest.raises(DeviceNotFoundError):
            act(caller(hers), claims(ours)["device"])
    with pytest.raises(DeviceNotFoundError):
        home.desk.rename(caller(hers), claims(ours)["device"], "Mine")
    assert home.refresh(ours["refresh_token"])


def test_a_sign_in_from_before_devices_were_kept_is_listed_and_registered_when_renewed(
    home: Home,
) -> None:
    answer = home.sign_in(KEYS[0])
    home.held.devices.clear()
    home.held.places_of.clear()
    (family,) = home.grants.families.values()
    home.grants.families[family.family_id] = replace(family, device_registered=False)
    assert [device.name for device in home.desk.seen(caller(answer)).devices] == ["Unknown device"]

    renewed = home.refresh(answer["refresh_token"])

    assert claims(renewed)["device_registered"] == "true"
    assert home.told(NewDeviceSignedIn) == []


@pytest.mark.parametrize(
    "name", ["", "   ", "a" * 65, "a\u202eb", "a\x00b", "a\u200bb", None, 7, ["TV"]]
)
def test_a_name_that_nobody_could_read_is_refused(name: object) -> None:
    with pytest.raises(InvalidInputError) as refused:
        checked_name(name)

    assert refused.value.facts["field"] == "name"


@pytest.mark.parametrize("name", ["<b>TV</b>", "Küche 📺", "'; DROP TABLE", "../../etc"])
def test_a_name_that_can_be_read_is_kept_as_it_is(name: str) -> None:
    assert checked_name(f"  {name}\n") == name


@pytest.mark.parametrize(
    ("agent", "name", "kind"),
    [
        (CHROME, "Chrome on Linux", "computer"),
        (CHROME.replace("Safari/537.36", "Safari/537.36 Edg/130.0"), "Edge on Linux", "computer"),
        (
            "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/131",
            "Firefox on Windows",
            "computer",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU like Mac OS X) Version/17.5 Mobile Safari/604",
            "Safari on iPhone",
            "phone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel) Chrome/130 Mobile Safari/537",
            "Chrome on Android phone",
            "phone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-X) Chrome/130 Safari/537",
            "Chrome on Android tablet",
            "tablet",
        ),
        (
            "Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) Version/8.0 TV Safari/538",
            "Safari on TV",
            "tv",
        ),
        ("python-httpx/0.27", "Web", "other"),
        ("", "Web", "other"),
        ("<script>" * 100_000, "Web", "other"),
    ],
)
def test_a_device_is_called_by_its_browser_and_system(agent: str, name: str, kind: str) -> None:
    told = introduced(agent, "Web")

    assert (told.name, told.kind) == (name, kind)


def test_removals_free_their_places_until_there_were_many(now: datetime) -> None:
    full = Places(limit=3, taken=3)
    assert not full.has_room(now)
    assert full.next_at(now) is None

    swapped = Places(3, 2, tuple(now - timedelta(days=day) for day in range(FREE_SWAPS)))
    assert swapped.has_room(now)

    once_more = Places(3, 2, (now - timedelta(days=9), now - timedelta(days=1), now))
    assert not once_more.has_room(now)
    due = now - timedelta(days=9) + SWAP_COOLDOWN
    assert once_more.next_at(now) == due
    assert once_more.has_room(due)


@given(
    limit=st.integers(1, 10),
    taken=st.integers(0, 10),
    ages=st.lists(st.integers(0, 40 * 24), max_size=15),
)
def test_the_next_place_comes_when_it_is_said_to_and_not_before(
    limit: int, taken: int, ages: list[int]
) -> None:
    now = datetime.fromisoformat("2026-11-01T12:00:00+00:00")
    places = Places(limit, taken, tuple(now - timedelta(hours=age) for age in ages))

    due = places.next_at(now)

    if due is None:
        assert places.has_room(now) or taken >= limit
    else:
        assert places.has_room(due)
        assert not places.has_room(due - timedelta(seconds=1))


def ask(home: Home, answer: dict[str, Any], route: str, body: object = None, **path: str) -> Any:
    said = {**claims(answer), "scope": "member"}
    event = {
        "routeKey": route,
        "pathParameters": path,
        "body": json.dumps(body),
        "requestContext": {"authorizer": {"jwt": {"claims": said}}},
    }
    return routes(home.desk, home.clock)(event)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 204),
        ({"auth_time": "1.7935344e9"}, 204),
        ({"auth_time": None}, 403),
        ({"auth_time": "then"}, 403),
        ({"auth_time": "nan"}, 403),
        ({"auth_time": "1e99"}, 403),
        ({"auth_time": "0"}, 403),
        ({"amr": ""}, 403),
        ({"amr": None}, 403),
    ],
)
def test_a_token_that_does_not_say_when_and_how_somebody_signed_in_removes_nothing(
    home: Home, changes: dict[str, Any], status: int
) -> None:
    answer, tv = home.sign_in(KEYS[0]), claims(home.sign_in(KEYS[1]))["device"]
    assert claims(answer)["auth_time"] == 1_793_534_400
    said = {**claims(answer), "scope": "member", **changes}
    event = {
        "routeKey": "DELETE /v1/devices/{device_id}",
        "pathParameters": {"device_id": tv},
        "requestContext": {
            "authorizer": {"jwt": {"claims": {k: v for k, v in said.items() if v is not None}}}
        },
    }

    assert answering(routes(home.desk, home.clock))(event, None)["statusCode"] == status


def test_a_list_says_which_device_is_in_use_and_since_when(home: Home) -> None:
    tv = home.sign_in(KEYS[0])
    home.now += timedelta(hours=1)
    phone = home.sign_in(KEYS[1])
    home.now += timedelta(hours=1)
    home.refresh(tv["refresh_token"])

    listed = json.loads(ask(home, phone, "GET /v1/devices")["body"])

    assert [device["is_this"] for device in listed["devices"]] == [True, False]
    assert listed["devices"][1]["last_seen"] == "2026-11-01T14:00:00+00:00"
    assert listed["devices"][1]["sessions"][0]["began"] == "2026-11-01T12:00:00+00:00"
    assert (listed["limit"], listed["registered"], listed["has_room"]) == (LEAST_DEVICES, 2, True)


@pytest.mark.parametrize("body", [{}, {"which": "all"}, {"which": "others", "force": True}])
def test_signing_out_says_of_whom(home: Home, body: object) -> None:
    answer = home.sign_in(KEYS[0])

    with pytest.raises(InvalidInputError) as refused:
        ask(home, answer, "POST /v1/sign-out", body)

    assert refused.value.facts["field"] in ("which", "force")
    assert home.refresh(answer["refresh_token"])


@pytest.mark.parametrize("device_id", ["x" * 4000, "dev_", "ttl_1", "dev_0"])
def test_what_is_no_id_is_no_device(home: Home, device_id: str) -> None:
    answer = home.sign_in(KEYS[0])

    with pytest.raises(DeviceNotFoundError):
        ask(home, answer, "DELETE /v1/devices/{device_id}", device_id=device_id)
