"""Vendors' licences from the token to the vendor's server, and what fails on the way."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from playback import grants
from playback.devices import Drm
from playback.domain import (
    LICENCE_TOKEN_LIFE,
    MOST_LICENCES,
    LicenceRefusedError,
    Session,
    Viewer,
)
from playback.ports import LicenceVendor
from playback.routes import LARGEST_CHALLENGE, vendor_licence_handler
from playback.service import ContentKeys, Licences
from playback.vendor_http import LARGEST_ANSWER, VendorHttp
from playback.vendor_licences import VendorLicences
from playback.vendors import Credentials, FairPlayVendor, PlayReadyVendor, WidevineVendor
from tests.unit.playback import licence_servers
from tests.unit.playback.fakes import (
    AUDIO_KID,
    CONTENT_KEYS,
    KEYS,
    SD_KID,
    SECRET,
    UHD_KID,
    FakeDataKeys,
    FakeMacKeys,
    FakePlayback,
    session,
)
from tests.unit.playback.licence_servers import (
    ACQUIRE,
    ACQUIRED,
    CHALLENGE,
    FAULT,
    LicenceServer,
    Reply,
    ckc,
    licence_server,
    soap,
    spc,
    widevine_request,
)

SYSTEMS: tuple[Drm, ...] = ("widevine", "fairplay", "playready")
ADAPTERS: Mapping[str, Callable[[VendorHttp, Credentials], LicenceVendor]] = {
    "widevine": WidevineVendor,
    "fairplay": FairPlayVendor,
    "playready": PlayReadyVendor,
}
CREDENTIALS = {
    "widevine": licence_servers.WIDEVINE,
    "fairplay": licence_servers.FAIRPLAY,
    "playready": licence_servers.PLAYREADY,
}
IV = b"v" * 16
PATIENCE_SECONDS = 0.4


def streaming_key(
    kid: str = SD_KID, content_id: str = "ast_1", message: bytes | None = None
) -> bytes:
    """What a player of FairPlay asks for the key of a playlist's `skd:` address."""
    asset = {"ContentId": content_id, "KeyId": kid, "IV": base64.b64encode(IV).decode()}
    uri = "skd://" + base64.b64encode(json.dumps(asset).encode()).decode()
    asked = {"id": 1, "uri": uri, "spc": base64.b64encode(message or spc()).decode()}
    return json.dumps(
        {"fairplay-streaming-request": {"version": 1, "streaming-keys": [asked]}}
    ).encode()


GOOD = {"widevine": CHALLENGE, "fairplay": streaming_key(), "playready": ACQUIRE}
NEVER_LICENSED = {
    "HTML": b"<html><body>It works!</body></html>",
    "nothing": b"",
    "binary": bytes(range(256)),
    "a list": b"[]",
    "no object inside": b'{"status": 1}',
    "deep JSON": b"[" * 50_000,
}


class Desk:
    """The function with its three vendors, and plays to license."""

    def __init__(self, now: datetime, vendors: Mapping[str, LicenceServer]) -> None:
        self.now = now
        self.vendors = vendors
        self.table = FakePlayback()
        self.table.save_keys(KEYS)
        self.data_keys = FakeDataKeys()
        keys = ContentKeys(self.data_keys)
        adapters = {
            drm: ADAPTERS[drm](
                VendorHttp(server.url, seconds=PATIENCE_SECONDS),
                partial(CREDENTIALS.__getitem__, drm),
            )
            for drm, server in vendors.items()
        }
        licences = Licences(self.table, keys, FakeMacKeys(), lambda: self.now)
        self.handler = vendor_licence_handler(
            VendorLicences(licences, keys, adapters, lambda: self.now)
        )

    def play(self, drm: Drm, **changes: object) -> Session:
        made = session(self.now, drm=drm, **changes)
        assert self.table.open(made, self.table.account("acc_1"), {}, self.now)
        return made

    def ask(
        self, drm: str, message: bytes, *, token: str | None, session_id: str = "ses_1"
    ) -> dict[str, Any]:
        event = {
            "routeKey": f"POST /v1/playback/sessions/{{session_id}}/licence/{drm}",
            "headers": {} if token is None else {"x-marquee-licence-token": token},
            "requestContext": {},
            "pathParameters": {"session_id": session_id},
            "body": base64.b64encode(message).decode(),
            "isBase64Encoded": True,
        }
        return self.handler(event, None)

    def licence(self, drm: Drm, message: bytes | None = None) -> dict[str, Any]:
        """A licence for a play that just began."""
        token = grants.licence_token(self.play(drm), self.now, SECRET)
        return self.ask(drm, GOOD[drm] if message is None else message, token=token)


