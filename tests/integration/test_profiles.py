"""The profiles of one household on the running service."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.beacons import place, watch
from tests.cloud import Person, RunningCloud, eventually
from tests.custody import claims_of

FORGOTTEN_SECONDS = 60


@pytest.fixture
def ada(cloud: RunningCloud) -> Iterator[Person]:
    """The demo member on a device of its own; profiles that the test made are gone afterwards."""
    person = Person(cloud, "member")
    password = {"password": cloud.ready["accounts"]["member"]["password"]}
    first = claims_of(person.tokens.access_token())["profile"]
    yield person
    person.ask("POST", f"/v1/profiles/{first}/enter", password)
    for profile in person.get("/v1/profiles")["profiles"]:
        if profile["profile_id"] != first:
            path = f"/v1/profiles/{profile['profile_id']}/delete"
            assert person.ask("POST", path, password).status_code == 204


def created(person: Person, **wanted: object) -> str:
    answer = person.ask("POST", "/v1/profiles", {"name": "Kim", **wanted})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["profile_id"])


def entered(person: Person, profile_id: str, **proof: str) -> dict[str, Any]:
    """The claims of the next token."""
    answer = person.ask("POST", f"/v1/profiles/{profile_id}/enter", proof)
    assert answer.status_code == 200, answer.text
    return claims_of(person.tokens.renew())


def watched(person: Person) -> list[str]:
    return [point["title_id"] for point in person.get("/v1/progress")["progress"]]


def test_two_profiles_go_on_with_what_each_of_them_watched(
    ada: Person, titles: dict[str, str]
) -> None:
    first = claims_of(ada.tokens.access_token())["profile"]
    other = created(ada)

    assert entered(ada, other)["profile"] == other
    watch(ada, titles["Big"], 7.125)

    assert watched(ada) == [titles["Big"]]
    entered(ada, first)
    assert place(ada, titles["Big"]) != 7.125


def test_what_a_deleted_profile_watched_is_forgotten(
    cloud: RunningCloud, ada: Person, titles: dict[str, str]
) -> None:
    first, other = claims_of(ada.tokens.access_token())["profile"], created(ada)
    another_device = Person(cloud, "member")
    entered(another_device, other)
    watch(another_device, titles["Big"], 5.0)

    deleted = ada.ask("POST", f"/v1/profiles/{other}/delete", {})

    assert deleted.status_code == 204
    # Its token is good for some minutes yet: it shows what is kept.
    eventually(lambda: watched(another_device) == [], FORGOTTEN_SECONDS, "forgotten")
    assert claims_of(ada.tokens.renew())["profile"] == first


def test_a_kids_profile_is_left_with_the_password_and_not_with_guesses(
    cloud: RunningCloud, ada: Person
) -> None:
    first, mia = (
        claims_of(ada.tokens.access_token())["profile"],
        created(ada, kids=True, maturity=6),
    )
    claims = entered(ada, mia)

    assert (claims["maturity"], claims["kids"]) == ("6", "true")
    door = f"/v1/profiles/{first}/enter"
    assert ada.ask("POST", door, {}).json()["code"] == "proof_needed"
    assert ada.ask("POST", door, {"password": "a wrong one"}).json()["code"] == "wrong_proof"
    assert claims_of(ada.tokens.renew())["profile"] == mia
    password = cloud.ready["accounts"]["member"]["password"]
    assert entered(ada, first, password=password)["kids"] == "false"


def test_guessing_a_pin_is_held_back_with_the_time_to_come_back(ada: Person) -> None:
    door = f"/v1/profiles/{created(ada, pin='2580')}/enter"
    guesses = [ada.ask("POST", door, {"pin": f"{guess:04}"}).status_code for guess in range(5)]

    refused = ada.ask("POST", door, {"pin": "2580"})

    assert guesses == [403] * 5
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
    assert int(refused.headers["retry-after"]) > 600


def test_of_profiles_made_at_once_there_are_never_more_than_five(ada: Person) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ada.ask("POST", "/v1/profiles", {"name": "Kim"}), range(12)))

    codes = {answer.json()["code"] for answer in made if answer.status_code != 201}
    count = sum(answer.status_code == 201 for answer in made)
    assert len(ada.get("/v1/profiles")["profiles"]) == 1 + count <= 5
    assert codes <= {"conflict", "too_many_profiles"}
