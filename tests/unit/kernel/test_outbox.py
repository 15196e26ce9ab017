"""The outbox publishes every record in order, or says from where to try again."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import boto3
import pytest

from kernel.events import OUTBOX_RETENTION, outbox_item
from kernel.events.keys import ContentKeysIssued
from kernel.events.media import AssetReady

Handler = Callable[[dict[str, Any], object], dict[str, Any]]


class Bus:
    """Takes entries until the one that it refuses."""

    def __init__(self, refuses: int | None = None) -> None:
        self.entries: list[dict[str, str]] = []
        self._refuses = refuses

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - boto3's
        answers: list[dict[str, str]] = []
        for entry in Entries:
            refused = len(self.entries) == self._refuses
            self.entries.append(entry)
            answers.append({"ErrorCode": "ThrottlingException"} if refused else {"EventId": "e"})
        return {"Entries": answers}


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> Callable[[Bus], Handler]:
    def over(bus: Bus) -> Handler:
        monkeypatch.setenv("EVENT_SOURCE", "marquee.test.media")
        monkeypatch.setattr(boto3, "client", lambda _service: bus)
        module = importlib.import_module("kernel.handlers.outbox")
        return importlib.reload(module).handler

    return over


def detail(index: int) -> str:
    return json.dumps({"subject": f"ast_{index}", "correlation_id": f"{index:032x}"})


def records(count: int) -> dict[str, Any]:
    return {
        "Records": [
            {
                "dynamodb": {
                    "SequenceNumber": str(index),
                    "NewImage": {
                        "detail_type": {"S": "AssetReady"},
                        "detail": {"S": detail(index)},
                    },
                }
            }
            for index in range(count)
        ]
    }


def test_every_record_becomes_an_event_of_the_domain(outbox: Callable[[Bus], Handler]) -> None:
    bus = Bus()

    answer = outbox(bus)(records(23), None)

    assert answer == {"batchItemFailures": []}
    assert [entry["Detail"] for entry in bus.entries] == [detail(i) for i in range(23)]
    assert {entry["Source"] for entry in bus.entries} == {"marquee.test.media"}


def test_a_refused_entry_is_tried_again_from_its_own_record(
    outbox: Callable[[Bus], Handler],
) -> None:
    answer = outbox(Bus(refuses=13))(records(23), None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "13"}]}


def test_an_event_survives_the_journey_and_fields_added_since(now: datetime) -> None:
    sent = AssetReady(
        sequence=3,
        asset_id="ast_1",
        title_name="Ein Film",
        duration_seconds=1.5,
        path="m/ast_1/v1",
        manifests={"dash": "main.mpd"},
        poster="art/p.jpg",
        heights=[240],
    )
    item = outbox_item(sent, "01", now)

    detail = json.loads(str(item["detail"]))
    assert item["kind"] == "event"
    assert item["expires_at"] == int((now + OUTBOX_RETENTION).timestamp())
    assert AssetReady.from_detail({**detail, "added_later": 1}) == sent


def test_an_event_without_a_field_it_needs_is_refused() -> None:
    with pytest.raises(TypeError):
        ContentKeysIssued.from_detail({"sequence": 1})
