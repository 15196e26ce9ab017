"""Widevine's licence proxy messages: signed JSON around the player's protobuf challenge.

Source: Widevine DRM, "Proxy integration" (the licence service's `getlicense`); signature as in
Shaka Packager's AES request signer: AES-256-CBC over the SHA-1 of the message.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from playback.domain import (
    Challenge,
    ChallengeError,
    LicenceTerms,
    LicensedKey,
    VendorGarbledError,
    VendorRefusedError,
)
from playback.protection import Hdcp, Robustness

CERTIFICATE_REQUEST = bytes.fromhex("0804")
"""A SignedMessage of type SERVICE_CERTIFICATE_REQUEST and nothing else."""

_SECURITY_LEVEL = {Robustness.SOFTWARE: 1, Robustness.HARDWARE: 5}
"""SW_SECURE_CRYPTO, which L3 has, and HW_SECURE_ALL, which takes L1."""

_HDCP = {Hdcp.NONE: "HDCP_NONE", Hdcp.V1: "HDCP_V1", Hdcp.V2_2: "HDCP_V2_2"}

_STATUS = re.compile(r"[A-Z_]{1,48}")

_RELEASE = 3
"""LicenseRequest.RequestType of a device that gives a stored licence back: 1 is new, 2 renews."""

_MESSAGE, _TYPE = 2, 3
"""Fields: a SignedMessage's LicenseRequest, and the request's type."""

RETRY = timedelta(hours=1)
"""Between a device's attempts to renew a stored licence: it may be on a plane."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types of protocol buffers."""


@dataclass(frozen=True)
class Signer:
    """Who we are to the licence service."""

    name: str
    key: bytes
    iv: bytes

    def __post_init__(self) -> None:
        if len(self.key) != 32 or len(self.iv) != 16:
            raise ValueError("A Widevine signer has a key of 32 bytes and an IV of 16.")

    def __repr__(self) -> str:
        return f"Signer(name={self.name!r})"

    def signature(self, message: bytes) -> bytes:
        """AES-CBC over the padded SHA-1 digest."""
        padder = PKCS7(AES.block_size).padder()
        digest = hashlib.sha1(message).digest()  # noqa: S324 - the protocol's; AES authenticates
        padded = padder.update(digest) + padder.finalize()
        encryptor = Cipher(AES(self.key), CBC(self.iv)).encryptor()
        return encryptor.update(padded) + encryptor.finalize()


def read_challenge(message: bytes) -> Challenge:
    """A SignedMessage that is whole: fields in place up to the last byte."""
    if message != CERTIFICATE_REQUEST and _request_type(message) == _RELEASE:
        raise ChallengeError("This gives a licence back, and asks for none.")
    return Challenge(message)


def read_release(message: bytes) -> Challenge:
    """A device's proof that it has forgotten a stored licence, for the service that issued it."""
    if message == CERTIFICATE_REQUEST or _request_type(message) != _RELEASE:
        raise ChallengeError("This gives no Widevine licence back.")
    return Challenge(message)


def _request_type(message: bytes) -> int | None:
    """What a whole SignedMessage's request is for; None where it cannot be read: the service can.

    ChallengeError for what is no SignedMessage.
    """
    fields = _fields(message)
    if not {1, _MESSAGE, 3} <= fields.keys():
        raise ChallengeError("This is not a Widevine licence request.")
    inner = fields[_MESSAGE]
    if isinstance(inner, int):
        raise ChallengeError("This is not a Widevine licence request.")
    try:
        asked = _fields(inner).get(_TYPE)
    except ChallengeError:
        return None
    return asked if isinstance(asked, int) else None


