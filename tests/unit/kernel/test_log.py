"""One line of JSON for each thing handled, under the id that it came with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kernel import correlation, log
from kernel.bus import listening
from kernel.errors import InvalidInputError
from kernel.events import outbox_item
from kernel.events.media import AssetReady
from kernel.web.logged import logged

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{ID}-00f067aa0ba902b7-01"
GATEWAY = "Root=1-67891233-abcdef012345678912345678"


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def request(**headers: str) -> dict[str, Any]:
    claims = {"sub": "acc_1", "scope": "member"}
    return {
        "routeKey": "GET /v1/titles/{title_id}",
        "pathParameters": {"title_id": "ttl_1", "token": "secret"},
        "headers": {"authorization": "Bearer secret", **headers},
        "queryStringParameters": {"token": "secret"},
        "requestContext": {"requestId": "r-1", "authorizer": {"jwt": {"claims": claims}}},
        "body": "secret",
    }


def test_a_request_leaves_one_line_and_its_id_in_the_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    handler = logged(lambda _event, _context: {"statusCode": 200, "headers": {"a": "b"}})

    answer = handler(request(traceparent=TRACEPARENT), None)

    (line,) = lines(capsys)
    assert answer["headers"] == {"a": "b", "x-correlation-id": ID}
    expected = {
        "event": "request",
        "correlation_id": ID,
        "route": "GET /v1/titles/{title_id}",
        "title_id": "ttl_1",
        "account": "acc_1",
        "request_id": "r-1",
        "status": 200,
        "outcome": "done",
    }
    assert expected.items() <= line.items()
    assert line["duration_ms"] >= 0


def test_nothing_of_a_request_but_what_is_named_is_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logged(lambda _event, _context: {"statusCode": 200})(request(), None)

    assert "secret" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"traceparent": TRACEPARENT, "x-amzn-trace-id": GATEWAY}, ID),
        ({"x-amzn-trace-id": GATEWAY}, "67891233abcdef012345678912345678"),
        (
            {"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01", "x-amzn-trace-id": GATEWAY},
            "67891233abcdef012345678912345678",
        ),
        (
            {"traceparent": '"}\n{"event": "forged"', "x-amzn-trace-id": GATEWAY},
            "67891233abcdef012345678912345678",
        ),
        (
            {"traceparent": TRACEPARENT.replace("00-", "ff-", 1), "x-amzn-trace-id": GATEWAY},
            "67891233abcdef012345678912345678",
        ),
    ],
)
def test_an_id_is_the_callers_else_the_gateways(headers: dict[str, str], expected: str) -> None:
    assert correlation.of_request(headers) == expected


def test_a_request_without_any_id_gets_one() -> None:
    made = correlation.of_request({})

    assert correlation.accepted(made) == made
    assert made != correlation.of_request({})


@pytest.mark.parametrize(("status", "outcome"), [(404, "refused"), (502, "failed")])
def test_the_line_says_whose_fault_a_status_is(
    capsys: pytest.CaptureFixture[str], status: int, outcome: str
) -> None:
    logged(lambda _event, _context: {"statusCode": status})(request(), None)

    (line,) = lines(capsys)
    assert (line["outcome"], line["level"]) == (outcome, "error" if status == 502 else "info")


def test_a_crash_leaves_its_line_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    def crash(_event: object, _context: object) -> dict[str, Any]:
        raise ZeroDivisionError("secret")

    with pytest.raises(ZeroDivisionError):
        logged(crash)(request(), None)

    (line,) = lines(capsys)
    assert (line["outcome"], line["error"], line["level"]) == (
        "crashed",
        "ZeroDivisionError",
        "error",
    )
    assert "secret" not in json.dumps(line)


def test_a_refusal_inside_is_told_by_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidInputError), log.handling("step", ID, task="probe"):
        raise InvalidInputError("no", field="x")

    (line,) = lines(capsys)
    assert (line["outcome"], line["code"], line["task"]) == (
        "refused",
        InvalidInputError.code,
        "probe",
    )


def test_events_carry_the_id_of_the_request_that_caused_them(
    capsys: pytest.CaptureFixture[str], now: Any
) -> None:
    ready = AssetReady(
        sequence=1,
        asset_id="ast_1",
        title_name="A film",
        duration_seconds=1.0,
        path="m/ast_1/v1",
        manifests={},
        poster="p",
        heights=[144],
    )
    with log.handling("step", ID):
        item = outbox_item(ready, "e-1", now)
    detail = json.loads(str(item["detail"]))
    event = {"id": "e-1", "detail-type": "AssetReady", "detail": detail}

    listening(lambda _event: None)(event, None)

    step, heard = lines(capsys)
    assert step["correlation_id"] == heard["correlation_id"] == detail["correlation_id"] == ID
    assert heard["subject"] == "ast_1"
    assert AssetReady.from_detail(detail) == ready


def test_long_values_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    with log.handling("request", ID, asset_id="x" * 10_000):
        pass

    (line,) = lines(capsys)
    assert len(line["asset_id"]) == log.MAX_TEXT
