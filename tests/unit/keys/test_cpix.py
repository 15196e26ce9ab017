"""SPEKE v2.0 requests: how they are read, refused and filled."""

from __future__ import annotations

import base64
import json
import re
import struct
from typing import Any
from xml.etree import ElementTree as ET

import cpix
import pytest

from keys.cpix import CPIX, PSKC, SpekeError, fill, read_request
from keys.domain import ContentKey, WantedKey
from tests.unit.keys.fakes import (
    AUDIO_KID,
    AUDIO_RULE,
    FAIRPLAY,
    PLAYREADY,
    VIDEO_KID,
    VIDEO_RULE,
    WIDEVINE,
    content_key,
    drm_system,
    request,
    rule,
)

oracle: Any = cpix
"""PyPI's implementation of CPIX 2.2, which has no type annotations."""

CENC = 'commonEncryptionScheme="cenc"'
IV = base64.b64encode(b"i" * 16).decode()
KEYS = {
    VIDEO_KID: ContentKey(VIDEO_KID, b"v" * 16, b"1" * 16),
    AUDIO_KID: ContentKey(AUDIO_KID, b"a" * 16, b"2" * 16),
}
NAMES = {"cpix": CPIX, "pskc": PSKC}


def filled(document: bytes) -> ET.Element:
    return ET.fromstring(fill(read_request(document), KEYS))


def decoded(root: ET.Element, system: str, kid: str, name: str) -> bytes:
    path = f".//cpix:DRMSystem[@systemId='{system}'][@kid='{kid}']/cpix:{name}"
    element = root.find(path, NAMES)
    assert element is not None
    return base64.b64decode(element.text or "", validate=True)


def test_a_request_names_each_key_with_the_tracks_it_protects() -> None:
    read = read_request(request())

    assert read.content_id == "ast_01j"
    assert read.scheme == "cbcs"
    assert read.wanted == (
        WantedKey(VIDEO_KID, "SD"),
        WantedKey(AUDIO_KID, "STEREO_AUDIO"),
    )


def test_an_iv_that_the_encryptor_brings_is_read() -> None:
    keys = [content_key(VIDEO_KID, f'commonEncryptionScheme="cbcs" explicitIV="{IV}"')]
    document = request(keys=keys, systems=[drm_system(WIDEVINE, VIDEO_KID)], rules=[VIDEO_RULE])

    assert read_request(document).wanted[0].iv == b"i" * 16


def test_keys_of_different_periods_may_protect_the_same_tracks() -> None:
    periods = (
        "<cpix:ContentKeyPeriodList>"
        '<cpix:ContentKeyPeriod id="first" index="1"/>'
        '<cpix:ContentKeyPeriod id="second" index="2"/>'
        "</cpix:ContentKeyPeriodList>"
    )
    rules = [
        rule(VIDEO_KID, "SD", '<cpix:KeyPeriodFilter periodId="first"/><cpix:VideoFilter/>'),
        rule(AUDIO_KID, "SD", '<cpix:KeyPeriodFilter periodId="second"/><cpix:VideoFilter/>'),
    ]

    read = read_request(request(rules=rules, extra=periods))

    assert [key.period for key in read.wanted] == [1, 2]


def test_a_filled_answer_keeps_content_version_and_contract_as_they_were() -> None:
    root = filled(request())

    rules = root.findall(".//cpix:ContentKeyUsageRule", NAMES)
    assert (root.get("contentId"), root.get("version")) == ("ast_01j", "2.3")
    assert [rule.get("intendedTrackType") for rule in rules] == ["SD", "STEREO_AUDIO"]
    assert rules[0][0].attrib == {"maxPixels": "589824"}


def test_every_key_comes_back_with_its_value_and_its_iv() -> None:
    root = filled(request())

    for kid, key in KEYS.items():
        element = root.find(f".//cpix:ContentKey[@kid='{kid}']", NAMES)
        assert element is not None
        value = element.findtext("cpix:Data/pskc:Secret/pskc:PlainValue", "", NAMES)
        assert base64.b64decode(value) == key.value
        assert base64.b64decode(element.get("explicitIV", "")) == key.iv


def test_every_element_that_was_asked_for_comes_back_filled() -> None:
    root = filled(request())

    asked = root.findall(".//cpix:DRMSystem/*", NAMES)
    assert len(asked) == 2 * (4 + 5 + 2)
    assert all(base64.b64decode(element.text or "", validate=True) for element in asked)


def test_what_was_not_asked_for_is_left_out() -> None:
    systems = [drm_system(WIDEVINE, kid, "<cpix:PSSH/>") for kid in (VIDEO_KID, AUDIO_KID)]

    root = filled(request(systems=systems))

    assert {child.tag for child in root.iter(f"{{{CPIX}}}PSSH")} == {f"{{{CPIX}}}PSSH"}
    assert root.find(".//cpix:HLSSignalingData", NAMES) is None


