"""Start, licence, renew, end: who gets what, and everybody who does not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from kernel.errors import DomainError, UnavailableError
from kernel.tokens import MacKey
from playback import domain, grants
from playback.devices import Device, DeviceNotSupportedError
from playback.domain import (
    LICENCE_TOKEN_LIFE,
    MOST_LICENCES,
    Allowance,
    LicenceRefusedError,
    LicenceTokenError,
    LicenceTokenExpiredError,
    SessionNotFoundError,
    Viewer,
)
from playback.edge_access import Carrier, carrier_of
from playback.leases import LEASE, TooManyStreamsError
from playback.service import RENEWAL, ContentKeys, Licences, Playback, Projection, Started
from playback.signed_cookies import CookieSigner
from tests.unit.playback.fakes import (
    AUDIO_KID,
    CONTENT_KEYS,
    FAMILY,
    KEYS,
    SD_KID,
    SECRET,
    TITLE,
    UHD_KID,
    VIEWER,
    FakeDataKeys,
    FakeMacKeys,
    FakePlayback,
    viewer_on,
)

SIGNING_KEY = ec.generate_private_key(ec.SECP256R1())
DEVICE = Device("shaka", "clearkey", 1080)
OTHERS = {
    "account": replace(VIEWER, account_id="acc_2"),
    "profile": replace(VIEWER, profile_id="prf_2"),
    "device": replace(VIEWER, device_id="dev_2"),
}


class House:
    """The service with its fakes and a clock to move."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.table = FakePlayback()
        self.data_keys = FakeDataKeys()
        self.mac_keys = FakeMacKeys()
        self.signer = CookieSigner("K1", SIGNING_KEY, "https://w.example")
        keys = ContentKeys(self.data_keys)
        self.playback = Playback(
            self.table,
            self.signer,
            self.mac_keys,
            lambda: self.now,
            public_origin="https://w.example",
            clearkey=keys,
        )
        self.licences = Licences(self.table, keys, self.mac_keys, lambda: self.now)
        projection = Projection(self.table)
        projection.keys_issued(KEYS)
        projection.title_published(TITLE)

    def start(
        self,
        device: Device = DEVICE,
        viewer: Viewer = VIEWER,
        take_over: str | None = None,
        *,
        country: str | None = None,
        carrier: Carrier | None = None,
    ) -> Started:
        return self.playback.start(viewer, "ttl_1", device, country, take_over, carrier)

    def playing_by(self, chance: Callable[[], float]) -> Started:
        """A start as luck would have it."""
        return Playback(
            self.table,
            self.signer,
            self.mac_keys,
            lambda: self.now,
            public_origin="https://w.example",
            clearkey=ContentKeys(self.data_keys),
            chance=chance,
        ).start(VIEWER, "ttl_1", DEVICE, None)

    def screens(self, number: int) -> None:
        """Of the account's plan, from now on."""
        self.table.save_allowance("acc_1", Allowance(number, 1080), number)


@pytest.fixture
def house(now: datetime) -> House:
    return House(now)


def test_a_start_answers_manifest_cookies_token_and_ticket(house: House) -> None:
    started = house.start()

    session = started.session
    folder = f"/m/{session.session_id}/world/ast_1/v1"
    assert started.manifest_urls == (f"{folder}/dash-clearkey.mpd",)
    assert session.session_id.startswith("ses_")
    assert house.table.sessions == {session.session_id: session}
    assert session.expires_at == house.now + timedelta(hours=4)
    path = f"Path=/m/{session.session_id}/;"
    assert all(path in cookie for cookie in started.opened.cookies)


def test_a_play_of_limited_rights_stays_in_the_country_that_it_began_in(house: House) -> None:
    rights = replace(TITLE.rights, territories=("IE", "GB"))
    house.table.titles["ttl_1"] = replace(house.table.titles["ttl_1"], rights=rights)

    started = house.start(country="GB")

    assert started.opened.open_folder == f"m/{started.session.session_id}/GB/ast_1/v1"


def test_a_play_with_the_other_carrier_has_a_token_in_its_address_and_no_cookie(
    house: House,
) -> None:
    started = house.start(carrier="token")

    empty, prefix, token, rest = started.manifest_urls[0].split("/", 3)
    assert (empty, prefix, rest) == ("", "t", "m/ast_1/v1/dash-clearkey.mpd")
    assert len(token) > 150
    assert started.opened.cookies == ()
    assert token not in repr(started)


