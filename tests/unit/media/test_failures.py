"""Why something stopped is said in sentences: never a stack trace, never a service's jargon."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from media.domain import Asset, AssetStatus, Run, StepName, StepStatus
from media.events import execution_ended
from media.failures import MAX_QUOTED, explain, explain_ending, said_by
from media.pipeline import Pipeline
from tests.fakes.media import FakeAssets

REFUSED, FAILED = AssetStatus.REFUSED, AssetStatus.FAILED

TRACE = {
    "errorMessage": "'video'",
    "errorType": "KeyError",
    "requestId": "9b",
    "stackTrace": ['  File "/var/task/media/steps.py", line 31, in handler\n    return tasks[…]'],
}


def job_error(code: int, message: str) -> str:
    return json.dumps({"Id": "1-a", "Status": "ERROR", "ErrorCode": code, "ErrorMessage": message})


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (1010, FAILED, "transcode_failed"),
        (1020, REFUSED, "no_video"),
        (1022, REFUSED, "captions_unreadable"),
        (1030, REFUSED, "source_not_decodable"),
        (1040, FAILED, "transcode_failed"),
        (1075, REFUSED, "source_not_decodable"),
        (1076, REFUSED, "truncated"),
        (1091, FAILED, "keys_unavailable"),
        (1401, FAILED, "storage_refused"),
        (1404, FAILED, "source_missing"),
        (1432, FAILED, "role_refused"),
        (1999, FAILED, "transcode_failed"),
        (3403, FAILED, "storage_refused"),
    ],
)
def test_every_kind_of_job_error_has_words(code: int, status: AssetStatus, kind: str) -> None:
    found, failure = explain("States.TaskFailed", job_error(code, "It broke"))

    assert (found, failure.code) == (status, kind)
    assert failure.message.endswith(".")
    assert failure.what_to_do.endswith(".")


def test_mediaconverts_own_words_are_shown_where_they_are_about_the_film() -> None:
    _, of_the_film = explain("States.TaskFailed", job_error(1076, "Unexpected end of file"))
    _, of_ours = explain("States.TaskFailed", job_error(1432, "arn:aws:iam::1:role/secret"))

    assert of_the_film.message.endswith("MediaConvert says: Unexpected end of file.")
    assert "arn:" not in of_ours.message


@pytest.mark.parametrize(
    ("error", "cause", "kind"),
    [
        ("States.Timeout", "", "timeout"),
        ("Sandbox.Timedout", '{"errorType": "Sandbox.Timedout"}', "timeout"),
        ("Runtime.ExitError", '{"errorMessage": "exit status 137"}', "crashed"),
        ("Runtime.OutOfMemory", '{"errorMessage": "signal: killed"}', "crashed"),
        ("Lambda.Unknown", "The cause could not be determined", "crashed"),
        ("Lambda.TooManyRequestsException", "Rate Exceeded.", "busy"),
        ("MediaConvert.TooManyRequestsException", "Slow down", "busy"),
        ("MediaConvert.BadRequestException", "/settings: Should be", "job_refused"),
        ("MediaConvert.AccessDeniedException", "arn:… is not authorized", "not_allowed"),
        ("UnavailableError", '{"errorMessage": "The store does not answer."}', "unavailable"),
        ("States.DataLimitExceeded", "", "too_large"),
        ("IncompletePackageError", '{"errorMessage": "x is empty."}', "incomplete_package"),
        ("KeyError", json.dumps(TRACE), "pipeline_error"),
        ("", "[]", "pipeline_error"),
        ("", "not json\n  at all", "pipeline_error"),
    ],
)
def test_every_error_of_a_step_has_words_and_no_trace(error: str, cause: str, kind: str) -> None:
    found, failure = explain(error, cause)

    assert (found, failure.code) == (FAILED, kind)
    assert failure.message.endswith(".")
    assert failure.what_to_do.endswith(".")
    assert not any(one in failure.message for one in ("File ", "Trace", "arn:", "\n", "'video'"))


def test_what_is_missing_of_a_package_is_said() -> None:
    _, failure = explain("IncompletePackageError", '{"errorMessage": "x.cmfv is empty."}')

    assert failure.message == "The packaged film is not whole: x.cmfv is empty."


def test_a_long_complaint_is_one_line_of_bounded_length() -> None:
    said = said_by(job_error(1999, "line one\nline two\n" * 100))

    assert "\n" not in said
    assert len(said) <= MAX_QUOTED
    assert said.endswith("…")


@pytest.mark.parametrize(
    ("status", "kind"),
    [("ABORTED", "stopped"), ("TIMED_OUT", "timeout"), ("FAILED", "pipeline_error")],
)
def test_an_ending_without_words_gets_some(status: str, kind: str) -> None:
    failure = explain_ending(status)

    assert failure.code == kind
    assert failure.message.endswith(".")
    assert failure.what_to_do.endswith(".")


Tell = Callable[[str, str], None]


@pytest.fixture
def assets(run: Run, now: datetime) -> FakeAssets:
    assets = FakeAssets()
    assets.add(
        Asset(
            asset_id=run.asset_id,
            name="A film",
            file_name="film.mp4",
            size_bytes=5,
            upload_id="u",
            status=AssetStatus.PROCESSING,
            created_at=now,
            version=run.version,
            execution="the-run",
            correlation_id="ab" * 16,
        )
    )
    return assets


@pytest.fixture
def tell(assets: FakeAssets, run: Run, now: datetime) -> Tell:
    """EventBridge's word of how an execution ended (Step Functions developer guide)."""
    handler = execution_ended(Pipeline(assets=assets, clock=lambda: now))

    def telling(status: str, execution: str) -> None:
        started_with = {
            "detail": {
                "bucket": {"name": run.bucket},
                "object": {"key": run.key, "version-id": "v1"},
            }
        }
        detail: dict[str, Any] = {
            "executionArn": execution,
            "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:media",
            "name": "one",
            "status": status,
            "startDate": 1551225146847,
            "stopDate": 1551225151881,
            "input": json.dumps(started_with),
            "inputDetails": {"included": True},
            "output": None,
            "outputDetails": None,
        }
        event = {"source": "aws.states", "resources": [execution], "detail": detail}
        handler(event, None)

    return telling