def test_an_iv_is_added_to_cenc_only_when_it_was_asked_for() -> None:
    keys = [content_key(VIDEO_KID, CENC), content_key(AUDIO_KID, f'{CENC} explicitIV=""')]
    systems = [drm_system(WIDEVINE, kid) for kid in (VIDEO_KID, AUDIO_KID)]

    root = filled(request(keys=keys, systems=systems))

    video, audio = root.findall(".//cpix:ContentKey", NAMES)
    assert "explicitIV" not in video.attrib
    assert base64.b64decode(audio.get("explicitIV", "")) == KEYS[AUDIO_KID].iv


def test_an_independent_reader_finds_the_same_keys_in_the_answer() -> None:
    parsed = oracle.parse(fill(read_request(request()), KEYS))

    found = {str(key.kid): base64.b64decode(key.cek) for key in parsed.content_keys}
    assert found == {kid: key.value for kid, key in KEYS.items()}
    assert {str(system.system_id) for system in parsed.drm_systems} == {
        WIDEVINE,
        PLAYREADY,
        FAIRPLAY,
    }


@pytest.mark.parametrize("system", [WIDEVINE, PLAYREADY])
def test_dash_signals_the_very_box_that_the_segments_carry(system: str) -> None:
    root = filled(request())

    box = decoded(root, system, VIDEO_KID, "PSSH")
    signalled = decoded(root, system, VIDEO_KID, "ContentProtectionData").decode()

    assert f">{base64.b64encode(box).decode()}</cenc:pssh>" in signalled
    assert ("<mspr:pro " in signalled) == (system == PLAYREADY)
    ET.fromstring(f"<ContentProtection>{signalled}</ContentProtection>")


@pytest.mark.parametrize("system", [WIDEVINE, PLAYREADY, FAIRPLAY])
def test_master_and_media_playlists_differ_in_the_tags_name_alone(system: str) -> None:
    root = filled(request())

    media = decoded(root, system, VIDEO_KID, "HLSSignalingData[@playlist='media']").decode()
    master = decoded(root, system, VIDEO_KID, "HLSSignalingData[@playlist='master']").decode()

    assert media.startswith("#EXT-X-KEY:METHOD=SAMPLE-AES,")
    assert master == media.replace("#EXT-X-KEY:", "#EXT-X-SESSION-KEY:")
    assert "SCHEME" not in media


def test_fairplay_is_sent_to_an_address_that_names_content_key_and_iv() -> None:
    root = filled(request())

    tag = decoded(root, FAIRPLAY, VIDEO_KID, "HLSSignalingData[@playlist='media']").decode()

    asset = re.search(r'URI="skd://([^"]+)"', tag)
    assert asset is not None
    assert json.loads(base64.b64decode(asset[1])) == {
        "ContentId": "ast_01j",
        "KeyId": VIDEO_KID,
        "IV": base64.b64encode(b"1" * 16).decode(),
    }
    assert 'KEYFORMAT="com.apple.streamingkeydelivery"' in tag


def test_widevine_and_playready_carry_their_headers_in_the_playlist() -> None:
    root = filled(request())

    widevine = decoded(root, WIDEVINE, VIDEO_KID, "HLSSignalingData[@playlist='media']").decode()
    playready = decoded(root, PLAYREADY, VIDEO_KID, "HLSSignalingData[@playlist='media']").decode()

    box = base64.b64encode(decoded(root, WIDEVINE, VIDEO_KID, "PSSH")).decode()
    header = decoded(root, PLAYREADY, VIDEO_KID, "SmoothStreamingProtectionHeaderData")
    assert f'URI="data:text/plain;base64,{box}"' in widevine
    assert f"KEYID=0x{VIDEO_KID.replace('-', '')}" in widevine
    assert base64.b64encode(header).decode() in playready
    assert struct.unpack("<I", header[:4])[0] == len(header)


def one_key(attributes: str, system: str = WIDEVINE) -> bytes:
    return request(
        keys=[content_key(VIDEO_KID, attributes)],
        systems=[drm_system(system, VIDEO_KID)],
        rules=[VIDEO_RULE],
    )


def one_rule(filters: str, track_type: str = "SD") -> bytes:
    return request(
        keys=[content_key(VIDEO_KID)],
        systems=[drm_system(WIDEVINE, VIDEO_KID)],
        rules=[rule(VIDEO_KID, track_type, filters)],
    )


ALL_RULE = rule(VIDEO_KID, "ALL", "<cpix:AudioFilter/><cpix:VideoFilter/>")