def test_with_another_cdn_the_same_files_can_be_had_there_by_a_token(house: House) -> None:
    house.playback = Playback(
        house.table,
        CookieSigner("K1", ec.generate_private_key(ec.SECP256R1()), "https://w.example"),
        house.mac_keys,
        lambda: house.now,
        public_origin="https://w.example",
        clearkey=ContentKeys(house.data_keys),
        other_cdns=["https://other.example"],
    )

    own, other = house.start().manifest_urls
    by_token = house.start(carrier="token").manifest_urls

    assert own.startswith("/m/ses_")
    assert other.startswith("https://other.example/t/")
    assert other.endswith("/m/ast_1/v1/dash-clearkey.mpd")
    assert by_token[1] == f"https://other.example{by_token[0]}"


@pytest.mark.parametrize(
    ("family", "carrier"), [("native", "token"), ("shaka", "cookie"), ("hls.js", "cookie")]
)
def test_a_player_that_does_not_say_carries_what_its_family_can(
    family: str, carrier: Carrier
) -> None:
    assert carrier_of(family) == carrier


def test_a_start_brings_the_keys_that_the_device_may_have_and_counts_as_a_licence(
    house: House,
) -> None:
    started = house.start()

    assert started.keys == {kid: CONTENT_KEYS[kid] for kid in (SD_KID, AUDIO_KID)}
    assert house.table.sessions[started.session.session_id].licences == 1
    assert house.data_keys.opened == 1


def test_a_start_that_the_vault_cannot_serve_fails(house: House) -> None:
    house.data_keys.failure = UnavailableError("KMS is not answering.")

    with pytest.raises(UnavailableError, match="KMS"):
        house.start()


def test_no_key_leaves_with_a_play_that_was_not_admitted(house: House) -> None:
    house.table.open = lambda *_: False  # type: ignore[method-assign]

    with pytest.raises(UnavailableError, match="begin at once"):
        house.start()


def test_a_start_never_prints_its_keys(house: House) -> None:
    assert str(CONTENT_KEYS[SD_KID]) not in repr(house.start())


def test_every_start_is_a_play_of_its_own(house: House) -> None:
    assert house.start().session.session_id != house.start().session.session_id


def test_a_play_holds_only_the_keys_of_pictures_the_device_shows(house: House) -> None:
    held = set(house.start().session.kids)

    assert held == {SD_KID, AUDIO_KID}


def unpublish(house: House) -> None:
    house.table.titles.clear()


def withdraw(house: House) -> None:
    house.table.withdraw_title("ttl_1", TITLE.sequence + 1)


def end_rights(house: House) -> None:
    rights = replace(TITLE.rights, ends_at=house.now)
    house.table.titles["ttl_1"] = replace(house.table.titles["ttl_1"], rights=rights)


def limit_territories(house: House) -> None:
    rights = replace(TITLE.rights, territories=("IE",))
    house.table.titles["ttl_1"] = replace(house.table.titles["ttl_1"], rights=rights)


def lose_keys(house: House) -> None:
    house.table.titles["ttl_1"] = replace(house.table.titles["ttl_1"], keys=None)


def keep_keys_of_another_asset(house: House) -> None:
    house.table.titles["ttl_1"] = replace(house.table.titles["ttl_1"], asset_id="ast_2")


def keep_no_key_for_the_device(house: House) -> None:
    only_uhd = replace(KEYS, keys=tuple(k for k in KEYS.keys if k.kid != SD_KID))
    house.table.titles["ttl_1"] = replace(house.table.titles["ttl_1"], keys=only_uhd)


def block(house: House) -> None:
    house.table.block("acc_1", 1)


def sign_out(house: House) -> None:
    house.table.sign_out("acc_1", FAMILY, house.now)


def sign_out_everywhere(house: House) -> None:
    house.table.sign_out_everywhere("acc_1", house.now)


def remove_device(house: House) -> None:
    house.table.sign_out("acc_1", VIEWER.device_id, house.now)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (unpublish, domain.TitleNotFoundError),
        (withdraw, domain.TitleWithdrawnError),
        (end_rights, domain.OutsideRightsWindowError),
        (limit_territories, domain.NotInYourCountryError),
        (lose_keys, domain.KeysNotReadyError),
        (keep_keys_of_another_asset, domain.KeysNotReadyError),
        (keep_no_key_for_the_device, DeviceNotSupportedError),
        (block, domain.AccountBlockedError),
    ],
)
def test_a_start_that_is_refused_opens_no_play(
    house: House, change: Callable[[House], None], refusal: type[DomainError]
) -> None:
    change(house)

    with pytest.raises(refusal) as refused:
        house.start()

    assert refused.value.message.endswith(".")
    assert house.table.sessions == {}


