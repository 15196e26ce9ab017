"""PSSH boxes against an independent implementation, PyPI's `cpix`."""

from __future__ import annotations

import base64
import struct
import uuid
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from cpix.drm import playready, widevine

from keys.pssh import PLAYREADY, WIDEVINE, Scheme, playready_object, pssh_box, widevine_data

playready_oracle: Any = playready
widevine_oracle: Any = widevine

KID = uuid.UUID("98ee5596-cd3e-a20d-163a-e382420c6eff")
NAMESPACE = "{http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader}"


def test_a_pssh_box_says_its_own_size_its_system_and_the_size_of_its_data() -> None:
    box = pssh_box(WIDEVINE, b"data")

    size, kind, version, system, data_size = struct.unpack(">I4sI16sI", box[:32])

    assert (size, kind, version, data_size) == (36, b"pssh", 0, 4)
    assert system == WIDEVINE.bytes
    assert box[32:] == b"data"


def test_widevines_header_of_cbcs_is_what_the_oracle_writes() -> None:
    expected = widevine_oracle.generate_widevine_data(key_ids=[str(KID)], protection_scheme="cbcs")

    assert widevine_data(KID, "cbcs") == expected.SerializeToString()


def test_widevines_header_of_cenc_names_the_scheme_and_the_old_algorithm() -> None:
    expected = widevine_oracle.generate_widevine_data(key_ids=[str(KID)], protection_scheme="cenc")

    assert widevine_data(KID, "cenc") == b"\x08\x01" + expected.SerializeToString()


@pytest.mark.parametrize(
    ("scheme", "algorithm", "version"),
    [("cbcs", "AESCBC", "4.3.0.0"), ("cenc", "AESCTR", "4.2.0.0")],
)
def test_the_playready_header_names_the_key_as_the_oracle_does(
    scheme: Scheme, algorithm: str, version: str
) -> None:
    oracle = playready_oracle.generate_wrmheader(
        [{"key_id": KID, "key": "00" * 16}], "", algorithm, use_checksum=False
    )

    header = ET.fromstring(playready_object(KID, scheme)[10:].decode("utf-16-le"))

    expected = ET.fromstring(oracle.decode("utf-16-le")).find(f".//{NAMESPACE}KID")
    found = header.find(f".//{NAMESPACE}KID")
    assert found is not None
    assert expected is not None
    assert found.attrib == expected.attrib
    assert header.get("version") == version
    assert base64.b64decode(found.get("VALUE", "")) == KID.bytes_le


def test_the_playready_object_is_framed_as_the_oracle_frames_it() -> None:
    made = playready_object(KID, "cbcs")

    assert made == playready_oracle.generate_playready_object(made[10:])


def test_the_playready_headers_attributes_are_in_order_and_its_elements_closed() -> None:
    header = playready_object(KID, "cbcs")[10:].decode("utf-16-le")

    assert header.index("ALGID") < header.index("VALUE")
    assert "/>" not in header
    assert pssh_box(PLAYREADY, b"")[12:28] == PLAYREADY.bytes
