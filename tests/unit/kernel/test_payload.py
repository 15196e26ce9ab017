"""What is read of a request, whoever wrote it."""

from __future__ import annotations

import base64

import pytest

from kernel.errors import InvalidInputError
from kernel.web.payload import json_body


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        '{"seconds": NaN}',
        '{"seconds": -Infinity}',
        "[" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        '{"seconds": ' + "9" * 5_000 + "}",
    ],
)
def test_what_is_not_a_json_object_is_refused_by_a_sentence(body: str) -> None:
    with pytest.raises(InvalidInputError, match="The request body"):
        json_body({"body": body})


@pytest.mark.parametrize("body", ["no base64", base64.b64encode(b'{"a": "\xff"}').decode()])
def test_what_does_not_decode_is_refused_alike(body: str) -> None:
    with pytest.raises(InvalidInputError, match="The request body"):
        json_body({"body": body, "isBase64Encoded": True})


def test_a_json_object_is_read_from_text_and_from_base64() -> None:
    encoded = base64.b64encode('{"name": "Šárka"}'.encode()).decode()

    assert json_body({"body": '{"name": "Šárka"}'}) == {"name": "Šárka"}
    assert json_body({"body": encoded, "isBase64Encoded": True}) == {"name": "Šárka"}