def test_a_licence_holds_the_keys_that_were_asked_for_and_allowed(house: House) -> None:
    started = house.start()

    licence = house.licences.issue(
        started.session.session_id, started.licence_token, (SD_KID, UHD_KID)
    )

    assert licence.keys == {SD_KID: CONTENT_KEYS[SD_KID]}


def test_asking_again_gives_the_same_licence(house: House) -> None:
    started = house.start()

    answers = [
        house.licences.issue(started.session.session_id, started.licence_token, (SD_KID,))
        for _ in range(3)
    ]

    assert {answer.keys[SD_KID] for answer in answers} == {CONTENT_KEYS[SD_KID]}
    assert [answer.use for answer in answers] == [2, 3, 4]


def test_a_play_has_only_so_many_licences(house: House) -> None:
    started = house.start()
    session_id = started.session.session_id
    for _ in range(MOST_LICENCES - 1):
        house.licences.issue(session_id, started.licence_token, (SD_KID,))

    with pytest.raises(LicenceRefusedError):
        house.licences.issue(session_id, started.licence_token, (SD_KID,))


def test_a_licence_for_none_of_the_allowed_keys_is_refused_and_not_counted(house: House) -> None:
    started = house.start()

    for kids in ((UHD_KID,), ("00000000-0000-4000-8000-000000000000",), ()):
        with pytest.raises(LicenceRefusedError):
            house.licences.issue(started.session.session_id, started.licence_token, kids)

    assert house.table.sessions[started.session.session_id].licences == 1
    assert house.data_keys.opened == 1


@pytest.mark.parametrize("token", [None, "", "v1.x.y.z", "not a token"])
def test_no_licence_without_a_token_of_ours(house: House, token: str | None) -> None:
    session_id = house.start().session.session_id

    with pytest.raises(LicenceTokenError):
        house.licences.issue(session_id, token, (SD_KID,))

    assert house.data_keys.opened == 1


def test_no_licence_with_an_expired_token(house: House) -> None:
    started = house.start()
    house.now += LICENCE_TOKEN_LIFE

    with pytest.raises(LicenceTokenExpiredError):
        house.licences.issue(started.session.session_id, started.licence_token, (SD_KID,))


def test_no_licence_with_the_token_of_another_play(house: House) -> None:
    mine, other = house.start(), house.start(viewer=OTHERS["account"])

    with pytest.raises(LicenceRefusedError):
        house.licences.issue(mine.session.session_id, other.licence_token, (SD_KID,))


@pytest.mark.parametrize("other", sorted(OTHERS))
def test_no_licence_with_a_token_that_names_another_viewer(house: House, other: str) -> None:
    session = house.start().session
    forged = replace(session, viewer=OTHERS[other])
    token = grants.licence_token(forged, house.now, SECRET)

    with pytest.raises(LicenceRefusedError):
        house.licences.issue(session.session_id, token, (SD_KID,))


def test_no_licence_with_a_token_that_names_another_film(house: House) -> None:
    session = house.start().session
    forged = replace(session, asset_id="ast_2")
    token = grants.licence_token(forged, house.now, SECRET)

    with pytest.raises(LicenceRefusedError):
        house.licences.issue(session.session_id, token, (SD_KID,))


def test_no_licence_of_keys_that_only_the_token_allows(house: House) -> None:
    session = house.start().session
    token = grants.licence_token(replace(session, kids=tuple(CONTENT_KEYS)), house.now, SECRET)

    with pytest.raises(LicenceRefusedError):
        house.licences.issue(session.session_id, token, (UHD_KID,))


def test_no_licence_for_a_play_that_never_was(house: House) -> None:
    session = replace(house.start().session, session_id="ses_never")
    token = grants.licence_token(session, house.now, SECRET)

    with pytest.raises(LicenceRefusedError):
        house.licences.issue("ses_never", token, (SD_KID,))


def test_no_licence_once_the_play_has_ended(house: House) -> None:
    started = house.start()
    house.playback.end(VIEWER, started.session.session_id)

    with pytest.raises(LicenceRefusedError):
        house.licences.issue(started.session.session_id, started.licence_token, (SD_KID,))


