"""The same content, key id and period: the same key, whoever asks and how often."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from keys.domain import (
    MOST_KEYS,
    ContentKey,
    KeyIdTakenError,
    TooManyKeysError,
    VaultBusyError,
    WantedKey,
)
from keys.service import KeyServer
from tests.unit.keys.fakes import AUDIO_KID, VIDEO_KID, CountingBytes, FakeDataKeys, FakeVault

VIDEO = WantedKey(VIDEO_KID, "SD")
AUDIO = WantedKey(AUDIO_KID, "STEREO_AUDIO")


def server(vault: FakeVault, data_keys: FakeDataKeys, now: datetime) -> KeyServer:
    return KeyServer(vault, data_keys, lambda: now, CountingBytes())


@pytest.fixture
def vault() -> FakeVault:
    return FakeVault()


@pytest.fixture
def data_keys() -> FakeDataKeys:
    return FakeDataKeys()


def test_each_key_is_sixteen_bytes_of_its_own(
    vault: FakeVault, data_keys: FakeDataKeys, now: datetime
) -> None:
    issued = server(vault, data_keys, now).issue("ast_1", [VIDEO, AUDIO])

    values = {key.value for key in issued.values()}
    assert len(values) == 2
    assert {len(value) for value in values} == {16}


def test_asking_again_gives_the_same_key_and_writes_nothing(
    vault: FakeVault, data_keys: FakeDataKeys, now: datetime
) -> None:
    keys = server(vault, data_keys, now)
    first = keys.issue("ast_1", [VIDEO, AUDIO])

    second = keys.issue("ast_1", [AUDIO, VIDEO])

    assert second == first
    assert len(vault.told) == 1


def test_the_same_key_id_in_another_film_is_another_key(
    vault: FakeVault, data_keys: FakeDataKeys, now: datetime
) -> None:
    keys = server(vault, data_keys, now)

    one, other = keys.issue("ast_1", [VIDEO]), keys.issue("ast_2", [VIDEO])

    assert one[VIDEO_KID].value != other[VIDEO_KID].value


def test_keys_added_later_are_told_together_with_the_earlier_ones(
    vault: FakeVault, data_keys: FakeDataKeys, now: datetime
) -> None:
    keys = server(vault, data_keys, now)
    first = keys.issue("ast_1", [VIDEO])

    both = keys.issue("ast_1", [VIDEO, AUDIO])

    told = vault.told[-1]
    assert both[VIDEO_KID] == first[VIDEO_KID]
    assert [key.kid for key in told.keys] == [VIDEO_KID, AUDIO_KID]
    assert told.sequence > vault.told[0].sequence
    assert len(data_keys.made) == 1


def test_what_rests_in_the_vault_is_wrapped(
    vault: FakeVault, data_keys: FakeDataKeys, now: datetime
) -> None:
    issued = server(vault, data_keys, now).issue("ast_1", [VIDEO])

    assert issued[VIDEO_KID].value not in vault.told[0].keys[0].wrapped_key


def test_two_first_requests_at_once_get_the_same_key(
    vault: FakeVault, data_keys: FakeDataKeys, now: datetime
) -> None:
    winner: dict[str, ContentKey] = {}

    def another_encryptor() -> None:
        vault.before_save = None
        winner.update(server(vault, data_keys, now).issue("ast_1", [VIDEO]))

    vault.before_save = another_encryptor

    loser = server(vault, data_keys, now).issue("ast_1", [VIDEO])

    assert loser == winner
    assert len(vault.told) == 1


def test_a_vault_that_never_rests_is_reported_as_busy(
    vault: FakeVault, data_keys: FakeDataKeys, now: datetime
) -> None:
    writers = iter(range(100))

    def another_encryptor() -> None:
        wait, vault.before_save = vault.before_save, None
        kid = f"00000000-0000-4000-8000-{next(writers):012d}"
        server(vault, data_keys, now).issue("ast_1", [WantedKey(kid, "HD")])
        vault.before_save = wait

    vault.before_save = another_encryptor

    with pytest.raises(VaultBusyError):
        server(vault, data_keys, now).issue("ast_1", [VIDEO])


def test_an_iv_of_the_encryptor_is_used_and_kept(
    vault: FakeVault, data_keys: FakeDataKeys, now: datetime
) -> None:
    keys = server(vault, data_keys, now)
    keys.issue("ast_1", [WantedKey(VIDEO_KID, "SD", iv=b"i" * 16)])

    assert keys.issue("ast_1", [VIDEO])[VIDEO_KID].iv == b"i" * 16


@pytest.mark.parametrize(
    "other", [WantedKey(VIDEO_KID, "HD"), WantedKey(VIDEO_KID, "SD", period=1)]
)
def test_a_key_id_cannot_be_used_for_other_tracks_or_another_period(
    vault: FakeVault, data_keys: FakeDataKeys, now: datetime, other: WantedKey
) -> None:
    keys = server(vault, data_keys, now)
    keys.issue("ast_1", [VIDEO])

    with pytest.raises(KeyIdTakenError):
        keys.issue("ast_1", [other])


def test_a_content_holds_only_as_many_keys_as_one_event_can_tell(
    vault: FakeVault, data_keys: FakeDataKeys, now: datetime
) -> None:
    kids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(MOST_KEYS + 1)]

    with pytest.raises(TooManyKeysError):
        server(vault, data_keys, now).issue("ast_1", [WantedKey(kid, "SD") for kid in kids])


def test_events_of_one_content_grow_even_when_the_clock_goes_back(
    vault: FakeVault, data_keys: FakeDataKeys, now: datetime
) -> None:
    server(vault, data_keys, now).issue("ast_1", [VIDEO])

    server(vault, data_keys, now - timedelta(hours=1)).issue("ast_1", [AUDIO])

    assert vault.told[1].sequence == vault.told[0].sequence + 1


def test_a_key_in_the_clear_never_prints_itself() -> None:
    assert "secret" not in repr(ContentKey(VIDEO_KID, b"secret", b"iv"))