REFUSED = {
    "no content id": (request(root='version="2.3"'), "Missing CPIX@contentId"),
    "empty content id": (request(root='contentId="" version="2.3"'), "Missing CPIX@contentId"),
    "a path as content id": (
        request(root='contentId="a/../b" version="2.3"'),
        "Invalid CPIX@contentId",
    ),
    "no version": (request(root='contentId="a"'), "Missing CPIX@version"),
    "another version": (request(root='contentId="a" version="2.2"'), "Unsupported CPIX@version"),
    "no scheme": (one_key(""), f"Missing ContentKey@commonEncryptionScheme for KID {VIDEO_KID}"),
    "mixed schemes": (
        request(keys=[content_key(VIDEO_KID), content_key(AUDIO_KID, CENC)]),
        "Non compliant ContentKey@commonEncryptionScheme combination",
    ),
    "unknown scheme": (
        one_key('commonEncryptionScheme="cens"'),
        "Unsupported ContentKey@commonEncryptionScheme cens",
    ),
    "cenc with FairPlay": (
        one_key(CENC, FAIRPLAY),
        f"ContentKey@commonEncryptionScheme non compatible with DRMSystem {FAIRPLAY}",
    ),
    "unknown system": (
        one_key('commonEncryptionScheme="cbcs"', "3ea8778f-7742-4bf9-b18b-e834b2acbd47"),
        "Unsupported DRMSystem 3ea8778f-7742-4bf9-b18b-e834b2acbd47",
    ),
    "a system of a key that is not asked for": (
        request(keys=[content_key(VIDEO_KID)], rules=[VIDEO_RULE]),
        "DRMSystem@kid names no key of ContentKeyList",
    ),
    "no systems": (request(systems=[]), "Missing DRMSystemList"),
    "an element SPEKE left behind": (
        request(systems=[drm_system(WIDEVINE, VIDEO_KID, "<cpix:URIExtXKey/>")]),
        f"Unsupported URIExtXKey in DRMSystem {WIDEVINE}",
    ),
    "a playlist without its kind": (
        request(systems=[drm_system(FAIRPLAY, VIDEO_KID, "<cpix:HLSSignalingData/>")]),
        f"Unsupported HLSSignalingData in DRMSystem {FAIRPLAY}",
    ),
    "a kid that is no UUID": (
        request(keys=[content_key("key-1")]),
        "ContentKey@kid is not a UUID",
    ),
    "a kid twice": (
        request(keys=[content_key(VIDEO_KID), content_key(VIDEO_KID.upper())]),
        "ContentKeyList must name each key once",
    ),
    "no keys": (request(keys=[]), "ContentKeyList must name each key once"),
    "an IV that is too short": (
        one_key('commonEncryptionScheme="cbcs" explicitIV="AAAA"'),
        "ContentKey@explicitIV must be 16 bytes",
    ),
    "an IV that is not base64": (
        one_key('commonEncryptionScheme="cbcs" explicitIV="!"'),
        "ContentKey@explicitIV is not base64",
    ),
    "no contract": (request(rules=[]), "Missing CPIX encryption contract"),
    "a rule without a filter": (one_rule(""), "Missing CPIX encryption contract"),
    "a rule with only a period": (
        one_rule('<cpix:KeyPeriodFilter periodId="x"/>'),
        "Missing CPIX encryption contract",
    ),
    "an unknown period": (
        one_rule('<cpix:KeyPeriodFilter periodId="x"/><cpix:VideoFilter/>'),
        "Malformed encryption contract",
    ),
    "a filter SPEKE does not have": (
        one_rule("<cpix:VideoFilter/><cpix:LabelFilter/>"),
        "Malformed encryption contract",
    ),
    "no track type": (one_rule("<cpix:VideoFilter/>", ""), "Malformed encryption contract"),
    "fewer filters than track types": (
        one_rule("<cpix:VideoFilter/>", "SD+HD1"),
        "Malformed encryption contract",
    ),
    "one key for sound and picture": (
        one_rule("<cpix:VideoFilter/><cpix:AudioFilter/>", "UHD+AUDIO"),
        "Requested CPIX encryption contract not supported",
    ),
    "ALL with a bounded filter": (
        one_rule('<cpix:VideoFilter maxPixels="1"/><cpix:AudioFilter/>', "ALL"),
        "Malformed encryption contract",
    ),
    "ALL without sound": (one_rule("<cpix:VideoFilter/>", "ALL"), "Malformed encryption contract"),
    "ALL beside other tracks": (
        request(rules=[ALL_RULE, AUDIO_RULE]),
        "Malformed encryption contract",
    ),
    "two keys for the same tracks": (
        request(rules=[VIDEO_RULE, rule(AUDIO_KID, "SD", "<cpix:VideoFilter/>")]),
        "Malformed encryption contract",
    ),
    "a key without a rule": (request(rules=[VIDEO_RULE]), "Malformed encryption contract"),
    "encrypted delivery": (
        request(extra="<cpix:DeliveryDataList/>"),
        "Content key encryption is not supported: leave DeliveryDataList out",
    ),
    "another document": (b"<CPIX/>", "The document is not CPIX"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_is_refused_in_spekes_own_words(case: str) -> None:
    document, message = REFUSED[case]

    with pytest.raises(SpekeError) as refused:
        read_request(document)

    assert refused.value.message == message


def test_one_key_for_everything_is_taken_when_it_stands_alone() -> None:
    document = request(
        keys=[content_key(VIDEO_KID)],
        systems=[drm_system(WIDEVINE, VIDEO_KID)],
        rules=[ALL_RULE],
    )

    assert read_request(document).wanted == (WantedKey(VIDEO_KID, "ALL"),)


def test_a_key_for_two_track_types_has_a_filter_for_each() -> None:
    document = one_rule("<cpix:VideoFilter/><cpix:VideoFilter/>", "SD+HD1")

    assert read_request(document).wanted == (WantedKey(VIDEO_KID, "SD+HD1"),)
