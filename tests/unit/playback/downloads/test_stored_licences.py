"""Vendors' licences of downloads: stored on the download's terms, renewed, and given back."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from kernel.events.identity import DeviceRemoved
from playback.devices import Device, Drm, DrmNotOfferedError
from playback.domain import MOST_LICENCES, Rights, Viewer
from playback.downloads.domain import LICENCE_LIFE
from playback.downloads.licences import StoredLicences
from playback.downloads.routes import stored_licence_handler
from playback.downloads.service import Downloads
from playback.service import ContentKeys
from playback.vendor_http import VendorHttp
from tests.unit.playback.downloads.test_downloads import (
    NOW,
    FakeCookies,
    House,
    NoOrigin,
    block,
    end_rights,
    limit_territories,
    lose_keys,
    milliseconds,
    unpublish,
)
from tests.unit.playback.downloads.test_downloads import ask as ask_downloads
from tests.unit.playback.downloads.test_downloads import event as event_of
from tests.unit.playback.fakes import (
    AUDIO_KID,
    CONTENT_KEYS,
    SD_KID,
    UHD_KID,
    VIEWER,
    FakeDataKeys,
    FakeMacKeys,
)
from tests.unit.playback.licence_servers import (
    ACQUIRED,
    CHALLENGE,
    FAULT,
    LicenceServer,
    Reply,
    Stored,
    ckc,
    licence_server,
    spc,
    widevine_request,
)
from tests.unit.playback.test_vendor_licences import (
    ADAPTERS,
    CREDENTIALS,
    GOOD,
    PATIENCE_SECONDS,
    SYSTEMS,
    streaming_key,
)

RELEASE = {"widevine": widevine_request(3), "fairplay": streaming_key()}
HOUR, DAY = 3600, 24 * 3600


class Desk(House):
    """Downloads and their licences, with three vendors."""

    def __init__(self, vendors: dict[str, LicenceServer]) -> None:
        super().__init__()
        self.vendors = vendors
        keys = ContentKeys(FakeDataKeys())
        systems: list[Drm] = [drm for drm in SYSTEMS if drm in vendors]
        self.downloads = Downloads(
            self.table,
            self.shelves,
            FakeCookies(),
            lambda: self.now,
            keys,
            FakeMacKeys(),
            vendors=systems,
        )
        adapters = {
            drm: ADAPTERS[drm](
                VendorHttp(server.url, seconds=PATIENCE_SECONDS),
                partial(CREDENTIALS.__getitem__, drm),
            )
            for drm, server in vendors.items()
        }
        self.handler = stored_licence_handler(
            StoredLicences(self.table, self.shelves, keys, adapters, lambda: self.now),
            NoOrigin(),
        )
        for title_id, title in list(self.table.titles.items()):
            manifests = {**title.manifests, "dash": "a.mpd", "hls": "a.m3u8"}
            self.table.titles[title_id] = replace(title, manifests=manifests)

    def keep(self, drm: Drm, viewer: Viewer = VIEWER, **changes: Any) -> str:
        family = "native" if drm == "fairplay" else "shaka"
        device = Device(family, drm, 1080, **changes)
        return self.grant(viewer=viewer, device=device).download.download_id

    def ask(
        self, drm: str, download_id: str, message: bytes, what: str = "licence", **claims: str
    ) -> dict[str, Any]:
        asked = event_of(
            f"POST /v1/downloads/{{download_id}}/{what}/{drm}",
            path={"download_id": download_id},
            claims=claims,
        )
        body = {"body": base64.b64encode(message).decode(), "isBase64Encoded": True}
        return self.handler({**asked, **body}, None)

    def licence(self, drm: Drm, download_id: str, **claims: str) -> dict[str, Any]:
        return self.ask(drm, download_id, GOOD[drm], **claims)

    def stored(self, drm: Drm, download_id: str) -> Stored:
        """What the device holds the next licence to."""
        assert self.licence(drm, download_id)["statusCode"] == 200
        return self.vendors[drm].stored[-1]

    def ends_with(self, rights: timedelta) -> None:
        title = self.table.titles["ttl_1"]
        self.table.titles["ttl_1"] = replace(title, rights=Rights(("*",), NOW, NOW + rights))


@pytest.fixture
def desk() -> Iterator[Desk]:
    with ExitStack() as servers:
        yield Desk({drm: servers.enter_context(licence_server(drm)) for drm in SYSTEMS})


def code_of(reply: dict[str, Any]) -> tuple[int, str]:
    return reply["statusCode"], json.loads(reply["body"])["code"]


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_grant_says_where_the_licence_is_and_hands_no_key_over(desk: Desk, drm: Drm) -> None:
    family = "native" if drm == "fairplay" else "shaka"
    asked = {"title_id": "ttl_1", "device": {"family": family, "drm": drm}}

    status, granted = ask_downloads(desk, "POST /v1/downloads", asked)

    path = f"/v1/downloads/{granted['download_id']}"
    assert status == 200
    assert granted["drm"]["licence"] is None
    assert granted["drm"]["licence_url"] == f"{path}/licence/{drm}"
    release = None if drm == "playready" else f"{path}/release/{drm}"
    assert granted["drm"]["release_url"] == release


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_device_may_begin_for_thirty_days_and_watch_for_two(desk: Desk, drm: Drm) -> None:
    stored = desk.stored(drm, desk.keep(drm))

    assert (stored.to_begin, stored.to_watch) == (30 * DAY, 48 * HOUR)
    assert stored.plays(29 * DAY, first=29 * DAY)
    assert not stored.plays(30 * DAY, first=30 * DAY)
    assert stored.plays(7 * DAY + 47 * HOUR, first=7 * DAY)
    assert not stored.plays(7 * DAY + 48 * HOUR, first=7 * DAY)


@pytest.mark.parametrize("drm", SYSTEMS)
@pytest.mark.parametrize("rights", [timedelta(days=31), timedelta(days=3), timedelta(hours=10)])
def test_nothing_that_a_device_stores_outlives_the_titles_rights(
    desk: Desk, drm: Drm, rights: timedelta
) -> None:
    desk.ends_with(rights)

    stored = desk.stored(drm, desk.keep(drm))

    end = rights.total_seconds()
    assert stored.plays(0, first=0)
    assert not any(stored.plays(end, first) for first in range(0, int(end) + 1, HOUR))


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_licence_that_is_asked_for_late_has_only_what_is_left(desk: Desk, drm: Drm) -> None:
    download_id = desk.keep(drm)
    desk.now += timedelta(days=10)
    assert desk.stored(drm, download_id).to_begin == 20 * DAY

    desk.downloads.played(VIEWER, download_id, desk.now)
    desk.now += timedelta(hours=40)

    stored = desk.stored(drm, download_id)
    assert (stored.to_begin, stored.to_watch) == (8 * HOUR, 8 * HOUR)


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_renewal_begins_the_thirty_days_anew(desk: Desk, drm: Drm) -> None:
    download_id = desk.keep(drm)
    desk.downloads.played(VIEWER, download_id, desk.now)
    desk.now += LICENCE_LIFE
    assert code_of(desk.licence(drm, download_id)) == (404, "download_not_found")

    assert desk.keep(drm) == download_id

    assert desk.stored(drm, download_id).to_begin == 30 * DAY


def test_widevines_own_renewals_are_answered_and_gain_no_time(desk: Desk) -> None:
    download_id = desk.keep("widevine")
    desk.now += timedelta(days=15)

    reply = desk.ask("widevine", download_id, widevine_request(2))

    assert reply["statusCode"] == 200
    (asked,) = desk.vendors["widevine"].asked
    policy = asked["policy_overrides"]
    assert (policy["can_persist"], policy["can_renew"]) == (True, True)
    assert policy["license_duration_seconds"] == 15 * DAY


def test_fairplays_key_is_stored_for_its_stream_and_title(desk: Desk) -> None:
    desk.stored("fairplay", desk.keep("fairplay"))

    ((asset,),) = [asked["asset-info"] for asked in desk.vendors["fairplay"].asked]
    assert asset["offline-hls"]["stream-id"] == SD_KID.replace("-", "")
    assert len(asset["offline-hls"]["title-id"]) == 32
    assert "lease-duration" not in asset


def test_playreadys_terms_say_that_the_licence_persists(desk: Desk) -> None:
    reply = desk.licence("playready", desk.keep("playready"))

    assert base64.b64decode(reply["body"]) == ACQUIRED
    (asked,) = desk.vendors["playready"].asked
    assert asked["persistent"] is True
    assert {key["id"]: key["value"] for key in asked["keys"]} == {
        kid: CONTENT_KEYS[kid] for kid in (SD_KID, AUDIO_KID)
    }


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_device_is_licensed_for_what_it_was_granted_and_no_more(desk: Desk, drm: Drm) -> None:
    download_id = desk.keep(drm)
    message = streaming_key(UHD_KID) if drm == "fairplay" else GOOD[drm]

    reply = desk.ask(drm, download_id, message)

    if drm == "fairplay":
        assert code_of(reply) == (403, "licence_refused")
        assert desk.vendors[drm].requests == 0
    else:
        assert UHD_KID not in json.dumps(desk.vendors[drm].asked, default=repr)


@pytest.mark.parametrize("drm", SYSTEMS)
def test_nobody_elses_device_is_licensed(desk: Desk, drm: Drm) -> None:
    download_id = desk.keep(drm)

    for claims in ({"device": "dev_2"}, {"sub": "acc_2"}):
        assert code_of(desk.licence(drm, download_id, **claims)) == (404, "download_not_found")
    assert code_of(desk.licence(drm, download_id, scope="staff"))[0] == 403
    assert code_of(desk.licence(drm, download_id, device_registered="false"))[1] == "device_limit"
    assert desk.vendors[drm].requests == 0


@pytest.mark.parametrize("change", [unpublish, block, end_rights, limit_territories, lose_keys])
def test_what_is_not_granted_any_more_is_not_licensed_any_more(desk: Desk, change: Any) -> None:
    download_id = desk.keep("widevine")
    change(desk)

    assert desk.licence("widevine", download_id)["statusCode"] in (403, 404, 503)
    assert desk.vendors["widevine"].requests == 0


def test_an_age_limit_holds_for_licences(desk: Desk) -> None:
    download_id = desk.keep("widevine")
    desk.table.titles["ttl_1"] = replace(desk.table.titles["ttl_1"], maturity=16)

    refused = desk.licence("widevine", download_id, maturity="12", kids="true")

    assert code_of(refused) == (403, "above_maturity")


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_removed_device_gets_no_licence(desk: Desk, drm: Drm) -> None:
    download_id = desk.keep(drm)
    desk.told(DeviceRemoved(sequence=milliseconds(NOW), account_id="acc_1", device_id="dev_1"))

    assert desk.licence(drm, download_id)["statusCode"] in (403, 404)
    assert desk.vendors[drm].requests == 0


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_download_has_so_many_licences_until_it_is_renewed(desk: Desk, drm: Drm) -> None:
    download_id = desk.keep(drm)
    for _ in range(MOST_LICENCES):
        assert desk.licence(drm, download_id)["statusCode"] == 200

    assert code_of(desk.licence(drm, download_id)) == (403, "licence_refused")

    desk.keep(drm)
    assert desk.licence(drm, download_id)["statusCode"] == 200


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_title_kept_by_one_system_is_licensed_by_no_other(desk: Desk, drm: Drm) -> None:
    kept: Drm = "widevine" if drm != "widevine" else "playready"
    download_id = desk.keep(kept)

    assert code_of(desk.licence(drm, download_id)) == (403, "licence_refused")
    assert desk.vendors[drm].requests == 0


def test_a_title_kept_with_clearkey_has_no_vendors_licence(desk: Desk) -> None:
    download_id = desk.grant().download.download_id

    assert code_of(desk.licence("widevine", download_id)) == (403, "licence_refused")


@pytest.mark.parametrize(
    ("drm", "message"),
    [
        ("widevine", b"nothing"),
        ("widevine", widevine_request(3)),
        ("fairplay", b"{}"),
        ("playready", ACQUIRED),
    ],
)
def test_what_is_no_request_for_a_licence_is_refused_before_anything_is_counted(
    desk: Desk, drm: Drm, message: bytes
) -> None:
    download_id = desk.keep(drm)

    assert code_of(desk.ask(drm, download_id, message)) == (422, "licence_challenge_invalid")

    assert desk.shelves.shelf("acc_1", "dev_1").downloads["ttl_1"].licences == 0
    assert desk.vendors[drm].requests == 0


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_vendors_refusal_is_told_and_counted(desk: Desk, drm: Drm) -> None:
    refusals = {
        "widevine": Reply(200, b'{"status": "DEVICE_REVOKED"}'),
        "fairplay": Reply(403),
        "playready": Reply(500, FAULT),
    }
    desk.vendors[drm].instead = [refusals[drm]]

    assert code_of(desk.licence(drm, desk.keep(drm)))[0] == 403
    assert desk.shelves.shelf("acc_1", "dev_1").downloads["ttl_1"].licences == 1


@pytest.mark.parametrize("drm", ["widevine", "fairplay"])
def test_a_licence_that_is_given_back_returns_the_title(desk: Desk, drm: Drm) -> None:
    download_id = desk.keep(drm)
    desk.stored(drm, download_id)

    reply = desk.ask(drm, download_id, RELEASE[drm], "release")

    assert reply["statusCode"] == 200
    assert desk.vendors[drm].released == 1
    assert desk.held() == []
    if drm == "widevine":
        assert base64.b64decode(reply["body"]) == b"released"
    assert code_of(desk.licence(drm, download_id)) == (404, "download_not_found")


@pytest.mark.parametrize("drm", ["widevine", "fairplay"])
def test_who_was_blocked_gives_back_too(desk: Desk, drm: Drm) -> None:
    download_id = desk.keep(drm)
    desk.stored(drm, download_id)
    block(desk)

    assert desk.ask(drm, download_id, RELEASE[drm], "release")["statusCode"] == 200


@pytest.mark.parametrize("drm", ["widevine", "fairplay"])
def test_what_the_vendor_does_not_take_back_stays_on_the_shelf(desk: Desk, drm: Drm) -> None:
    download_id = desk.keep(drm)

    refused = desk.ask(drm, download_id, RELEASE[drm], "release")

    assert code_of(refused) == (403, "licence_vendor_refused")
    assert desk.held() == [("dev_1", "ttl_1")]


def test_a_device_that_forgot_nothing_has_given_nothing_back(desk: Desk) -> None:
    download_id = desk.keep("fairplay")
    desk.stored("fairplay", download_id)
    says_no = streaming_key(message=spc(b"n" * 32))

    refused = desk.ask("fairplay", download_id, says_no, "release")

    assert code_of(refused) == (403, "licence_vendor_refused")
    assert desk.held() == [("dev_1", "ttl_1")]


@pytest.mark.parametrize("drm", ["widevine", "fairplay"])
@pytest.mark.parametrize("garbage", [b"", b"{}", b"[]", b"<html>"])
def test_a_vendors_garbage_takes_nothing_back(desk: Desk, drm: Drm, garbage: bytes) -> None:
    download_id = desk.keep(drm)
    desk.vendors[drm].instead = [Reply(200, garbage)]

    refused = desk.ask(drm, download_id, RELEASE[drm], "release")

    assert code_of(refused) == (503, "licence_vendor_garbled")
    assert desk.held() == [("dev_1", "ttl_1")]


@pytest.mark.parametrize("message", [CHALLENGE, widevine_request(1), widevine_request(2)])
def test_a_request_for_a_licence_gives_none_back(desk: Desk, message: bytes) -> None:
    download_id = desk.keep("widevine")

    refused = desk.ask("widevine", download_id, message, "release")

    assert code_of(refused) == (422, "licence_challenge_invalid")
    assert desk.vendors["widevine"].requests == 0


def test_nobody_gives_back_for_another_device_or_another_film(desk: Desk) -> None:
    download_id = desk.keep("fairplay")
    other = streaming_key(content_id="ast_2")

    stolen = desk.ask("fairplay", download_id, RELEASE["fairplay"], "release", device="dev_2")

    assert code_of(stolen) == (404, "download_not_found")
    assert code_of(desk.ask("fairplay", download_id, other, "release"))[1] == "licence_refused"
    assert code_of(desk.ask("widevine", download_id, RELEASE["widevine"], "release"))[1] == (
        "licence_refused"
    )
    assert desk.held() == [("dev_1", "ttl_1")]


def test_playready_has_no_word_that_a_licence_is_gone(desk: Desk) -> None:
    reply = desk.ask("playready", desk.keep("playready"), ACQUIRED, "release")

    assert code_of(reply) == (403, "drm_not_offered")


@pytest.mark.parametrize("drm", SYSTEMS)
def test_a_system_without_a_licence_server_keeps_nothing(drm: Drm) -> None:
    without = Desk({})

    with pytest.raises(DrmNotOfferedError):
        without.keep(drm)
    assert without.shelves.kept == {}


def test_fairplays_answer_is_the_one_that_players_read(desk: Desk) -> None:
    reply = desk.licence("fairplay", desk.keep("fairplay"))

    answer = json.loads(base64.b64decode(reply["body"]))["fairplay-streaming-response"]
    assert [base64.b64decode(one["ckc"]) for one in answer["streaming-keys"]] == [ckc()]
    assert desk.downloads.held("acc_1")[0][1].ends_at == NOW + LICENCE_LIFE