@pytest.fixture
def desk(now: datetime) -> Iterator[Desk]:
    with ExitStack() as servers:
        yield Desk(now, {drm: servers.enter_context(licence_server(drm)) for drm in SYSTEMS})


def body_of(reply: Mapping[str, Any]) -> bytes:
    assert reply["statusCode"] == 200, reply
    assert reply["headers"]["cache-control"] == "no-store"
    return base64.b64decode(reply["body"])


def code_of(reply: Mapping[str, Any]) -> tuple[int, str]:
    return reply["statusCode"], json.loads(reply["body"])["code"]


def test_widevine_licenses_each_key_at_the_level_that_its_track_demands(desk: Desk) -> None:
    assert body_of(desk.licence("widevine")) == b"widevine"

    (asked,) = desk.vendors["widevine"].asked
    assert base64.b64decode(asked["payload"]) == CHALLENGE
    assert base64.b64decode(asked["content_id"]) == b"ast_1"
    specs = {spec["track_type"]: spec for spec in asked["content_key_specs"]}
    assert {name: base64.b64decode(spec["key"]) for name, spec in specs.items()} == {
        "SD": CONTENT_KEYS[SD_KID],
        "UHD1": CONTENT_KEYS[UHD_KID],
        "STEREO_AUDIO": CONTENT_KEYS[AUDIO_KID],
    }
    assert {name: spec["security_level"] for name, spec in specs.items()} == {
        "SD": 1,
        "UHD1": 5,
        "STEREO_AUDIO": 1,
    }
    assert specs["UHD1"]["required_output_protection"] == {"hdcp": "HDCP_V2_2"}
    assert asked["policy_overrides"]["can_persist"] is False
    assert asked["policy_overrides"]["license_duration_seconds"] == 4 * 3600


def test_widevines_certificate_is_had_without_a_key_leaving(desk: Desk) -> None:
    assert body_of(desk.licence("widevine", bytes.fromhex("0804"))) == b"certificate"

    (asked,) = desk.vendors["widevine"].asked
    assert "content_key_specs" not in asked


def test_fairplay_licenses_the_one_key_of_the_playlists_address(desk: Desk) -> None:
    answer = json.loads(body_of(desk.licence("fairplay", streaming_key(UHD_KID))))

    (key,) = answer["fairplay-streaming-response"]["streaming-keys"]
    assert base64.b64decode(key["ckc"]) == ckc()
    (asked,) = desk.vendors["fairplay"].asked
    assert base64.b64decode(asked["spc"]) == spc()
    assert asked["asset-info"] == [
        {
            "content-key": CONTENT_KEYS[UHD_KID].hex(),
            "content-iv": IV.hex(),
            "content-type": "uhd",
            "encryption-scheme": "cbcs",
            "hdcp-type": 1,
            "lease-duration": 4 * 3600,
        }
    ]