def test_a_run_that_an_operator_stopped_leaves_a_failed_asset_with_words(
    assets: FakeAssets, tell: Tell, run: Run, now: datetime
) -> None:
    assets.start_step(run, StepName.TRANSCODE, now)

    tell("ABORTED", "the-run")

    asset = assets.get(run.asset_id)
    assert asset.status is FAILED
    assert asset.failure == explain_ending("ABORTED")
    assert asset.steps[-1].status is StepStatus.FAILED


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED"])
def test_the_end_of_a_run_that_gave_way_to_another_changes_nothing(
    assets: FakeAssets, tell: Tell, run: Run, status: str
) -> None:
    tell(status, "an-older-run")

    assert assets.get(run.asset_id).status is AssetStatus.PROCESSING


def test_the_end_of_a_run_that_staff_cancelled_leaves_it_cancelled(
    assets: FakeAssets, tell: Tell, run: Run
) -> None:
    assets.cancel(run.asset_id, explain_ending("FAILED"))

    tell("ABORTED", "the-run")

    assert assets.get(run.asset_id).status is AssetStatus.CANCELLED


def test_words_that_a_step_left_are_not_written_over(
    assets: FakeAssets, tell: Tell, run: Run
) -> None:
    _, failure = explain("States.Timeout", "")
    assets.close(run.asset_id, run.version, FAILED, failure)

    tell("FAILED", "the-run")

    assert assets.get(run.asset_id).failure == failure


def test_the_line_about_a_given_up_run_is_found_by_the_films_own_id(
    tell: Tell, capsys: pytest.CaptureFixture[str]
) -> None:
    tell("TIMED_OUT", "the-run")

    line = json.loads(capsys.readouterr().out)
    assert line["correlation_id"] == "ab" * 16
    assert line["outcome"] == "given up"
