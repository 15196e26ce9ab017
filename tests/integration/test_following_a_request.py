"""One id leads from a person's request through every function that worked for it."""

from __future__ import annotations

import json
from typing import Any

from tests.cloud import Person, RunningCloud, eventually
from tests.films import Ingested

PATIENCE_SECONDS = 20


def test_an_upload_is_followed_from_the_request_to_the_read_models(
    cloud: RunningCloud, ingested: Ingested
) -> None:
    assert ingested.result.returncode == 0, ingested.result.stderr
    (reference,) = (line.split()[1] for line in ingested.lines if line.startswith("reference"))

    def told() -> list[dict[str, Any]]:
        found = cloud.followed(reference)
        heard = {line.get("detail_type") for line in found if line["event"] == "event"}
        return found if {"AssetReady", "TitlePublished"} <= heard else []

    lines = eventually(told, PATIENCE_SECONDS, "events heard")

    routes = {line["route"] for line in lines if line["event"] == "request" and "route" in line}
    assert {"POST /v1/uploads", "POST /v1/uploads/{asset_id}/complete"} <= routes
    steps = [line["task"] for line in lines if line["event"] == "step"]
    assert steps == ["begin", "probe", "plan", "poster", "manifests", "verify", "publish"]
    published = [line["detail_type"] for line in lines if line["event"] == "publish"]
    assert {"AssetReady", "TitlePublished"} <= set(published)


def test_a_play_is_followed_by_the_id_that_its_caller_chose(
    cloud: RunningCloud, member: Person, titles: dict[str, str]
) -> None:
    reference = "a" * 31 + "1"
    device = {"family": "shaka", "drm": "clearkey", "max_height": None}

    answer = member.ask(
        "POST",
        "/v1/playback/start",
        {"title_id": titles["Spectrum"], "device": device},
        traceparent=f"00-{reference}-00f067aa0ba902b7-00",
    )

    assert answer.headers["x-correlation-id"] == reference

    def started() -> dict[str, Any] | None:
        lines = cloud.followed(reference)
        return next((one for one in lines if one.get("outcome") == "playback_started"), None)

    line = eventually(started, PATIENCE_SECONDS, "the start's line")
    assert line is not None
    assert line["session_id"] == answer.json()["session_id"]
    assert answer.json()["drm"]["licence_token"] not in json.dumps(line)
