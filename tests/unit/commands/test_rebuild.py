from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from commands.rebuild import RebuildError, main, republish


class Functions:
    """Lambda: answers page after page."""

    def __init__(self, *answers: dict[str, Any], error: bool = False) -> None:
        self.answers = list(answers)
        self.error = {"FunctionError": "Unhandled"} if error else {}
        self.asked: list[tuple[str, Any]] = []

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.asked.append((request["FunctionName"], json.loads(request["Payload"])["after"]))
        payload = json.dumps(self.answers.pop(0)).encode()
        return {"Payload": io.BytesIO(payload), **self.error}


def test_a_publisher_is_asked_until_it_has_told_of_everything() -> None:
    functions: Any = Functions({"told": 2, "after": "x"}, {"told": 1, "after": None})

    assert republish(functions, "arn") == 3
    assert functions.asked == [("arn", None), ("arn", "x")]


def test_a_publisher_that_fails_says_why() -> None:
    functions: Any = Functions({"errorMessage": "no table"}, error=True)

    with pytest.raises(RebuildError, match="no table"):
        republish(functions, "arn")


def test_every_publisher_of_the_reader_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = tmp_path / "outputs.json"
    outputs.write_text(
        json.dumps(
            {
                "marquee-dev-catalog": {"RepublishFunction": "arn:catalog"},
                "marquee-dev-keys": {"RepublishFunction": "arn:keys"},
                "marquee-dev-billing": {"RepublishFunction": "arn:billing"},
            }
        )
    )
    functions = Functions(
        {"told": 2, "after": None}, {"told": 3, "after": None}, {"told": 1, "after": None}
    )
    monkeypatch.setattr(boto3, "client", lambda _: functions)

    assert main(["playback", "--outputs", str(outputs)]) == 0
    assert [arn for arn, _ in functions.asked] == ["arn:catalog", "arn:keys", "arn:billing"]
    assert "catalog    told of 2 again" in capsys.readouterr().out


def test_without_a_deployment_it_says_what_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["playback", "--outputs", str(tmp_path / "none.json")]) == 1
    assert "deploy the environment first" in capsys.readouterr().err