def test_playready_passes_through_with_the_terms_beside_it(desk: Desk) -> None:
    reply = desk.licence("playready")

    assert body_of(reply) == ACQUIRED
    assert reply["headers"]["content-type"].startswith("text/xml")
    (asked,) = desk.vendors["playready"].asked
    assert (asked["content_id"], asked["session_id"]) == ("ast_1", "ses_1")
    assert {key["id"]: key["value"] for key in asked["keys"]} == CONTENT_KEYS
    levels = {key["id"]: key["minimum_security_level"] for key in asked["keys"]}
    assert levels == {SD_KID: 2000, UHD_KID: 3000, AUDIO_KID: 2000}


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_plays_licence_is_never_stored(desk: Desk, drm: Drm) -> None:
    body_of(desk.licence(drm))

    assert desk.vendors[drm].stored == []
    (asked,) = desk.vendors[drm].asked
    said = json.dumps(asked, default=repr)
    assert '"can_persist": true' not in said
    assert '"persistent": true' not in said
    assert "offline-hls" not in said


@pytest.mark.parametrize("drm", SYSTEMS)
def test_the_holder_may_ask_again_but_not_without_end(desk: Desk, drm: Drm) -> None:
    token = grants.licence_token(desk.play(drm), desk.now, SECRET)

    for _ in range(MOST_LICENCES):
        body_of(desk.ask(drm, GOOD[drm], token=token))

    assert code_of(desk.ask(drm, GOOD[drm], token=token)) == (403, "licence_refused")
    assert desk.vendors[drm].requests == MOST_LICENCES


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_token_that_is_stolen_late_or_for_another_system_reaches_no_vendor(
    desk: Desk, drm: Drm
) -> None:
    play = desk.play(drm)
    token = grants.licence_token(play, desk.now, SECRET)
    other_system: Drm = "clearkey"
    thief = replace(play, viewer=Viewer("acc_2", "prf_1", "dev_1"))
    bad = {
        "none": (None, 401),
        "altered": (token[:-4] + "AAAA", 401),
        "clearkey": (grants.licence_token(replace(play, drm=other_system), desk.now, SECRET), 403),
        "thief": (grants.licence_token(thief, desk.now, SECRET), 403),
        "late": (grants.licence_token(play, desk.now - LICENCE_TOKEN_LIFE, SECRET), 401),
        "film": (
            grants.licence_token(replace(play, asset_id="ast_2"), desk.now, SECRET),
            403,
        ),
    }

    got = {
        name: desk.ask(drm, GOOD[drm], token=one)["statusCode"] for name, (one, _) in bad.items()
    }

    assert got == {name: status for name, (_, status) in bad.items()}
    assert desk.ask(drm, GOOD[drm], token=token, session_id="ses_2")["statusCode"] == 403
    assert desk.vendors[drm].requests == 0
    assert desk.data_keys.opened == 0


def test_a_play_of_clearkey_cannot_be_turned_into_a_vendors(desk: Desk) -> None:
    play = desk.play("clearkey")
    token = grants.licence_token(replace(play, drm="widevine"), desk.now, SECRET)

    reply = desk.ask("widevine", CHALLENGE, token=token)

    assert code_of(reply) == (403, "licence_refused")


def test_a_play_of_a_vendor_never_gives_its_keys_in_the_clear(now: datetime) -> None:
    table, keys = FakePlayback(), ContentKeys(FakeDataKeys())
    play = session(now, drm="widevine")
    table.save_keys(KEYS)
    table.open(play, table.account("acc_1"), {}, now)
    licences = Licences(table, keys, FakeMacKeys(), lambda: now)
    forged = grants.licence_token(replace(play, drm="clearkey"), now, SECRET)

    with pytest.raises(LicenceRefusedError):
        licences.issue("ses_1", grants.licence_token(play, now, SECRET), (SD_KID,))
    with pytest.raises(LicenceRefusedError):
        licences.issue("ses_1", forged, (SD_KID,))


def test_a_system_that_is_not_configured_is_refused_with_its_own_code(now: datetime) -> None:
    reply = Desk(now, {}).licence("widevine")

    assert code_of(reply) == (403, "drm_not_offered")


BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + ACQUIRE.replace(
    b"<challenge/>", b"<challenge>&b;</challenge>"
)
BAD_CHALLENGES: list[tuple[Drm, bytes]] = [
    *[(drm, message) for drm in SYSTEMS for message in NEVER_LICENSED.values()],
    ("widevine", CHALLENGE[:-1]),
    ("widevine", CHALLENGE[:3]),
    ("widevine", b"\x08\x01"),
    ("widevine", widevine_request(3)),
    ("widevine", b"\xff" * 40),
    ("fairplay", streaming_key(message=spc()[:-1])),
    ("fairplay", streaming_key(message=spc(b"p" * 15))),
    ("fairplay", streaming_key(message=spc(version=9))),
    ("fairplay", streaming_key(message=spc()[:20])),
    ("fairplay", streaming_key(kid="not a key")),
    ("fairplay", streaming_key().replace(b"skd:", b"http:")),
    ("playready", ACQUIRE[:-5]),
    ("playready", BOMB),
    ("playready", soap("<Other/>")),
    ("playready", ACQUIRED),
]


@pytest.mark.parametrize(("drm", "message"), BAD_CHALLENGES)
def test_what_is_no_whole_request_is_refused_before_anything_is_counted(
    desk: Desk, drm: Drm, message: bytes
) -> None:
    reply = desk.licence(drm, message)

    assert code_of(reply) == (422, "licence_challenge_invalid")
    assert desk.table.sessions["ses_1"].licences == 0
    assert desk.vendors[drm].requests == 0


@pytest.mark.parametrize("drm", SYSTEMS)
def test_an_oversize_request_is_refused_unread(desk: Desk, drm: Drm) -> None:
    reply = desk.licence(drm, b"x" * (LARGEST_CHALLENGE + 1))

    assert code_of(reply) == (422, "invalid_input")
    assert json.loads(reply["body"])["field"] == "body"


@pytest.mark.parametrize(
    "message",
    [streaming_key(content_id="ast_2"), streaming_key("00000000-0000-4000-8000-000000000000")],
)
def test_fairplay_gives_no_key_of_another_film(desk: Desk, message: bytes) -> None:
    assert code_of(desk.licence("fairplay", message)) == (403, "licence_refused")
    assert desk.vendors["fairplay"].requests == 0


@pytest.mark.parametrize("drm", SYSTEMS)
@pytest.mark.parametrize("garbage", NEVER_LICENSED.values(), ids=NEVER_LICENSED)
def test_a_vendors_garbage_is_no_licence(desk: Desk, drm: Drm, garbage: bytes) -> None:
    desk.vendors[drm].instead = [Reply(200, garbage)]

    assert code_of(desk.licence(drm)) == (503, "licence_vendor_garbled")


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_vendors_redirect_is_not_followed(desk: Desk, drm: Drm) -> None:
    desk.vendors[drm].instead = [Reply(302)]

    assert code_of(desk.licence(drm)) == (503, "licence_vendor_garbled")


@pytest.mark.parametrize("drm", SYSTEMS)
def test_an_answer_without_end_is_not_read_to_its_end(desk: Desk, drm: Drm) -> None:
    desk.vendors[drm].instead = [Reply(200, b"x" * (LARGEST_ANSWER * 2))]

    assert code_of(desk.licence(drm)) == (503, "licence_vendor_garbled")


@pytest.mark.parametrize("drm", SYSTEMS)
@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_vendor_that_fails_once_is_asked_once_more(desk: Desk, drm: Drm, status: int) -> None:
    desk.vendors[drm].instead = [Reply(status)]

    body_of(desk.licence(drm))

    assert desk.vendors[drm].requests == 2


@pytest.mark.parametrize("drm", SYSTEMS)
@pytest.mark.parametrize("reply", [Reply(503), Reply(200, b'{"a":', cut=True)], ids=["5xx", "cut"])
def test_a_vendor_that_keeps_failing_is_given_up(desk: Desk, drm: Drm, reply: Reply) -> None:
    desk.vendors[drm].instead = [reply, reply, reply]

    assert code_of(desk.licence(drm)) == (503, "licence_vendor_unavailable")
    assert desk.vendors[drm].requests == 2


