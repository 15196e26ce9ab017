"""Every vault keeps the same promises: the table's and the tests'."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from threading import Lock

import boto3
import pytest

from keys.domain import StoredKey, StoredKeys, WantedKey
from keys.kms import KmsDataKeys
from keys.ports import Vault, VaultChangedError
from keys.service import KeyServer
from keys.store import DynamoVault
from tests.unit.keys.fakes import AUDIO_KID, VIDEO_KID, CountingBytes, FakeDataKeys, FakeVault

FIRST = StoredKeys(
    content_id="ast_1",
    sequence=1_000,
    wrapped_data_key=b"\x00data key",
    keys=(StoredKey(VIDEO_KID, "SD", 0, b"\xffwrapped", b"i" * 16),),
)
SECOND = replace(
    FIRST,
    sequence=1_001,
    keys=(*FIRST.keys, StoredKey(AUDIO_KID, "STEREO_AUDIO", 0, b"other", b"j" * 16)),
)


@pytest.fixture
def table(table_of: Callable[[str], str]) -> str:
    return table_of("keys")


@pytest.fixture(params=["dynamodb", "fake"])
def vault(request: pytest.FixtureRequest, now: datetime) -> Vault:
    if request.param == "fake":
        return FakeVault()
    table_name = request.getfixturevalue("table")
    return DynamoVault(boto3.client("dynamodb"), table_name, lambda: now)


def test_a_content_without_keys_has_none(vault: Vault) -> None:
    assert vault.find("ast_1") is None


def test_keys_come_back_as_they_were_saved(vault: Vault) -> None:
    vault.save(FIRST, replaces=None)

    assert vault.find("ast_1") == FIRST
    assert vault.find("ast_2") is None


def test_only_the_first_of_two_writers_makes_a_contents_first_keys(vault: Vault) -> None:
    vault.save(FIRST, replaces=None)

    with pytest.raises(VaultChangedError):
        vault.save(SECOND, replaces=None)

    assert vault.find("ast_1") == FIRST


def test_keys_are_added_by_who_read_the_latest(vault: Vault) -> None:
    vault.save(FIRST, replaces=None)
    vault.save(SECOND, replaces=FIRST.sequence)

    with pytest.raises(VaultChangedError):
        vault.save(replace(FIRST, sequence=2_000), replaces=FIRST.sequence)

    assert vault.find("ast_1") == SECOND


def test_keys_cannot_replace_what_does_not_exist(vault: Vault) -> None:
    with pytest.raises(VaultChangedError):
        vault.save(SECOND, replaces=FIRST.sequence)

    assert vault.find("ast_1") is None


def events(table: str) -> list[dict[str, str]]:
    items = boto3.client("dynamodb").scan(TableName=table)["Items"]
    return [
        {name: str(next(iter(value.values()))) for name, value in item.items()}
        for item in items
        if item.get("kind") == {"S": "event"}
    ]


def test_each_change_leaves_one_event_with_all_keys_in_the_outbox(
    table: str, now: datetime
) -> None:
    vault = DynamoVault(boto3.client("dynamodb"), table, lambda: now)

    vault.save(FIRST, replaces=None)
    vault.save(SECOND, replaces=FIRST.sequence)

    details = sorted(
        (json.loads(event["detail"]) for event in events(table)), key=lambda d: d["sequence"]
    )
    assert [event["detail_type"] for event in events(table)] == ["ContentKeysIssued"] * 2
    assert [len(detail["keys"]) for detail in details] == [1, 2]
    assert details[1]["subject"] == details[1]["content_id"] == "ast_1"


def test_a_writer_that_was_too_late_leaves_no_event(table: str, now: datetime) -> None:
    vault = DynamoVault(boto3.client("dynamodb"), table, lambda: now)
    vault.save(FIRST, replaces=None)

    with pytest.raises(VaultChangedError):
        vault.save(SECOND, replaces=None)

    assert len(events(table)) == 1


class OneAtATime:
    """A vault behind one lock: moto's DynamoDB is not safe under threads."""

    def __init__(self, vault: Vault, lock: Lock) -> None:
        self._vault = vault
        self._lock = lock

    def find(self, content_id: str) -> StoredKeys | None:
        with self._lock:
            return self._vault.find(content_id)

    def save(self, keys: StoredKeys, *, replaces: int | None) -> None:
        with self._lock:
            self._vault.save(keys, replaces=replaces)


def test_encryptors_that_race_get_the_same_keys(vault: Vault, now: datetime) -> None:
    shared, data_keys = OneAtATime(vault, Lock()), FakeDataKeys()
    wanted = [WantedKey(VIDEO_KID, "SD"), WantedKey(AUDIO_KID, "STEREO_AUDIO")]

    def ask(_number: int) -> dict[str, bytes]:
        server = KeyServer(shared, data_keys, lambda: now, CountingBytes())
        return {kid: key.value for kid, key in server.issue("ast_1", wanted).items()}

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))

    assert all(answer == answers[0] for answer in answers)


@pytest.mark.usefixtures("aws")
def test_a_data_key_of_kms_opens_for_its_own_content_alone() -> None:
    client = boto3.client("kms")
    data_keys = KmsDataKeys(client, client.create_key()["KeyMetadata"]["Arn"])

    made = data_keys.new("ast_1")

    assert len(made.plain) == 32
    assert data_keys.open("ast_1", made.wrapped) == made.plain
    with pytest.raises(client.exceptions.InvalidCiphertextException):
        data_keys.open("ast_2", made.wrapped)