def test_no_licence_once_the_play_has_run_out(house: House) -> None:
    session = house.start().session
    house.now = session.expires_at
    token = grants.licence_token(session, house.now, SECRET)

    with pytest.raises(LicenceRefusedError):
        house.licences.issue(session.session_id, token, (SD_KID,))


def test_a_session_ticket_opens_no_licence(house: House) -> None:
    started = house.start()

    with pytest.raises(LicenceTokenError):
        house.licences.issue(started.session.session_id, started.ticket, (SD_KID,))


def test_a_token_of_a_secret_rotated_in_since_is_believed_after_one_look(house: House) -> None:
    session = house.start().session
    newer = MacKey(b"the next token secret, long enough")
    house.mac_keys.secrets = [newer, SECRET]
    token = grants.licence_token(session, house.now, newer)

    house.licences.issue(session.session_id, token, (SD_KID,))

    assert house.mac_keys.refreshes == 1


def test_a_token_of_a_strangers_secret_is_refused_after_one_look(house: House) -> None:
    session = house.start().session
    token = grants.licence_token(session, house.now, MacKey(b"a stranger's secret, long enough!"))

    with pytest.raises(LicenceTokenError):
        house.licences.issue(session.session_id, token, (SD_KID,))

    assert house.mac_keys.refreshes == 1


def test_a_licence_never_prints_its_keys(house: House) -> None:
    started = house.start()

    licence = house.licences.issue(started.session.session_id, started.licence_token, (SD_KID,))

    assert str(CONTENT_KEYS[SD_KID]) not in repr(licence)


def test_the_holder_of_a_play_renews_its_licence_token(house: House) -> None:
    session_id = house.start().session.session_id
    house.now += timedelta(hours=1)

    renewed = house.playback.renew(VIEWER, session_id)

    assert house.licences.issue(session_id, renewed.licence_token, (SD_KID,)).keys


@pytest.mark.parametrize(
    ("viewer", "refusal"),
    [
        (OTHERS["account"], SessionNotFoundError),
        (OTHERS["profile"], LicenceRefusedError),
        (OTHERS["device"], LicenceRefusedError),
    ],
)
def test_nobody_else_renews_it(house: House, viewer: Viewer, refusal: type[DomainError]) -> None:
    session_id = house.start().session.session_id

    with pytest.raises(refusal):
        house.playback.renew(viewer, session_id)


def test_a_play_that_is_over_is_not_renewed(house: House) -> None:
    session = house.start().session
    house.now = session.expires_at

    with pytest.raises(LicenceRefusedError):
        house.playback.renew(VIEWER, session.session_id)


def test_ending_a_play_twice_is_ending_it_once(house: House) -> None:
    session_id = house.start().session.session_id
    house.playback.end(VIEWER, session_id)
    ended = house.table.account("acc_1").ended
    house.now += timedelta(minutes=1)

    house.playback.end(VIEWER, session_id)

    assert house.table.account("acc_1").ended == ended


def test_another_account_cannot_end_a_play_nor_learn_that_it_exists(house: House) -> None:
    session_id = house.start().session.session_id

    for wanted in (session_id, "ses_never"):
        with pytest.raises(SessionNotFoundError):
            house.playback.end(OTHERS["account"], wanted)

    assert session_id in house.table.sessions


def test_a_device_without_a_place_plays_nothing(house: House) -> None:
    with pytest.raises(domain.DeviceLimitError):
        house.start(viewer=replace(VIEWER, has_place=False))

    assert house.table.sessions == {}


def test_a_picture_that_only_a_larger_plan_has_is_not_in_the_plan(house: House) -> None:
    keep_no_key_for_the_device(house)

    with pytest.raises(domain.NotInYourPlanError):
        house.start(Device("shaka", "clearkey", 2160))


def test_a_play_ends_with_the_rights_to_its_film(house: House) -> None:
    ends_at = house.now + timedelta(hours=1)
    rights = replace(TITLE.rights, ends_at=ends_at)
    house.table.titles["ttl_1"] = replace(house.table.titles["ttl_1"], rights=rights)

    started = house.start()

    assert started.session.expires_at == ends_at
    house.now = ends_at
    with pytest.raises(LicenceRefusedError):
        house.playback.renew(VIEWER, started.session.session_id)
    assert house.playback.ending(VIEWER, started.session.session_id) == "expired"


def test_a_play_under_way_outlives_its_title(house: House) -> None:
    session_id = house.start().session.session_id

    withdraw(house)

    assert house.playback.ending(VIEWER, session_id) is None
    assert house.playback.renew(VIEWER, session_id).licence_token


