"""Start, licence, renew, end: who gets what, and everybody who does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from kernel.errors import ConflictError, DomainError, UnavailableError
from kernel.tokens import MacKey
from playback import domain, grants
from playback.devices import Device, DeviceNotSupportedError
from playback.domain import (
    LICENCE_TOKEN_LIFE,
    MOST_LICENCES,
    LicenceRefusedError,
    LicenceTokenError,
    LicenceTokenExpiredError,
    SessionNotFoundError,
    Viewer,
)
from playback.service import ContentKeys, Licences, Playback, Projection, Started
from playback.signed_cookies import CookieSigner
from tests.unit.playback.fakes import (
    AUDIO_KID,
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
)

DEVICE = Device("shaka", "clearkey", 1080)
OTHERS = {
    "account": Viewer("acc_2", "prf_1", "dev_1"),
    "profile": Viewer("acc_1", "prf_2", "dev_1"),
    "device": Viewer("acc_1", "prf_1", "dev_2"),
}


class House:
    """The service with its fakes and a clock to move."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.table = FakePlayback()
        self.data_keys = FakeDataKeys()
        self.mac_keys = FakeMacKeys()
        signer = CookieSigner("K1", ec.generate_private_key(ec.SECP256R1()), "https://w.example")
        keys = ContentKeys(self.data_keys)
        self.playback = Playback(self.table, signer, self.mac_keys, lambda: self.now, clearkey=keys)
        self.licences = Licences(self.table, keys, self.mac_keys, lambda: self.now)
        projection = Projection(self.table)
        projection.keys_issued(KEYS)
        projection.title_published(TITLE)

    def start(self, device: Device = DEVICE, viewer: Viewer = VIEWER) -> Started:
        return self.playback.start(viewer, "ttl_1", device, None)


@pytest.fixture
def house(now: datetime) -> House:
    return House(now)


def test_a_start_answers_manifest_cookies_token_and_ticket(house: House) -> None:
    started = house.start()

    session = started.session
    assert started.manifest_url == "/m/ast_1/v1/dash-clearkey.mpd"
    assert session.session_id.startswith("ses_")
    assert house.table.sessions == {session.session_id: session}
    assert session.expires_at == house.now + timedelta(hours=4)
    assert all("Path=/m/ast_1/;" in cookie for cookie in started.cookies)


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
    house.table.open = refusing(ConflictError("Taken."))  # type: ignore[method-assign]

    with pytest.raises(ConflictError):
        house.start()


def refusing(error: DomainError) -> Callable[[object], None]:
    def refuse(_: object) -> None:
        raise error

    return refuse


def test_a_start_never_prints_its_keys(house: House) -> None:
    assert str(CONTENT_KEYS[SD_KID]) not in repr(house.start())


def test_every_start_is_a_play_of_its_own(house: House) -> None:
    assert house.start().session.session_id != house.start().session.session_id


def test_a_play_holds_only_the_keys_of_pictures_the_device_shows(house: House) -> None:
    held = {key.kid for key in house.start().session.keys.keys}

    assert held == {SD_KID, AUDIO_KID}


def unpublish(house: House) -> None:
    house.table.titles.clear()


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
    only_uhd = replace(KEYS, keys=tuple(k for k in KEYS.keys if k.kid == UHD_KID))
    house.table.titles["ttl_1"] = replace(house.table.titles["ttl_1"], keys=only_uhd)


def block(house: House) -> None:
    house.table.blocked.add("acc_1")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (unpublish, domain.TitleNotFoundError),
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
    forged = replace(session, keys=replace(session.keys, content_id="ast_2"))
    token = grants.licence_token(forged, house.now, SECRET)

    with pytest.raises(LicenceRefusedError):
        house.licences.issue(session.session_id, token, (SD_KID,))


def test_no_licence_of_keys_that_only_the_token_allows(house: House) -> None:
    session = house.start().session
    token = grants.licence_token(replace(session, keys=KEYS), house.now, SECRET)

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

    token = house.playback.renew(VIEWER, session_id)

    assert house.licences.issue(session_id, token, (SD_KID,)).keys


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
    ended_at = house.table.sessions[session_id].ended_at
    house.now += timedelta(minutes=1)

    house.playback.end(VIEWER, session_id)

    assert house.table.sessions[session_id].ended_at == ended_at


def test_another_account_cannot_end_a_play_nor_learn_that_it_exists(house: House) -> None:
    session_id = house.start().session.session_id

    for wanted in (session_id, "ses_never"):
        with pytest.raises(SessionNotFoundError):
            house.playback.end(OTHERS["account"], wanted)

    assert house.table.sessions[session_id].ended_at is None
