"""ClearKey's messages as the W3C writes them."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.errors import InvalidInputError
from playback import clearkey

KID = "00010203-0405-0607-0809-0a0b0c0d0e0f"
ENCODED = "AAECAwQFBgcICQoLDA0ODw"


def test_key_ids_are_read_from_base64url() -> None:
    assert clearkey.read_request({"kids": [ENCODED], "type": "temporary"}) == (KID,)


def test_a_request_without_a_type_is_temporary() -> None:
    assert clearkey.read_request({"kids": [ENCODED]}) == (KID,)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kids": []},
        {"kids": ENCODED},
        {"kids": [1]},
        {"kids": ["AAEC"]},
        {"kids": [f"{ENCODED}=="]},
        {"kids": [ENCODED.replace("A", "+")]},
        {"kids": [f"{ENCODED[:-1]}x"]},
        {"kids": ["!!"]},
        {"kids": ["\u00e9"]},
        {"kids": [ENCODED] * 65},
        {"kids": [ENCODED], "type": "persistent-license"},
    ],
)
def test_a_request_that_is_not_clearkeys_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        clearkey.read_request(body)


def test_a_licence_is_a_key_set_without_padding() -> None:
    assert clearkey.answer({KID: b"k" * 16}) == {
        "keys": [{"kty": "oct", "kid": ENCODED, "k": "a2tra2tra2tra2tra2traw"}],
        "type": "temporary",
    }