def test_a_third_stream_is_refused_by_the_names_of_the_two(house: House) -> None:
    house.screens(2)
    house.table.save_device("acc_1", "dev_2", "Living room", 1)
    plays = [house.start(viewer=viewer_on(number)).session for number in (2, 3)]

    with pytest.raises(TooManyStreamsError) as refused:
        house.start(viewer=viewer_on(4))

    assert refused.value.facts["limit"] == 2
    assert refused.value.facts["streams"] == [
        {
            "session_id": play.session_id,
            "device": device,
            "profile": "prf_1",
            "title": "A Film",
            "started_at": play.started_at.isoformat(),
        }
        for play, device in zip(plays, ("Living room", "Another device"), strict=True)
    ]
    assert house.data_keys.opened == 2


def test_taking_over_ends_the_other_play_at_once_and_tells_why(house: House) -> None:
    first = house.start(viewer=viewer_on(2))

    second = house.start(viewer=viewer_on(3), take_over=first.session.session_id)

    assert set(house.table.sessions) == {second.session.session_id}
    assert house.playback.ending(viewer_on(2), first.session.session_id) == "taken_over"
    assert [(told.session_id, told.reason) for told in house.table.told] == [
        (first.session.session_id, "taken_over")
    ]
    with pytest.raises(LicenceRefusedError):
        house.playback.renew(viewer_on(2), first.session.session_id)
    with pytest.raises(LicenceRefusedError):
        house.licences.issue(first.session.session_id, first.licence_token, (SD_KID,))


def test_taking_over_another_accounts_play_takes_nothing(house: House) -> None:
    theirs = house.start(viewer=OTHERS["account"]).session.session_id
    house.start(viewer=viewer_on(2))

    with pytest.raises(TooManyStreamsError) as refused:
        house.start(viewer=viewer_on(3), take_over=theirs)

    assert theirs in house.table.sessions
    assert theirs not in str(refused.value.facts)


def test_a_start_that_was_killed_before_it_answered_is_tried_again_at_once(house: House) -> None:
    lost = house.start().session.session_id

    again = house.start().session.session_id

    assert set(house.table.sessions) == {again}
    assert house.table.account("acc_1").ended[lost].reason == "taken_over"


