"""Readers know which events they were made for."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.clock import utc_now
from kernel.events import Event, NewerSchemaError
from kernel.events.catalog import TitlePublished
from kernel.events.keys import ContentKeysIssued
from kernel.events.media import AssetReady
from playback.events import projection_handler
from playback.revocation import Revocation
from playback.service import Projection
from tests.unit.playback.fakes import FakePlayback, FakeShelves

KEYS = ContentKeysIssued(sequence=1, content_id="ast_1", wrapped_data_key="", keys=[])


class Nothing:
    """A read model that must not be written to."""

    def save_title(self, title: Any) -> None:
        raise AssertionError(title)

    save_keys = join = save_title


@pytest.mark.parametrize("kind", [AssetReady, ContentKeysIssued, TitlePublished])
def test_every_event_says_its_schema(kind: type[Event]) -> None:
    assert kind.schema >= 1


def test_the_schema_travels_with_the_event() -> None:
    assert KEYS.to_detail()["schema"] == 1


def test_an_event_from_before_there_were_schemas_is_of_the_first() -> None:
    detail = KEYS.to_detail()
    del detail["schema"]

    assert ContentKeysIssued.from_detail(detail) == KEYS


def test_a_newer_schema_is_refused_and_not_guessed_at() -> None:
    with pytest.raises(NewerSchemaError, match="ContentKeysIssued has schema 2"):
        ContentKeysIssued.from_detail({**KEYS.to_detail(), "schema": 2})


def test_a_reader_fails_on_a_newer_schema_so_that_the_event_is_set_aside() -> None:
    revocation = Revocation(FakePlayback(), FakePlayback(), utc_now)
    handler = projection_handler(Projection(Nothing()), revocation, FakeShelves())
    detail = {**KEYS.to_detail(), "schema": 2}

    with pytest.raises(NewerSchemaError):
        handler({"detail-type": "ContentKeysIssued", "detail": detail}, None)
