"""Films that members keep on their devices."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel import tokens
from kernel.beacons import OLDEST, TICKET, read_batch
from kernel.errors import DomainError, UnavailableError
from kernel.events.identity import AccountDeleted, DeviceRegistered, DeviceRemoved
from kernel.ids import names_one, new_id
from playback.devices import Device, DeviceNotSupportedError, DrmNotOfferedError
from playback.domain import (
    REMEMBERED_GONE,
    AccountBlockedError,
    Allowance,
    DeviceLimitError,
    KeysNotReadyError,
    NotInYourCountryError,
    OutsideRightsWindowError,
    Rights,
    SignedOutError,
    TitleNotFoundError,
    Viewer,
)
from playback.downloads.domain import (
    LICENCE_LIFE,
    PLAY_LIFE,
    DeviceRemovedError,
    DownloadNotFoundError,
    DownloadsNotInPlanError,
    TooManyDownloadsError,
)
from playback.downloads.routes import downloads_handler
from playback.downloads.service import Downloads, Granted
from playback.edge_access import EdgeGrant
from playback.events import projection_handler
from playback.leases import Account
from playback.revocation import Revocation
from playback.service import ContentKeys, Projection
from tests.unit.playback.fakes import (
    CONTENT_KEYS,
    KEYS,
    SD_KID,
    SECRET,
    TITLE,
    UHD_KID,
    VIEWER,
    FakeDataKeys,
    FakeMacKeys,
    FakePlayback,
    FakeShelves,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DEVICE = Device("shaka", "clearkey", 1080)
PLAN = Allowance(streams=2, max_height=1080, downloads=2)
OTHER_DEVICE = replace(VIEWER, device_id="dev_2")


@dataclass
class FakeCookies:
    def cookies(self, grant: EdgeGrant) -> tuple[str, ...]:
        return (f"CloudFront-Policy={grant.session_folder} until {grant.expires_at.isoformat()}",)


@dataclass
class House:
    """Downloads over fakes, three titles, and a clock that tests move."""

    now: datetime = NOW
    table: FakePlayback = field(default_factory=FakePlayback)
    shelves: FakeShelves = field(default_factory=FakeShelves)

    def __post_init__(self) -> None:
        for number in (1, 2, 3):
            title = replace(TITLE, title_id=f"ttl_{number}", keys=KEYS)
            self.table.titles[title.title_id] = title
        self.has_plan(PLAN)
        keys = ContentKeys(FakeDataKeys())
        self.downloads = self.with_keys(keys)

    def has_plan(self, allowance: Allowance) -> None:
        self.table.accounts["acc_1"] = Account("acc_1", allowance)

    def with_keys(self, keys: ContentKeys | None) -> Downloads:
        return Downloads(
            self.table, self.shelves, FakeCookies(), lambda: self.now, keys, FakeMacKeys()
        )

    def grant(
        self, title_id: str = "ttl_1", viewer: Viewer = VIEWER, device: Device = DEVICE
    ) -> Granted:
        return self.downloads.grant(viewer, title_id, device, "DE")

    def held(self) -> list[tuple[str, str]]:
        """Devices and the titles that they may still watch."""
        return sorted((device, one.title_id) for device, one in self.downloads.held("acc_1"))

    def told(self, event: Any) -> None:
        revocation = Revocation(self.table, self.table, lambda: self.now)
        handler = projection_handler(Projection(self.table), revocation, self.shelves)
        handler({"detail-type": event.detail_type, "detail": event.to_detail()}, None)


@pytest.fixture
def house() -> House:
    return House()


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_a_title_is_kept_for_thirty_days_with_the_keys_that_the_plan_allows(house: House) -> None:
    granted = house.grant()

    assert granted.download.ends_at == NOW + timedelta(days=30)
    assert granted.keys[SD_KID] == CONTENT_KEYS[SD_KID]
    assert UHD_KID not in granted.keys
    (cookie,) = granted.cookies
    folder = cookie.removeprefix("CloudFront-Policy=").partition(" until ")[0]
    assert granted.manifest_url.startswith(f"/{folder}/")
    assert cookie.endswith(" until 2026-11-01T04:00:00+00:00")
    assert house.held() == [("dev_1", "ttl_1")]


def test_its_plays_are_told_of_under_a_ticket_that_outlives_it(house: House) -> None:
    granted = house.grant()
    ticket = granted.ticket

    told = tokens.read(TICKET, ticket, NOW + timedelta(days=59), {SECRET.key_id: SECRET})
    assert (told["account"], told["profile"], told["title"]) == ("acc_1", "prf_1", "ttl_1")
    with pytest.raises(tokens.ExpiredTokenError):
        tokens.read(TICKET, ticket, NOW + timedelta(days=60), {SECRET.key_id: SECRET})


def test_a_kept_title_is_no_play_that_ends_when_it_is_left(house: House) -> None:
    granted = house.grant()
    renewed = house.grant()

    for ticket in (granted.ticket, renewed.ticket):
        told = tokens.read(TICKET, ticket, NOW, {SECRET.key_id: SECRET})
        assert told["session"] == granted.download.download_id
        assert not names_one(told["session"], "ses")


def test_what_was_watched_while_it_was_kept_may_be_told_when_its_time_is_over(
    house: House,
) -> None:
    ticket = house.grant().ticket
    began, back = NOW, NOW + OLDEST
    beacon = {"kind": "leave", "at": began.isoformat(), "position_seconds": 90.0}
    told = {
        "ticket": ticket,
        "sent_at": back.isoformat(),
        "beacons": [{**beacon, "duration_seconds": 6000.0}],
    }

    read = read_batch(json.dumps(told).encode(), back, {SECRET.key_id: SECRET})

    assert OLDEST == LICENCE_LIFE
    assert (read.latest.at, read.latest.position_seconds) == (began, 90.0)


def test_a_title_is_kept_no_longer_than_its_rights_last(house: House) -> None:
    ends_at = NOW + timedelta(days=3)
    house.table.titles["ttl_1"] = replace(
        house.table.titles["ttl_1"], rights=Rights(("*",), NOW, ends_at)
    )

    assert house.grant().download.ends_at == ends_at


def test_a_title_that_was_begun_ends_after_two_days(house: House) -> None:
    download_id = house.grant().download.download_id
    house.now += timedelta(days=2)

    download = house.downloads.played(VIEWER, download_id, NOW + timedelta(days=1))

    assert download.ends_at == NOW + timedelta(days=1) + PLAY_LIFE
    house.now = download.ends_at - timedelta(seconds=1)
    assert house.held() == [("dev_1", "ttl_1")]
    house.now = download.ends_at
    assert house.held() == []


def test_a_title_begun_late_ends_with_its_thirty_days(house: House) -> None:
    download_id = house.grant().download.download_id
    house.now += timedelta(days=29)

    assert house.downloads.played(VIEWER, download_id, house.now).ends_at == NOW + LICENCE_LIFE


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ([timedelta(hours=5), timedelta(hours=3)], timedelta(hours=3)),
        ([timedelta(hours=3), timedelta(hours=5)], timedelta(hours=3)),
        ([timedelta(days=-9)], timedelta(0)),
        ([timedelta(days=9)], timedelta(hours=6)),
    ],
)
def test_the_first_time_counts_and_no_clock_of_a_device_moves_it_out_of_reason(
    house: House, told: list[timedelta], kept: timedelta
) -> None:
    download_id = house.grant().download.download_id
    house.now += timedelta(hours=6)

    for moment in told:
        download = house.downloads.played(VIEWER, download_id, NOW + moment)

    assert download.first_played_at == NOW + kept


def test_a_plan_without_downloads_keeps_nothing(house: House) -> None:
    house.has_plan(replace(PLAN, downloads=0))

    with pytest.raises(DownloadsNotInPlanError):
        house.grant()


def test_an_account_that_nobody_told_of_keeps_nothing(house: House) -> None:
    house.table.accounts.clear()

    with pytest.raises(DownloadsNotInPlanError):
        house.grant()


def test_a_device_keeps_as_many_titles_as_the_plan_says(house: House) -> None:
    house.grant("ttl_1")
    house.grant("ttl_2")

    with pytest.raises(TooManyDownloadsError) as refused:
        house.grant("ttl_3")
    assert refused.value.facts == {"limit": 2}
    house.grant("ttl_3", viewer=OTHER_DEVICE)
    assert house.held() == [("dev_1", "ttl_1"), ("dev_1", "ttl_2"), ("dev_2", "ttl_3")]


def test_a_title_that_ended_or_was_returned_takes_no_place(house: House) -> None:
    house.grant("ttl_1")
    second = house.grant("ttl_2").download
    house.downloads.give_back("acc_1", second.download_id)
    house.grant("ttl_2")
    house.now += LICENCE_LIFE

    house.grant("ttl_3")

    assert house.held() == [("dev_1", "ttl_3")]


def test_the_same_title_again_is_renewed_and_takes_no_second_place(house: House) -> None:
    first = house.grant("ttl_1").download
    house.grant("ttl_2")
    house.downloads.played(VIEWER, first.download_id, NOW)
    house.now += timedelta(days=5)

    again = house.grant("ttl_1").download

    assert again.download_id == first.download_id
    assert again.ends_at == house.now + LICENCE_LIFE


def test_a_title_that_ended_is_renewed_on_its_device_alone(house: House) -> None:
    download_id = house.grant().download.download_id
    house.now += LICENCE_LIFE

    renewed = house.downloads.renew(VIEWER, download_id, DEVICE, "DE")

    assert renewed.download.ends_at == house.now + LICENCE_LIFE
    with pytest.raises(DownloadNotFoundError):
        house.downloads.renew(OTHER_DEVICE, download_id, DEVICE, "DE")


def test_every_title_that_ended_may_be_renewed_whatever_was_kept_or_renewed_before(
    house: House,
) -> None:
    first, second = house.grant("ttl_1").download, house.grant("ttl_2").download
    house.now += LICENCE_LIFE
    house.grant("ttl_3")
    house.downloads.give_back("acc_1", house.grant("ttl_3").download.download_id)

    for download in (first, second):
        renewed = house.downloads.renew(VIEWER, download.download_id, DEVICE, "DE").download
        assert renewed.download_id == download.download_id

    assert house.held() == [("dev_1", "ttl_1"), ("dev_1", "ttl_2")]


def test_a_title_that_ended_is_forgotten_in_the_end(house: House) -> None:
    download_id = house.grant("ttl_1").download.download_id
    house.now += LICENCE_LIFE + REMEMBERED_GONE

    house.grant("ttl_2")

    with pytest.raises(DownloadNotFoundError):
        house.downloads.renew(VIEWER, download_id, DEVICE, "DE")


def test_what_was_returned_is_not_renewed_and_may_be_returned_again(house: House) -> None:
    download_id = house.grant().download.download_id

    house.downloads.give_back("acc_1", download_id)
    house.downloads.give_back("acc_1", download_id)

    assert house.held() == []
    with pytest.raises(DownloadNotFoundError):
        house.downloads.renew(VIEWER, download_id, DEVICE, "DE")
    with pytest.raises(DownloadNotFoundError):
        house.downloads.played(VIEWER, download_id, NOW)


def test_a_download_is_returned_from_any_device_of_the_account_and_from_no_other(
    house: House,
) -> None:
    download_id = house.grant(viewer=OTHER_DEVICE).download.download_id

    house.downloads.give_back("acc_2", download_id)
    assert house.held() == [("dev_2", "ttl_1")]
    house.downloads.give_back("acc_1", download_id)
    assert house.held() == []


def unpublish(house: House) -> None:
    del house.table.titles["ttl_1"]


def block(house: House) -> None:
    house.table.accounts["acc_1"] = Account("acc_1", PLAN, is_blocked=True)


def end_rights(house: House) -> None:
    title = house.table.titles["ttl_1"]
    house.table.titles["ttl_1"] = replace(title, rights=Rights(("*",), NOW, NOW))


def limit_territories(house: House) -> None:
    title = house.table.titles["ttl_1"]
    house.table.titles["ttl_1"] = replace(title, rights=Rights(("FR",), NOW, None))


def lose_keys(house: House) -> None:
    house.table.titles["ttl_1"] = replace(house.table.titles["ttl_1"], keys=None)


def pack_for_others(house: House) -> None:
    house.table.titles["ttl_1"] = replace(house.table.titles["ttl_1"], manifests={})


def offer_no_clearkey(house: House) -> None:
    house.downloads = house.with_keys(None)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (unpublish, TitleNotFoundError),
        (block, AccountBlockedError),
        (end_rights, OutsideRightsWindowError),
        (limit_territories, NotInYourCountryError),
        (lose_keys, KeysNotReadyError),
        (pack_for_others, DeviceNotSupportedError),
        (offer_no_clearkey, DrmNotOfferedError),
    ],
)
def test_what_may_not_be_played_is_neither_kept_nor_renewed(
    house: House, change: Any, refusal: type[DomainError]
) -> None:
    download_id = house.grant().download.download_id
    house.downloads.give_back("acc_1", download_id)
    kept = house.grant("ttl_1").download.download_id
    before = dict(house.shelves.kept)
    change(house)

    with pytest.raises(refusal):
        house.grant()
    with pytest.raises(refusal):
        house.downloads.renew(VIEWER, kept, DEVICE, "DE")
    assert house.shelves.kept == before


@pytest.mark.parametrize("drm", ["widevine", "playready", "fairplay"])
def test_a_vendors_licence_is_not_kept_yet(house: House, drm: Any) -> None:
    with pytest.raises(DrmNotOfferedError):
        house.grant(device=Device("shaka", drm))


def test_a_removed_device_keeps_nothing_and_its_last_tokens_get_nothing(house: House) -> None:
    download_id = house.grant().download.download_id
    house.grant("ttl_2", viewer=OTHER_DEVICE)

    removed = DeviceRemoved(sequence=milliseconds(NOW), account_id="acc_1", device_id="dev_1")
    house.told(removed)

    assert house.held() == [("dev_2", "ttl_2")]
    with pytest.raises(SignedOutError):
        house.grant()
    with pytest.raises(DownloadNotFoundError):
        house.downloads.renew(VIEWER, download_id, DEVICE, "DE")


def test_a_grant_that_was_under_way_when_its_device_was_removed_is_refused(house: House) -> None:
    house.shelves.interfere = lambda: house.shelves.device_removed("acc_1", "dev_1", NOW)

    with pytest.raises(DeviceRemovedError):
        house.grant()


def test_a_device_without_a_place_keeps_nothing(house: House) -> None:
    with pytest.raises(DeviceLimitError):
        house.grant(viewer=replace(VIEWER, has_place=False))


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0)])
def test_a_device_that_came_back_keeps_titles_in_whatever_order_it_is_told(
    house: House, order: tuple[int, ...]
) -> None:
    later = milliseconds(NOW + timedelta(minutes=1))
    events = (
        DeviceRemoved(sequence=milliseconds(NOW), account_id="acc_1", device_id="dev_1"),
        DeviceRegistered(sequence=later, account_id="acc_1", device_id="dev_1", name="TV"),
    )
    for number in order:
        house.told(events[number])
    sign_in = new_id("fam", NOW + timedelta(minutes=2))

    house.grant(viewer=replace(VIEWER, family_id=sign_in))

    assert house.held() == [("dev_1", "ttl_1")]


def test_a_deleted_account_keeps_nothing_anywhere(house: House) -> None:
    house.grant()
    house.grant(viewer=OTHER_DEVICE)

    house.told(
        AccountDeleted(sequence=milliseconds(NOW), account_id="acc_1", profile_ids=["prf_1"])
    )

    assert house.shelves.kept == {}
    with pytest.raises(AccountBlockedError):
        house.grant()


def test_two_grants_at_once_fill_one_place(house: House) -> None:
    house.has_plan(replace(PLAN, downloads=1))

    def other_tab() -> None:
        house.shelves.interfere = lambda: None
        house.grant("ttl_2")

    house.shelves.interfere = other_tab

    with pytest.raises(TooManyDownloadsError):
        house.grant("ttl_1")
    assert house.held() == [("dev_1", "ttl_2")]


def test_a_shelf_that_never_stands_still_is_told_so(house: House) -> None:
    def loses(shelf: object) -> bool:
        del shelf
        return False

    house.shelves.save = loses  # type: ignore[method-assign]

    with pytest.raises(UnavailableError):
        house.grant()


def event(route: str, body: Any = None, **changes: Any) -> dict[str, Any]:
    claims = {
        "sub": "acc_1",
        "kind": "member",
        "scope": "member",
        "profile": "prf_1",
        "device": "dev_1",
        "device_registered": "true",
        "sid": VIEWER.family_id,
        "maturity": "18",
        "kids": "false",
        **changes.pop("claims", {}),
    }
    return {
        "routeKey": route,
        "headers": {},
        "pathParameters": changes.pop("path", {}),
        "requestContext": {"authorizer": {"jwt": {"claims": claims}}},
        "body": None if body is None else json.dumps(body),
    }


class NoOrigin:
    def accepts(self, _presented: str) -> bool:
        return False


CLEARKEY = {"family": "shaka", "drm": "clearkey"}


def ask(house: House, route: str, body: Any = None, **changes: Any) -> tuple[int, Any]:
    answer = downloads_handler(house.downloads, NoOrigin())(event(route, body, **changes), None)
    return answer["statusCode"], json.loads(answer.get("body", "null"))


def test_a_download_over_http_from_grant_to_return(house: House) -> None:
    status, granted = ask(house, "POST /v1/downloads", {"title_id": "ttl_1", "device": CLEARKEY})
    assert status == 200
    assert granted["drm"]["licence"]["type"] == "temporary"
    path = {"download_id": granted["download_id"]}

    one = "POST /v1/downloads/{download_id}"
    status, played = ask(house, f"{one}/first-play", {"at": NOW.isoformat()}, path=path)
    assert (status, played["ends_at"]) == (200, (NOW + PLAY_LIFE).isoformat())
    status, listed = ask(house, "GET /v1/downloads")
    assert [(each["title_id"], each["is_here"]) for each in listed["downloads"]] == [
        ("ttl_1", True)
    ]
    status, renewed = ask(house, f"{one}/renewal", {"device": CLEARKEY}, path=path)
    assert (status, renewed["ends_at"]) == (200, (NOW + LICENCE_LIFE).isoformat())
    assert ask(house, "DELETE /v1/downloads/{download_id}", path=path)[0] == 204
    assert ask(house, "GET /v1/downloads")[1] == {"downloads": []}


@pytest.mark.parametrize(
    ("route", "body", "field_name"),
    [
        ("POST /v1/downloads", {"device": CLEARKEY}, "title_id"),
        ("POST /v1/downloads", {"title_id": "ast_1", "device": CLEARKEY}, "title_id"),
        ("POST /v1/downloads", {"title_id": "ttl_1"}, "device"),
        ("POST /v1/downloads", {"title_id": "ttl_1", "device": CLEARKEY, "days": 99}, "days"),
        ("POST /v1/downloads/{download_id}/renewal", {}, "device"),
        ("POST /v1/downloads/{download_id}/first-play", {}, "at"),
        ("POST /v1/downloads/{download_id}/first-play", {"at": "yesterday"}, "at"),
        ("POST /v1/downloads/{download_id}/first-play", {"at": "2026-11-01T00:00:00"}, "at"),
        ("POST /v1/downloads/{download_id}/first-play", {"at": 5}, "at"),
    ],
)
def test_what_is_asked_wrongly_is_told_which_field(
    house: House, route: str, body: Any, field_name: str
) -> None:
    status, problem = ask(house, route, body, path={"download_id": "dwl_1"})

    assert status == 422
    assert problem["field"] == field_name


@pytest.mark.parametrize(
    ("limit", "code"),
    [({"kids": "true", "maturity": "12"}, "above_maturity"), ({"maturity": "12"}, "pin_required")],
)
def test_what_a_profile_may_not_see_it_may_not_keep(
    house: House, limit: dict[str, str], code: str
) -> None:
    house.table.titles["ttl_1"] = replace(house.table.titles["ttl_1"], maturity=16)

    body = {"title_id": "ttl_1", "device": CLEARKEY}
    status, problem = ask(house, "POST /v1/downloads", body, claims=limit)

    assert (status, problem["code"]) == (403, code)
    assert house.shelves.kept == {}


@pytest.mark.parametrize("missing", ["profile", "device", "sid"])
def test_a_token_without_profile_or_device_keeps_nothing(house: House, missing: str) -> None:
    body = {"title_id": "ttl_1", "device": CLEARKEY}

    status, _ = ask(house, "POST /v1/downloads", body, claims={missing: ""})

    assert status == 401
    assert house.shelves.kept == {}


def test_a_grant_is_logged_with_its_keys_ids_and_without_its_keys(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(house, "POST /v1/downloads", {"title_id": "ttl_1", "device": CLEARKEY})

    logged = capsys.readouterr().out
    assert "download_granted" in logged
    assert SD_KID in logged
    assert "c3Nzc3Nzc3Nzc3Nzc3Nzcw" not in logged