def test_a_write_that_is_made_again_because_its_answer_was_lost_meets_itself(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = house.table.open

    def twice(*given: Any) -> bool:
        write(*given)
        return write(*given)

    monkeypatch.setattr(house.table, "open", twice)

    assert house.start().session.session_id in house.table.sessions


def test_a_device_that_crashed_frees_its_screen_by_itself(house: House) -> None:
    crashed = house.start(viewer=viewer_on(2)).session.session_id
    house.now += LEASE - timedelta(seconds=1)
    with pytest.raises(TooManyStreamsError):
        house.start(viewer=viewer_on(3))
    house.now += timedelta(seconds=1)

    house.start(viewer=viewer_on(3))

    assert house.playback.ending(VIEWER, crashed) == "lapsed"


def test_of_fifty_devices_at_once_two_play_on_two_screens_a_hundred_times_over(
    now: datetime,
) -> None:
    for _ in range(100):
        house = House(now)
        house.screens(2)

        def start(number: int, house: House = house) -> bool:
            try:
                house.start(viewer=viewer_on(number))
            except TooManyStreamsError:
                return False
            return True

        with ThreadPoolExecutor(10) as threads:
            assert sum(threads.map(start, range(50))) == 2
        assert len(house.table.sessions) == 2


def test_licences_are_renewed_within_the_lease_and_not_by_all_at_once(house: House) -> None:
    first, last = (
        house.playing_by(chance).renew_after for chance in (lambda: 0.0, lambda: 0.999999)
    )

    assert RENEWAL[0] == first < last < RENEWAL[1] < LEASE


def test_nobody_learns_how_it_is_with_another_accounts_play(house: House) -> None:
    session_id = house.start().session.session_id

    for wanted in (session_id, "ses_never"):
        with pytest.raises(SessionNotFoundError):
            house.playback.ending(OTHERS["account"], wanted)


REQUEST = "0f8e6d5c-1b2a-4c3d-8e9f-001122334455"


def repeated(house: House, **changes: Any) -> Started:
    asked = {"viewer": VIEWER, "title_id": "ttl_1", "device": DEVICE, "country": None, **changes}
    return house.playback.start(**asked, request_id=REQUEST)


def test_a_start_that_is_made_again_answers_the_same_play(house: House) -> None:
    house.screens(2)
    first = repeated(house)
    house.now += timedelta(seconds=40)

    again = repeated(house)

    assert again.session.session_id == first.session.session_id
    assert again.session.expires_at == first.session.expires_at.replace(microsecond=0)
    assert (first.is_repeated, again.is_repeated) == (False, True)
    assert again.keys == first.keys
    assert again.ticket == first.ticket
    assert list(house.table.sessions) == [first.session.session_id]


def test_a_start_that_is_made_again_takes_no_screen_and_ends_no_play(house: House) -> None:
    house.screens(2)
    other = house.start(viewer=viewer_on(2))
    first = repeated(house)

    again = repeated(house, take_over=other.session.session_id)

    assert again.gave_way == {}
    assert set(house.table.sessions) == {
        first.session.session_id,
        other.session.session_id,
    }


@pytest.mark.parametrize("whose", OTHERS)
def test_the_same_request_of_another_viewer_is_another_start(house: House, whose: str) -> None:
    house.screens(2)
    mine = repeated(house)

    theirs = repeated(house, viewer=OTHERS[whose])

    assert theirs.session.session_id != mine.session.session_id


def test_a_request_begins_one_title(house: House) -> None:
    house.screens(2)
    Projection(house.table).title_published(replace(TITLE, title_id="ttl_2"))
    first = repeated(house)

    with pytest.raises(domain.RequestReusedError) as refused:
        repeated(house, title_id="ttl_2")

    assert refused.value.facts["field"] == "request_id"
    assert list(house.table.sessions) == [first.session.session_id]


def test_a_request_begins_a_play_for_one_description_of_the_device(house: House) -> None:
    house.table.save_allowance("acc_1", Allowance(2, 2160), 1)
    repeated(house, device=replace(DEVICE, max_height=2160))

    with pytest.raises(domain.RequestReusedError):
        repeated(house, device=DEVICE)


def test_a_play_that_was_left_does_not_begin_again(house: House) -> None:
    house.screens(2)
    first = repeated(house)
    house.playback.end(VIEWER, first.session.session_id)

    with pytest.raises(domain.PlayOverError):
        repeated(house)

    assert house.table.sessions == {}


def test_a_play_whose_time_has_run_out_is_not_answered_again(house: House) -> None:
    first = repeated(house)
    house.now = first.session.expires_at

    with pytest.raises(domain.PlayOverError):
        repeated(house)


def test_a_silent_play_that_is_asked_for_again_holds_its_screen_again(house: House) -> None:
    repeated(house)
    house.now += LEASE + timedelta(seconds=1)

    again = repeated(house)

    assert again.session.is_held(house.now)
    assert house.table.sessions[again.session.session_id].is_held(house.now)


def test_whoever_may_not_play_any_more_gets_no_second_answer(house: House) -> None:
    repeated(house)
    house.table.sign_out("acc_1", FAMILY, house.now)

    with pytest.raises(domain.SignedOutError):
        repeated(house)


@pytest.mark.race
@pytest.mark.parametrize("screens", [1, 2, 4])
@pytest.mark.parametrize("before", [0, 1])
def test_the_same_start_many_times_at_once_is_one_play(
    house: House, screens: int, before: int
) -> None:
    house.screens(screens)
    for _ in range(before):
        house.start()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: repeated(house), range(16)))

    assert len({answer.session.session_id for answer in answers}) == 1
    assert len({answer.ticket for answer in answers}) == 1
    assert sum(not answer.is_repeated for answer in answers) == 1
    kept = [play for play in house.table.sessions if play == answers[0].session.session_id]
    assert len(kept) == 1
    assert len(house.table.sessions) == min(screens, before + 1)


def test_keys_that_cannot_be_opened_use_up_no_licence(house: House) -> None:
    started = house.start()
    house.data_keys.failure = UnavailableError("KMS is away.")
    for _ in range(MOST_LICENCES + 2):
        with pytest.raises(UnavailableError):
            house.licences.issue(started.session.session_id, started.licence_token, (SD_KID,))
    house.data_keys.failure = None

    licence = house.licences.issue(started.session.session_id, started.licence_token, (SD_KID,))

    assert licence.use == 2


def test_a_removed_device_starts_nothing_while_its_token_lives(house: House) -> None:
    house.table.sign_out("acc_1", "dev_1", house.now)

    with pytest.raises(domain.SignedOutError):
        house.start()

    assert house.table.sessions == {}
    assert house.data_keys.opened == 0
