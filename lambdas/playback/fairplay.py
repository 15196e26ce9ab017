"""FairPlay Streaming: the player's SPC, what a vendor's key server is asked, and its CKC.

The player sends what WebKit's players send (`streaming-keys`), the key server is asked as Apple's
FairPlay Streaming Server SDK has it (`create-ckc`). One request is for one key, named by the
`skd:` address of the playlist, which our key server wrote.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from datetime import timedelta
from typing import Any

from playback.domain import (
    Challenge,
    ChallengeError,
    Kept,
    LicenceTerms,
    LicensedKey,
    VendorGarbledError,
    VendorRefusedError,
)
from playback.protection import Hdcp, Quality

SPC_HEADER = 176
"""Bytes before the payload of an SPC of version 1 or 2: version, reserved, IV, wrapped key,
certificate hash and the payload's length (FairPlay Streaming Programming Guide)."""

CKC_HEADER = 28
"""Bytes before the payload of a CKC: version, reserved, IV and the payload's length."""

BLOCK = 16
IV_BYTES = 16

ID_BYTES = 16
"""Of a stream's and a title's id, which the SDK bounds."""

_HDCP = {Hdcp.NONE: -1, Hdcp.V1: 0, Hdcp.V2_2: 1}
"""The SDK's `hdcp-type`: none required, Type 0, Type 1."""

_CONTENT_TYPE = {Quality.SD: "sd", Quality.HD: "hd", Quality.UHD: "uhd"}


def read_challenge(message: bytes) -> Challenge:
    """The one key that a player asks for, with its SPC."""
    try:
        (asked,) = json.loads(message)["fairplay-streaming-request"]["streaming-keys"]
        spc = base64.b64decode(asked["spc"], validate=True)
        asset = _asset(asked["uri"])
        kid, iv = str(uuid.UUID(asset["KeyId"])), base64.b64decode(asset["IV"], validate=True)
        content_id = asset["ContentId"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ChallengeError("This is not a FairPlay licence request.") from error
    if not isinstance(content_id, str) or len(iv) != IV_BYTES:
        raise ChallengeError("The FairPlay request's address names no key of ours.")
    _check_spc(spc)
    return Challenge(spc, content_id, kid, iv)


def request(challenge: Challenge, terms: LicenceTerms) -> bytes:
    """What the vendor's key server is asked for: a CKC for the one key."""
    (key,) = terms.keys
    if challenge.iv is None:
        raise ChallengeError("The FairPlay request's address names no IV.")
    asset: dict[str, object] = {
        "content-key": key.value.hex(),
        "content-iv": challenge.iv.hex(),
        "content-type": _content_type(key),
        "encryption-scheme": "cbcs",
        "hdcp-type": _HDCP[key.demand.hdcp],
    }
    if terms.kept is None:
        asset["lease-duration"] = _seconds(terms.life)
    else:
        asset["offline-hls"] = _offline(key, terms, terms.kept)
    spc = base64.b64encode(challenge.message).decode()
    item = {"id": 1, "spc": spc, "asset-id": key.kid, "asset-info": [asset]}
    return _json({"fairplay-streaming-request": {"version": 1, "create-ckc": [item]}})


def release(challenge: Challenge) -> bytes:
    """What tells the key server that a device has forgotten a stored key: a check-in, which takes
    the SPC alone."""
    spc = base64.b64encode(challenge.message).decode()
    item = {"id": 1, "spc": spc, "check-in": True}
    return _json({"fairplay-streaming-request": {"version": 1, "create-ckc": [item]}})


def read_release(body: bytes) -> bytes:
    """The player's answer once the key server has taken a check-in; VendorRefusedError with its
    status, or `not_released` where the device says that nothing was forgotten."""
    try:
        (item,) = json.loads(body)["fairplay-streaming-response"]["create-ckc"]
        status = item["status"]
        is_released = status == 0 and item["offline-sync"]["success"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise VendorGarbledError("The key server took nothing back; try again.") from error
    if type(status) is not int or (status == 0 and type(is_released) is not bool):
        raise VendorGarbledError("The key server took nothing back; try again.")
    if not is_released:
        reason = str(status) if status else "not_released"
        raise VendorRefusedError("The key server took nothing back.", reason=reason)
    answer = {"id": 1, "status": 0}
    return _json({"fairplay-streaming-response": {"version": 1, "streaming-keys": [answer]}})


def read_answer(body: bytes) -> bytes:
    """The player's answer around the CKC; VendorRefusedError with the key server's status."""
    try:
        (item,) = json.loads(body)["fairplay-streaming-response"]["create-ckc"]
        status = item["status"]
        ckc = b"" if status else base64.b64decode(item["ckc"], validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise VendorGarbledError("The key server gave no licence; try again.") from error
    if type(status) is not int:
        raise VendorGarbledError("The key server gave no licence; try again.")
    if status:
        raise VendorRefusedError("The key server refuses this device.", reason=str(status))
    if len(ckc) <= CKC_HEADER or CKC_HEADER + _length(ckc, CKC_HEADER) != len(ckc):
        raise VendorGarbledError("The key server's licence is cut off; try again.")
    answer = {"id": 1, "status": 0, "ckc": base64.b64encode(ckc).decode()}
    return _json({"fairplay-streaming-response": {"version": 1, "streaming-keys": [answer]}})


def _offline(key: LicensedKey, terms: LicenceTerms, kept: Kept) -> dict[str, object]:
    """What the SDK calls `offline-hls`: a key that the device stores, by two durations.

    The second begins with the first play, whenever that is, so they add up. A title whose rights
    end gets so much less of both that the last moment is within them.
    """
    to_begin, to_watch = terms.life, kept.play_life
    if kept.rights_life is not None and to_begin + to_watch > kept.rights_life:
        to_watch = min(to_watch, kept.rights_life / 2)
        to_begin = min(to_begin, kept.rights_life - to_watch)
    return {
        "stream-id": uuid.UUID(key.kid).hex,
        "title-id": hashlib.sha256(terms.content_id.encode()).digest()[:ID_BYTES].hex(),
        "rental-duration": _seconds(to_begin),
        "playback-duration": _seconds(to_watch),
    }


def _seconds(duration: timedelta) -> int:
    """At least one: none would be no limit to the SDK."""
    return max(1, int(duration.total_seconds()))


def _asset(uri: str) -> dict[str, Any]:
    """What our key server wrote into the playlist's `skd:` address."""
    scheme, _, encoded = uri.partition("://")
    asset = json.loads(base64.b64decode(encoded, validate=True))
    if scheme != "skd" or not isinstance(asset, dict):
        raise ValueError("not one of ours")
    return asset


def _check_spc(spc: bytes) -> None:
    version = int.from_bytes(spc[:4], "big")
    payload = len(spc) - SPC_HEADER
    if version not in (1, 2) or payload <= 0:
        raise ChallengeError("This is not a FairPlay SPC.")
    if _length(spc, SPC_HEADER) != payload or payload % BLOCK:
        raise ChallengeError("The FairPlay SPC is cut off.")


def _length(container: bytes, header: int) -> int:
    """The payload's length, which the header's last four bytes say."""
    return int.from_bytes(container[header - 4 : header], "big")


def _content_type(key: LicensedKey) -> str:
    return "audio" if key.demand.audio_only else _CONTENT_TYPE[key.demand.quality]


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