@pytest.mark.parametrize("drm", SYSTEMS)
@pytest.mark.parametrize("reply", [Reply(503), Reply(200, b"<html>")], ids=["5xx", "garbage"])
def test_a_vendors_outage_uses_up_no_licence(desk: Desk, drm: Drm, reply: Reply) -> None:
    token = grants.licence_token(desk.play(drm), desk.now, SECRET)
    for _ in range(MOST_LICENCES + 2):
        desk.vendors[drm].instead = [reply, reply]
        assert code_of(desk.ask(drm, GOOD[drm], token=token))[0] == 503
    desk.vendors[drm].instead = []

    body_of(desk.ask(drm, GOOD[drm], token=token))

    assert desk.table.sessions["ses_1"].licences == 1


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_vendor_that_stalls_is_given_up(desk: Desk, drm: Drm) -> None:
    release = threading.Event()
    desk.vendors[drm].instead = [Reply(200, b"late", stall=release) for _ in range(2)]

    try:
        assert code_of(desk.licence(drm)) == (503, "licence_vendor_unavailable")
    finally:
        release.set()


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_vendor_that_cannot_be_reached_is_unavailable(now: datetime, drm: Drm) -> None:
    with licence_server(drm) as server:
        desk = Desk(now, {drm: server})

    assert code_of(desk.licence(drm)) == (503, "licence_vendor_unavailable")


@pytest.mark.parametrize(
    ("drm", "reply", "reason"),
    [
        ("widevine", Reply(200, b'{"status": "DEVICE_REVOKED"}'), "DEVICE_REVOKED"),
        ("widevine", Reply(403, b"no"), "403"),
        (
            "fairplay",
            Reply(200, b'{"fairplay-streaming-response":{"create-ckc":[{"status":-42581}]}}'),
            "-42581",
        ),
        ("fairplay", Reply(401), "401"),
        ("playready", Reply(500, FAULT), "fault"),
        ("playready", Reply(400), "400"),
    ],
)
def test_a_vendors_refusal_is_final_and_says_why(
    desk: Desk, drm: Drm, reply: Reply, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.vendors[drm].instead = [reply]

    refused = desk.licence(drm)

    assert code_of(refused) == (403, "licence_vendor_refused")
    assert json.loads(refused["body"])["reason"] == reason
    assert desk.vendors[drm].requests == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["vendor_reason"] == reason


@pytest.mark.parametrize("cut", [ckc()[:-1], ckc()[:27], b""])
def test_a_ckc_that_is_cut_off_is_no_licence(desk: Desk, cut: bytes) -> None:
    item = {"id": 1, "status": 0, "ckc": base64.b64encode(cut).decode()}
    body = json.dumps({"fairplay-streaming-response": {"create-ckc": [item]}}).encode()
    desk.vendors["fairplay"].instead = [Reply(200, body)]

    assert code_of(desk.licence("fairplay")) == (503, "licence_vendor_garbled")


@pytest.mark.parametrize("drm", SYSTEMS)
def test_the_log_tells_of_the_licence_and_of_no_secret(
    desk: Desk, drm: Drm, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.licence(drm)

    output = capsys.readouterr().out
    line = json.loads(output.splitlines()[-1])
    assert (line["outcome"], line["drm"], line["use"]) == ("licence_issued", drm, 1)
    assert (line["account"], line["device"]) == ("acc_1", "dev_1")
    secrets = [*CREDENTIALS[drm].values(), *(key.hex() for key in CONTENT_KEYS.values())]
    assert not [secret for secret in secrets if secret in output]


@pytest.mark.parametrize("drm", SYSTEMS)
def test_no_licence_outlives_its_play(desk: Desk, drm: Drm) -> None:
    play = desk.play(drm, expires_at=desk.now + timedelta(seconds=90))
    token = grants.licence_token(play, desk.now, SECRET)

    body_of(desk.ask(drm, GOOD[drm], token=token))

    assert ": 90" in str(desk.vendors[drm].asked)
