"""Who gets the keys of a film: the holder of the play's own licence token, for two minutes."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kernel import tokens
from playback.grants import LICENCE
from tests.cloud import Person, Play, RunningCloud
from tests.custody import claims_of, ticket_secret


def kids_of(play: Play) -> list[str]:
    """The key ids that the film's manifest names, as players ask for them."""
    found = set(re.findall(r'default_KID="([0-9a-f-]{36})"', play.text("clearkey.mpd")))
    return [base64.urlsafe_b64encode(UUID(kid).bytes).rstrip(b"=").decode() for kid in found]


@pytest.fixture
def play(member: Person, titles: dict[str, str]) -> Iterator[Play]:
    begun = member.play(titles["Spectrum"])
    yield begun
    member.leave(begun.answer["session_id"])


def refusal(answer) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert "keys" not in answer.json()
    assert answer.json()["detail"].endswith(".")
    return answer.status_code, answer.json()["code"]


def test_a_play_gets_a_key_for_each_of_its_tracks(play: Play) -> None:
    kids = kids_of(play)

    licence = play.licence(kids)

    assert licence.status_code == 200
    assert licence.headers["cache-control"] == "no-store"
    assert len(kids) == 2
    assert {key["kid"] for key in licence.json()["keys"]} == set(kids)
    assert all(
        len(base64.urlsafe_b64decode(key["k"] + "==")) == 16 for key in licence.json()["keys"]
    )


def test_picture_and_sound_have_keys_of_their_own(play: Play) -> None:
    keys = play.licence(kids_of(play)).json()["keys"]

    assert len({key["k"] for key in keys}) == 2


def test_without_a_token_there_is_no_licence(play: Play) -> None:
    assert refusal(play.licence(kids_of(play), None)) == (401, "licence_token_invalid")


def test_an_access_token_is_no_licence_token(member: Person, play: Play) -> None:
    answer = play.licence(kids_of(play), member.tokens.access_token())

    assert refusal(answer) == (401, "licence_token_invalid")


def test_a_session_ticket_is_no_licence_token(play: Play) -> None:
    answer = play.licence(kids_of(play), play.answer["ticket"])

    assert refusal(answer) == (401, "licence_token_invalid")


def test_an_altered_token_is_refused(play: Play) -> None:
    token = play.answer["drm"]["licence_token"]
    altered = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")

    assert refusal(play.licence(kids_of(play), altered)) == (401, "licence_token_invalid")


def test_another_accounts_token_is_refused(
    staff: Person, play: Play, titles: dict[str, str]
) -> None:
    theirs = staff.play(titles["Spectrum"])
    token = theirs.answer["drm"]["licence_token"]
    assert theirs.licence(kids_of(play)).status_code == 200

    assert refusal(play.licence(kids_of(play), token)) == (403, "licence_refused")


def test_a_token_that_names_another_accounts_play_is_refused(
    cloud: RunningCloud, staff: Person, play: Play, titles: dict[str, str]
) -> None:
    """Even a token that is truly ours opens no play of somebody else."""
    theirs = claims_of_token(staff.play(titles["Spectrum"]).answer["drm"]["licence_token"])
    own = claims_of_token(play.answer["drm"]["licence_token"])
    mixed = {**theirs, "session": own["session"]}
    key = tokens.MacKey(ticket_secret(cloud.data_dir).encode())
    token = tokens.make(LICENCE, mixed, datetime.now(UTC) + timedelta(seconds=60), key)

    assert refusal(play.licence(kids_of(play), token)) == (403, "licence_refused")


def test_an_expired_token_is_refused_and_says_what_to_do(cloud: RunningCloud, play: Play) -> None:
    claims = claims_of_token(play.answer["drm"]["licence_token"])
    key = tokens.MacKey(ticket_secret(cloud.data_dir).encode())
    moment = datetime.now(UTC)
    spent = tokens.make(LICENCE, claims, moment - timedelta(seconds=1), key)
    good = tokens.make(LICENCE, claims, moment + timedelta(seconds=60), key)

    answer = play.licence(kids_of(play), spent)

    assert refusal(answer) == (401, "licence_token_expired")
    assert "renew" in answer.json()["detail"]
    assert play.licence(kids_of(play), good).status_code == 200


def test_a_token_gives_no_keys_of_another_film(
    member: Person, play: Play, titles: dict[str, str]
) -> None:
    other = kids_of(member.play(titles["Big"]))

    assert refusal(play.licence(other)) == (403, "licence_refused")


def test_a_play_that_ended_gets_no_licence_any_more(member: Person, play: Play) -> None:
    ended = member.ask("DELETE", f"/v1/playback/sessions/{play.answer['session_id']}")

    assert ended.status_code == 204
    assert refusal(play.licence(kids_of(play))) == (403, "licence_refused")


def test_only_its_own_account_renews_a_plays_token(
    member: Person, staff: Person, play: Play
) -> None:
    path = f"/v1/playback/sessions/{play.answer['session_id']}/licence-token"

    stranger, owner = staff.ask("POST", path, {}), member.ask("POST", path, {})

    assert refusal(stranger) == (404, "session_not_found")
    assert play.licence(kids_of(play), owner.json()["licence_token"]).status_code == 200


def claims_of_token(token: str) -> dict[str, object]:
    """A licence token's claims without its end; its third part, where a JWT has its second."""
    claims = claims_of(token.split(".", 1)[1])
    return {name: value for name, value in claims.items() if name != "exp"}
