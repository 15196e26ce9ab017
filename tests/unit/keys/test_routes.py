"""The key server over HTTP: headers, refusals, and what the log may know."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import pytest

from keys.routes import speke_handler
from keys.service import KeyServer
from tests.unit.keys.fakes import (
    AUDIO_KID,
    VIDEO_KID,
    CountingBytes,
    FakeDataKeys,
    FakeVault,
    request,
)

ENCODER = "arn:aws:sts::123456789012:assumed-role/encoder/job"


def event(body: bytes, **changes: Any) -> dict[str, Any]:
    return {
        "headers": {"x-speke-version": "2.0", "content-type": "application/xml"},
        "requestContext": {"authorizer": {"iam": {"userArn": ENCODER}}},
        "body": body.decode(),
        "isBase64Encoded": False,
        **changes,
    }


@pytest.fixture
def vault() -> FakeVault:
    return FakeVault()


@pytest.fixture
def handler(vault: FakeVault, now: datetime) -> Any:
    return speke_handler(KeyServer(vault, FakeDataKeys(), lambda: now, CountingBytes()))


def test_a_signed_request_is_answered_with_spekes_headers(handler: Any) -> None:
    answer = handler(event(request()), None)

    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "application/xml"
    assert answer["headers"]["x-speke-version"] == "2.0"
    assert answer["headers"]["x-speke-user-agent"]
    assert "PlainValue" in answer["body"]


def test_the_same_request_gets_the_same_answer(handler: Any) -> None:
    first, again = (handler(event(request()), None) for _ in range(2))

    assert first["body"] == again["body"]


def test_a_body_that_the_gateway_encoded_is_read(handler: Any) -> None:
    encoded = base64.b64encode(request())

    assert handler(event(encoded, isBase64Encoded=True), None)["statusCode"] == 200


def test_a_body_that_is_not_base64_is_refused(handler: Any) -> None:
    assert handler(event(b"!", isBase64Encoded=True), None)["statusCode"] == 422


@pytest.mark.parametrize("version", ["1.0", "2.1", "", None])
def test_another_version_of_speke_is_refused(handler: Any, version: str | None) -> None:
    headers = {} if version is None else {"x-speke-version": version}

    answer = handler(event(request(), headers=headers), None)

    assert (answer["statusCode"], answer["body"]) == (422, "Unsupported SPEKE version")


def test_a_refusal_is_spekes_sentence_as_text(handler: Any) -> None:
    answer = handler(event(request(root='version="2.3"')), None)

    assert (answer["statusCode"], answer["body"]) == (422, "Missing CPIX@contentId")
    assert answer["headers"]["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "context",
    [{}, {"authorizer": {}}, {"authorizer": {"iam": {}}}, {"authorizer": {"jwt": {"claims": {}}}}],
)
def test_a_request_that_no_principal_signed_gets_no_key(
    handler: Any, vault: FakeVault, context: dict[str, Any]
) -> None:
    answer = handler(event(request(), requestContext=context), None)

    assert answer["statusCode"] == 403
    assert vault.kept == {}


def test_each_use_of_a_key_is_logged_with_who_and_never_with_the_key(
    handler: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = handler(event(request()), None)

    written = capsys.readouterr().out
    *lines, request_line = [json.loads(line) for line in written.splitlines()]
    assert request_line["outcome"] == "content_keys_issued"
    assert [line["kid"] for line in lines] == [VIDEO_KID, AUDIO_KID]
    assert {(line["content_id"], line["caller"]) for line in lines} == {("ast_01j", ENCODER)}
    for value in answer["body"].split("PlainValue>")[1::2]:
        assert value.removesuffix("</pskc:") not in written
