"""Who gets a film's files from the edge: the holder of its signed cookies, for its time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from playback.edge_access import EdgeGrant
from playback.signed_cookies import CookieSigner, cookie_text
from tests.cloud import Person, Play, RunningCloud

NAMES = {
    "CloudFront-Policy",
    "CloudFront-Signature",
    "CloudFront-Key-Pair-Id",
    "CloudFront-Hash-Algorithm",
}

FILES = ("clearkey.mpd", "clearkey.m3u8", "main.mpd", "main_144pinit.cmfv")


@pytest.fixture(scope="module")
def play(member: Person, titles: dict[str, str]) -> Play:
    return member.play(titles["Spectrum"])


@pytest.fixture
def signer(cloud: RunningCloud, play: Play) -> Callable[[datetime], dict[str, str]]:
    """Makes the play's cookies anew with the environment's own key."""
    pem = (cloud.data_dir / "viewer-key.pem").read_bytes()
    own = CookieSigner.from_pem(play.cookies["CloudFront-Key-Pair-Id"], pem, cloud.web)
    return lambda until: cookies_of(own, play, until)


def cookies_of(signer: CookieSigner, play: Play, until: datetime) -> dict[str, str]:
    _, _, session_id, country, folder = play.folder.split("/", 4)
    grant = EdgeGrant(session_id, f"m/{folder}", None if country == "world" else country, until)
    return dict(cookie.split(";", 1)[0].split("=", 1) for cookie in signer.cookies(grant))


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.text.partition("<Code>")[2].partition("</Code>")[0]


def test_the_cookies_open_one_play_to_scripts_and_other_sites_alike_closed(play: Play) -> None:
    session_id = play.answer["session_id"]

    assert set(play.cookies) == NAMES
    for cookie in play.set_cookies:
        attributes = {each.strip() for each in cookie.split(";")[1:]}
        assert attributes == {f"Path=/m/{session_id}/", "Secure", "HttpOnly", "SameSite=Strict"}


@pytest.mark.parametrize("name", FILES)
def test_with_its_cookies_every_file_of_the_film_is_answered(play: Play, name: str) -> None:
    assert play.fetch(name).status_code == 200


@pytest.mark.parametrize("name", FILES)
def test_without_cookies_no_file_is_answered(play: Play, name: str) -> None:
    answer = play.fetch(name, {})

    assert code(answer) == (403, "MissingKey")
    assert answer.headers["content-type"] == "text/xml"


def test_without_cookies_nobody_learns_which_files_exist(play: Play) -> None:
    assert code(play.fetch("there-is-no-such-file.cmfv", {})) == (403, "MissingKey")


def test_cookies_of_somebody_elses_key_are_refused(cloud: RunningCloud, play: Play) -> None:
    stranger = CookieSigner(
        play.cookies["CloudFront-Key-Pair-Id"], ec.generate_private_key(ec.SECP256R1()), cloud.web
    )
    forged = cookies_of(stranger, play, datetime.now(UTC) + timedelta(hours=1))

    assert code(play.fetch("clearkey.mpd", forged)) == (403, "AccessDenied")


def test_a_policy_that_was_widened_is_refused(cloud: RunningCloud, play: Play) -> None:
    condition = {"DateLessThan": {"AWS:EpochTime": int(time.time()) + 3600}}
    wide = {"Statement": [{"Resource": f"{cloud.web}/m/*", "Condition": condition}]}
    policy = cookie_text(json.dumps(wide, separators=(",", ":")).encode())

    answer = play.fetch("clearkey.mpd", {**play.cookies, "CloudFront-Policy": policy})

    assert code(answer) == (403, "AccessDenied")


def test_another_films_cookies_are_refused(
    member: Person, play: Play, titles: dict[str, str]
) -> None:
    other = member.play(titles["Big"])

    assert code(play.fetch("clearkey.mpd", other.cookies)) == (403, "AccessDenied")
    assert other.fetch("clearkey.mpd").status_code == 200


def test_cookies_that_ran_out_are_refused(
    play: Play, signer: Callable[[datetime], dict[str, str]]
) -> None:
    spent = signer(datetime.now(UTC) - timedelta(seconds=1))
    good = signer(datetime.now(UTC) + timedelta(minutes=1))

    assert code(play.fetch("clearkey.mpd", spent)) == (403, "AccessDenied")
    assert play.fetch("clearkey.mpd", good).status_code == 200


def test_an_unknown_key_pair_is_refused(play: Play) -> None:
    answer = play.fetch("clearkey.mpd", {**play.cookies, "CloudFront-Key-Pair-Id": "KNOBODYKNOWS"})

    assert answer.status_code == 403


def test_no_behaviour_of_the_edge_reaches_the_work_files_of_a_films_making(
    member: Person, play: Play
) -> None:
    work = play.folder.replace("/m/", "/work/", 1)

    answer = member.open(f"{work}/capture.0000000.jpg")

    assert answer.headers.get("content-type") != "image/jpeg"
