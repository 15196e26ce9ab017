"""A read model made anew from nothing but what the publishers hold."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import boto3
import pytest

from catalog.domain import Rights, Title
from catalog.store import DynamoTitles
from kernel.aws.json_client import DYNAMODB, AwsJson
from keys.domain import StoredKey, StoredKeys
from keys.store import DynamoVault
from playback.store import DynamoPlayback
from tests.contract.conftest import JsonClient

HANDLERS = (
    "catalog.handlers.republish",
    "keys.handlers.republish",
    "playback.handlers.project",
)
FILMS = 60
"""More than a page."""


class Line:
    """Catalogue, vault and playback on their own tables, and the outboxes between them."""

    def __init__(self, handlers: dict[str, ModuleType], dynamodb: AwsJson) -> None:
        self._handlers = handlers
        self._client = boto3.client("dynamodb")
        self._delivered: set[str] = set()
        self.playback = DynamoPlayback(dynamodb, "playback")

    def republish(self, domain: str) -> int:
        told, after = 0, None
        while True:
            answer = self._handlers[f"{domain}.handlers.republish"].handler({"after": after}, None)
            told, after = told + answer["told"], answer["after"]
            if after is None:
                return told

    def deliver(self) -> list[dict[str, Any]]:
        """Bring what the outboxes hold and was not yet delivered to playback."""
        details = []
        for domain in ("catalog", "keys"):
            pages = self._client.get_paginator("scan").paginate(TableName=domain)
            for item in (item for page in pages for item in page["Items"]):
                if "detail_type" in item and item["pk"]["S"] not in self._delivered:
                    self._delivered.add(item["pk"]["S"])
                    detail = json.loads(item["detail"]["S"])
                    event = {"detail-type": item["detail_type"]["S"], "detail": detail}
                    self._handlers["playback.handlers.project"].handler(event, None)
                    details.append(detail)
        return details

    def forget(self) -> None:
        """Empty playback's table."""
        for item in self._client.scan(TableName="playback")["Items"]:
            key = {"pk": item["pk"], "sk": item["sk"]}
            self._client.delete_item(TableName="playback", Key=key)

    def playable(self) -> set[str]:
        """Titles that could be started, keys included."""
        found = set()
        for number in range(FILMS):
            title = self.playback.facts(f"ttl_{number}", "acc_1").title
            if title is not None and title.keys is not None:
                found.add(title.title_id)
        return found


@pytest.fixture
def line(
    table_of: Callable[[str], str],
    aws_json: JsonClient,
    function_environment: pytest.MonkeyPatch,
    now: datetime,
) -> Iterator[Line]:
    function_environment.setenv("TABLE_NAME", table_of("catalog"))
    function_environment.setenv("KEYS_TABLE", table_of("keys"))
    function_environment.setenv("PLAYBACK_TABLE", table_of("playback"))
    for name in HANDLERS:
        sys.modules.pop(name, None)
    yield Line({name: importlib.import_module(name) for name in HANDLERS}, aws_json(DYNAMODB))
    for name in HANDLERS:
        sys.modules.pop(name, None)


def title(number: int, now: datetime) -> Title:
    return Title(
        title_id=f"ttl_{number}",
        asset_id=f"ast_{number}",
        name=f"Film {number}",
        duration_seconds=61.5,
        path=f"m/ast_{number}/v1",
        manifests={"dash-clearkey": "manifest.mpd"},
        poster=f"art/ast_{number}/v1/poster.jpg",
        rights=Rights(("*",), now),
        published_at=now,
        sequence=number + 1,
    )


def keys(number: int) -> StoredKeys:
    key = StoredKey("98ee5596-cd3e-a20d-163a-e382420c6eff", "SD", 0, b"wrapped", b"i" * 16)
    return StoredKeys(f"ast_{number}", number + 1, b"data key", (key,))


@pytest.fixture
def filled(line: Line, now: datetime) -> Line:
    client = boto3.client("dynamodb")
    for number in range(FILMS):
        DynamoTitles(client, "catalog").put(title(number, now), now)
        DynamoVault(client, "keys", lambda: now).save(keys(number), replaces=None)
    line.deliver()
    return line


def test_a_read_model_comes_back_from_nothing(filled: Line) -> None:
    before = filled.playable()
    filled.forget()
    assert filled.playable() == set()

    told = [filled.republish("catalog"), filled.republish("keys")]
    filled.deliver()

    assert told == [FILMS, FILMS]
    assert filled.playable() == before == {f"ttl_{number}" for number in range(FILMS)}


def test_what_is_told_again_replaces_what_a_reader_got_wrong(filled: Line) -> None:
    boto3.client("dynamodb").update_item(
        TableName="playback",
        Key={"pk": {"S": "TITLE#ttl_1"}, "sk": {"S": "TITLE"}},
        UpdateExpression="SET document = :wrong",
        ExpressionAttributeValues={":wrong": {"S": "{}"}},
    )

    filled.republish("catalog")
    filled.deliver()

    found = filled.playback.facts("ttl_1", "acc_1").title
    assert found is not None
    assert found.name == "Film 1"


def test_telling_again_twice_changes_nothing_more(filled: Line) -> None:
    filled.republish("keys")
    filled.republish("keys")

    details = filled.deliver()

    by_subject: dict[str, list[int]] = {}
    for detail in details:
        by_subject.setdefault(detail["subject"], []).append(detail["sequence"])
    assert len(by_subject) == FILMS
    assert all(len(set(sequences)) == 2 for sequences in by_subject.values())
    assert len(filled.playable()) == FILMS


def test_a_title_that_changed_since_it_was_read_is_not_told_in_its_older_form(
    line: Line, now: datetime
) -> None:
    titles = DynamoTitles(boto3.client("dynamodb"), "catalog")
    read = title(1, now)
    titles.put(read, now)
    newer = Title(**{**vars(read), "name": "Newer", "sequence": 9})
    titles.put(newer, now + timedelta(seconds=1))

    told = titles.tell_again(read, now + timedelta(seconds=2))

    line.deliver()
    found = line.playback.facts("ttl_1", "acc_1").title
    assert not told
    assert found is not None
    assert found.name == "Newer"


def test_keys_that_changed_since_they_were_read_are_not_told_in_their_older_form(
    line: Line, now: datetime
) -> None:
    vault = DynamoVault(boto3.client("dynamodb"), "keys", lambda: now)
    read = keys(1)
    vault.save(read, replaces=None)
    vault.save(read.with_keys((), 50), replaces=read.sequence)

    assert not vault.tell_again(read)


@pytest.mark.parametrize("older_last", [True, False])
def test_the_reader_keeps_the_newest_in_every_order(
    line: Line, now: datetime, *, older_last: bool
) -> None:
    project = sys.modules["playback.handlers.project"].handler
    later = now + timedelta(seconds=1)
    old = title(1, now).published(now).to_detail()
    new = Title(**{**vars(title(1, now)), "name": "Newer"}).published(later).to_detail()

    for detail in (new, old, new) if older_last else (old, new, old):
        project({"detail-type": "TitlePublished", "detail": detail}, None)

    found = line.playback.facts("ttl_1", "acc_1").title
    assert found is not None
    assert found.name == "Newer"