def request(challenge: Challenge, terms: LicenceTerms, signer: Signer) -> bytes:
    """The signed request to the licence service; for a certificate it carries no key."""
    asked: dict[str, object] = {
        "payload": _base64(challenge.message),
        "provider": signer.name,
        "content_id": _base64(terms.content_id.encode()),
    }
    if challenge.message != CERTIFICATE_REQUEST:
        asked["content_key_specs"] = [_spec(key) for key in terms.keys]
        asked["use_policy_overrides_exclusively"] = True
        asked["policy_overrides"] = _policy(terms)
    return _signed(asked, signer)


def release(challenge: Challenge, content_id: str, signer: Signer) -> bytes:
    """The signed request that gives a licence back: no key and no policy goes with it."""
    asked: dict[str, object] = {
        "payload": _base64(challenge.message),
        "provider": signer.name,
        "content_id": _base64(content_id.encode()),
    }
    return _signed(asked, signer)


def _policy(terms: LicenceTerms) -> dict[str, object]:
    """What the device holds to. The licence's own duration bounds the two others, so that a film
    begun on its last day ends with it."""
    seconds = int(terms.life.total_seconds())
    if terms.kept is None:
        return {
            "can_play": True,
            "can_persist": False,
            "can_renew": False,
            "license_duration_seconds": seconds,
            "playback_duration_seconds": seconds,
        }
    return {
        "can_play": True,
        "can_persist": True,
        "can_renew": True,
        "license_duration_seconds": seconds,
        "rental_duration_seconds": seconds,
        "playback_duration_seconds": int(terms.kept.play_life.total_seconds()),
        "renewal_delay_seconds": seconds // 2,
        "renewal_retry_interval_seconds": int(RETRY.total_seconds()),
        # Whoever is off the network goes on watching meanwhile.
        "renewal_recovery_duration_seconds": seconds - seconds // 2,
    }


def _signed(asked: dict[str, object], signer: Signer) -> bytes:
    text = json.dumps(asked, separators=(",", ":")).encode()
    envelope = {
        "request": _base64(text),
        "signature": _base64(signer.signature(text)),
        "signer": signer.name,
    }
    return json.dumps(envelope, separators=(",", ":")).encode()


def read_answer(body: bytes) -> bytes:
    """The licence; VendorRefusedError names the service's status."""
    try:
        answer = json.loads(body)
        status, licence = answer["status"], answer.get("license")
        if status == "OK":
            return _not_empty(base64.b64decode(licence, validate=True))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise VendorGarbledError("The licence service gave no licence; try again.") from error
    if not isinstance(status, str) or _STATUS.fullmatch(status) is None:
        raise VendorGarbledError("The licence service gave no licence; try again.")
    raise VendorRefusedError("The licence service refuses this device.", reason=status)


def _spec(key: LicensedKey) -> dict[str, object]:
    return {
        "track_type": key.track_type,
        "key_id": _base64(uuid.UUID(key.kid).bytes),
        "key": _base64(key.value),
        "security_level": _SECURITY_LEVEL[key.demand.robustness],
        "required_output_protection": {"hdcp": _HDCP[key.demand.hdcp]},
    }


def _fields(message: bytes) -> dict[int, int | bytes]:
    """A protobuf message's top fields, of each the last (as the format has it): numbers as such,
    all else as bytes; ChallengeError when it is cut off."""
    fields: dict[int, int | bytes] = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        wire, number = tag & 7, tag >> 3
        if wire == _VARINT:
            fields[number], at = _varint(message, at)
            continue
        if wire == _BYTES:
            length, at = _varint(message, at)
        elif wire in (_FIXED32, _FIXED64):
            length = 4 if wire == _FIXED32 else 8
        else:
            raise ChallengeError("This is not a Widevine licence request.")
        fields[number] = message[at : at + length]
        at += length
    if at != len(message):
        raise ChallengeError("The Widevine licence request is cut off.")
    return fields


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ChallengeError("The Widevine licence request is cut off.")
        value |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return value, at
    raise ChallengeError("This is not a Widevine licence request.")


def _not_empty(licence: bytes) -> bytes:
    if not licence:
        raise ValueError("empty")
    return licence


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
