"""The functions as Lambda loads them: composed from their environment alone."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from types import ModuleType

import pytest

from media.domain import Asset, AssetStatus
from media.store import DynamoAssets

ASSET_ID = "ast_01kz0000000000000000000000"

Load = Callable[[str], ModuleType]


@pytest.fixture
def table(table_of: Callable[[str], str]) -> str:
    return table_of("media")


@pytest.fixture
def load(table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    for name, value in {
        "AWS_REGION": "eu-west-1",
        "CLEARKEY": "true",
        "MARQUEE_ENVIRONMENT": "local",
        "MEDIA_PIPELINE": "arn:aws:states:eu-west-1:123456789012:stateMachine:media",
        "MEDIA_TABLE": table,
        "MEZZANINE_BUCKET": "mezzanine",
        "PACKAGED_BUCKET": "packaged",
        "SPEKE_URL": "https://keys.test/speke/v2.0/copyProtection",
    }.items():
        monkeypatch.setenv(name, value)
    yield lambda name: importlib.import_module(f"media.handlers.{name}")
    for name in [name for name in sys.modules if name.startswith("media.handlers.")]:
        del sys.modules[name]


@pytest.mark.parametrize("name", ["api", "record", "probe", "package", "progress", "ended"])
def test_a_function_starts_with_the_settings_it_is_given(load: Load, name: str) -> None:
    assert callable(load(name).handler)


def test_an_upload_is_claimed_and_its_progress_noted(load: Load, table: str, now: datetime) -> None:
    assets = DynamoAssets(table, "eu-west-1")
    assets.add(Asset(
        asset_id=ASSET_ID, name="A film", file_name="f.mp4", size_bytes=1, upload_id="u",
        status=AssetStatus.UPLOADING, created_at=now,
    ))  # fmt: skip
    detail = {
        "bucket": {"name": "mezzanine"},
        "object": {"key": f"uploads/{ASSET_ID}/source", "version-id": "v1"},
    }

    state = load("record").handler(
        {"task": "begin", "state": {"event": {"detail": detail}, "execution": "e"}}, None
    )
    load("progress").handler(
        {
            "detail": {
                "status": "STATUS_UPDATE",
                "userMetadata": {"asset_id": ASSET_ID, "version": state["run"]["version"]},
                "jobProgress": {"jobPercentComplete": 37},
            }
        },
        None,
    )

    found = assets.get(ASSET_ID)
    assert found.version == state["run"]["version"]
    assert found.progress_percent == 37


def test_a_run_that_was_stopped_from_outside_leaves_words(
    load: Load, table: str, now: datetime
) -> None:
    assets = DynamoAssets(table, "eu-west-1")
    assets.add(Asset(
        asset_id=ASSET_ID, name="A film", file_name="f.mp4", size_bytes=1, upload_id="u",
        status=AssetStatus.UPLOADING, created_at=now,
    ))  # fmt: skip
    given = {
        "detail": {
            "bucket": {"name": "mezzanine"},
            "object": {"key": f"uploads/{ASSET_ID}/source", "version-id": "v1"},
        }
    }
    load("record").handler(
        {"task": "begin", "state": {"event": given, "execution": "the-run"}}, None
    )

    load("ended").handler(
        {
            "detail": {
                "executionArn": "the-run",
                "status": "ABORTED",
                "input": json.dumps(given),
            }
        },
        None,
    )

    found = assets.get(ASSET_ID)
    assert found.status is AssetStatus.FAILED
    assert found.failure is not None
    assert found.failure.code == "stopped"
