"""PlayReady: the player's SOAP passes through; our terms travel beside it as signed custom data.

The challenge is encrypted for the licence server and signed by the device, so nothing can be put
into it on the way. Source: Microsoft PlayReady, "License acquisition protocol" (2007/03).
"""

from __future__ import annotations

import base64
import hmac
import json
import uuid
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from kernel import envelope
from kernel.xml_input import UnreadableXmlError, parse_xml
from playback.domain import (
    Challenge,
    ChallengeError,
    LicenceTerms,
    LicensedKey,
    VendorGarbledError,
    VendorRefusedError,
)
from playback.protection import Hdcp, Robustness

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PROTOCOLS = "http://schemas.microsoft.com/DRM/2007/03/protocols"
SOAP_ACTION = f'"{PROTOCOLS}/AcquireLicense"'

_SECURITY_LEVEL = {Robustness.SOFTWARE: 2000, Robustness.HARDWARE: 3000}
"""The licence's MinimumSecurityLevel."""

_OUTPUT_LEVEL = {Hdcp.NONE: 100, Hdcp.V1: 300, Hdcp.V2_2: 300}
"""Uncompressed digital video's output protection level: 100 asks nothing, 300 asks for HDCP
(PlayReady Compliance Rules, 3.6.2)."""


@dataclass(frozen=True)
class CustomDataKeys:
    """What makes our custom data believable and its keys unreadable on the way."""

    header: str
    """Where the vendor reads custom data."""
    signing_key: bytes
    wrapping_key: bytes

    def __repr__(self) -> str:
        return f"CustomDataKeys(header={self.header!r})"


def read_challenge(message: bytes) -> Challenge:
    """A SOAP envelope that acquires a licence."""
    if _in_body(_parsed(message)) != f"{{{PROTOCOLS}}}AcquireLicense":
        raise ChallengeError("This is not a PlayReady licence request.")
    return Challenge(message)


def custom_data(terms: LicenceTerms, keys: CustomDataKeys) -> str:
    """The terms as a JSON Web Token (HS256), content keys wrapped (RFC 3394)."""
    claims: dict[str, object] = {
        "version": 1,
        "content_id": terms.content_id,
        "session_id": terms.session_id,
        "license_duration_seconds": int(terms.life.total_seconds()),
        "persistent": terms.kept is not None,
        "keys": [_key(key, keys.wrapping_key) for key in terms.keys],
    }
    if terms.kept is not None:
        # ExpirationAfterFirstPlay beside the licence's own end, which bounds it.
        first_play = int(terms.kept.play_life.total_seconds())
        claims["expiration_after_first_play_seconds"] = first_play
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    mac = hmac.digest(keys.signing_key, signed.encode(), "sha256")
    return f"{signed}.{_base64url(mac)}"


def is_fault(body: bytes) -> bool:
    """Whether a server's answer is a SOAP fault, which travels with HTTP's status 500."""
    try:
        return _in_body(parse_xml(body)) == f"{{{SOAP}}}Fault"
    except UnreadableXmlError:
        return False


def read_answer(body: bytes) -> bytes:
    """The SOAP answer untouched, once it is known to be one."""
    if is_fault(body):
        raise VendorRefusedError("The licence server refuses this device.", reason="fault")
    try:
        inner = _in_body(parse_xml(body))
    except UnreadableXmlError as error:
        raise VendorGarbledError("The licence server gave no licence; try again.") from error
    if inner != f"{{{PROTOCOLS}}}AcquireLicenseResponse":
        raise VendorGarbledError("The licence server gave no licence; try again.")
    return body


def _parsed(message: bytes) -> Element:
    try:
        return parse_xml(message)
    except UnreadableXmlError as error:
        raise ChallengeError(f"The PlayReady request cannot be read. {error.message}") from error


def _in_body(root: Element) -> str | None:
    """The name of the one element in a SOAP envelope's body."""
    body = root.find(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or body is None or len(body) != 1:
        return None
    return body[0].tag


def _key(key: LicensedKey, wrapping_key: bytes) -> dict[str, object]:
    return {
        "id": str(uuid.UUID(key.kid)),
        "wrapped_key": base64.b64encode(envelope.wrap(wrapping_key, key.value)).decode(),
        "minimum_security_level": _SECURITY_LEVEL[key.demand.robustness],
        "uncompressed_digital_video_opl": _OUTPUT_LEVEL[key.demand.hdcp],
        "hdcp_type": 1 if key.demand.hdcp is Hdcp.V2_2 else 0,
    }


def _part(document: object) -> str:
    return _base64url(json.dumps(document, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
