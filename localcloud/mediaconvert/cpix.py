"""CPIX 2.3 as SPEKE v2.0 profiles it: the request MediaConvert writes and the answer it reads.

SPEKE API v2, "Standard payload components" and "Encryption contract". Pure: bytes in and out.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET

from .encryption_contract import Range, TrackType

CPIX: Final = "urn:dashif:org:cpix"
PSKC: Final = "urn:ietf:params:xml:ns:keyprov:pskc"
CPIX_VERSION: Final = "2.3"
FAIRPLAY: Final = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2"
"""Has neither a PSSH box nor DASH signalling."""
PLAYLISTS: Final = ("media", "master")
IV_BYTES: Final = 16
KEY_BYTES: Final = 16


class AnswerError(Exception):
    """The key server's answer is not what was asked for."""


@dataclass(frozen=True)
class Systems:
    """The DRM systems that the manifests shall signal."""

    dash: tuple[str, ...]
    hls: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Each once, in the order they were named."""
        return tuple(dict.fromkeys(self.dash + self.hls))


@dataclass(frozen=True)
class KeyRequest:
    """One key to ask for."""

    kid: uuid.UUID
    iv: bytes
    track_type: TrackType


@dataclass(frozen=True)
class Signalling:
    """What one DRM system has to say about one key."""

    pssh: bytes | None = field(default=None, repr=False)
    """A whole box."""
    content_protection: str | None = None
    """The inside of the MPD's ContentProtection element."""
    hls: Mapping[str, str] = field(default_factory=dict)
    """Playlist lines for `media` and `master`."""


@dataclass(frozen=True)
class ContentKey:
    """A key as the server answered it, with everything to signal it by."""

    kid: uuid.UUID
    track_type: TrackType
    key: bytes = field(repr=False)
    iv: bytes
    signalling: Mapping[str, Signalling]
    """By DRM system id."""


def build_request(
    content_id: str, scheme: str, keys: Sequence[KeyRequest], systems: Systems
) -> bytes:
    """The document that asks for `keys`, every wanted element present and empty."""
    root = ET.Element(_c("CPIX"), {"contentId": content_id, "version": CPIX_VERSION})
    key_list = ET.SubElement(root, _c("ContentKeyList"))
    for key in keys:
        ET.SubElement(
            key_list,
            _c("ContentKey"),
            {
                "explicitIV": base64.b64encode(key.iv).decode(),
                "kid": str(key.kid),
                "commonEncryptionScheme": scheme,
            },
        )
    system_list = ET.SubElement(root, _c("DRMSystemList"))
    for key in keys:
        for system_id in systems.all:
            _ask_for_signalling(system_list, key, system_id, systems)
    rules = ET.SubElement(root, _c("ContentKeyUsageRuleList"))
    for key in keys:
        rule = ET.SubElement(
            rules,
            _c("ContentKeyUsageRule"),
            {"kid": str(key.kid), "intendedTrackType": key.track_type.name},
        )
        for part in key.track_type.ranges:
            _add_filter(rule, part)
    ET.register_namespace("cpix", CPIX)
    ET.register_namespace("pskc", PSKC)
    # Declared even though an empty request uses no element of it: SPEKE makes it mandatory.
    root.set("xmlns:pskc", PSKC)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _ask_for_signalling(
    parent: ET.Element, key: KeyRequest, system_id: str, systems: Systems
) -> None:
    system = ET.SubElement(parent, _c("DRMSystem"), {"kid": str(key.kid), "systemId": system_id})
    if system_id != FAIRPLAY:
        ET.SubElement(system, _c("PSSH"))
        if system_id in systems.dash:
            ET.SubElement(system, _c("ContentProtectionData"))
    if system_id in systems.hls:
        for playlist in PLAYLISTS:
            ET.SubElement(system, _c("HLSSignalingData"), {"playlist": playlist})


def _add_filter(rule: ET.Element, part: Range) -> None:
    name, unit = ("VideoFilter", "Pixels") if part.kind == "video" else ("AudioFilter", "Channels")
    bounds = {f"min{unit}": part.least, f"max{unit}": part.most}
    ET.SubElement(
        rule, _c(name), {key: str(value) for key, value in bounds.items() if value is not None}
    )


def read_answer(
    document: bytes, content_id: str, scheme: str, keys: Sequence[KeyRequest], systems: Systems
) -> tuple[ContentKey, ...]:
    """The keys that were asked for, in that order; AnswerError names what is missing."""
    try:
        root = ET.fromstring(document)  # noqa: S314 (our own key server's answer)
    except ET.ParseError as error:
        raise AnswerError(f"the answer is not XML: {error}") from error
    if root.tag != _c("CPIX"):
        raise AnswerError(f"the answer is not a CPIX document: {root.tag}")
    if root.get("contentId") != content_id:
        raise AnswerError(f"CPIX@contentId is {root.get('contentId')}, not {content_id}")
    if root.get("version") != CPIX_VERSION:
        raise AnswerError(f"CPIX@version is {root.get('version')}, not {CPIX_VERSION}")
    return tuple(_read_key(root, key, scheme, systems) for key in keys)


def _read_key(root: ET.Element, asked: KeyRequest, scheme: str, systems: Systems) -> ContentKey:
    path = f"{_c('ContentKeyList')}/{_c('ContentKey')}"
    found = next((e for e in root.findall(path) if _same_kid(e.get("kid"), asked.kid)), None)
    if found is None:
        raise AnswerError(f"no ContentKey for KID {asked.kid}")
    if found.get("commonEncryptionScheme") != scheme:
        raise AnswerError(f"ContentKey@commonEncryptionScheme for KID {asked.kid} is not {scheme}")
    value = found.find(f"{_c('Data')}/{_p('Secret')}/{_p('PlainValue')}")
    key = _bytes(value, f"PlainValue for KID {asked.kid}")
    if len(key) != KEY_BYTES:
        raise AnswerError(f"the key for KID {asked.kid} has {len(key)} bytes, not {KEY_BYTES}")
    stated_iv = found.get("explicitIV")
    iv = _decode(stated_iv, f"explicitIV for KID {asked.kid}") if stated_iv else asked.iv
    if len(iv) != IV_BYTES:
        raise AnswerError(f"explicitIV for KID {asked.kid} has {len(iv)} bytes, not {IV_BYTES}")
    return ContentKey(
        kid=asked.kid,
        track_type=asked.track_type,
        key=key,
        iv=iv,
        signalling={
            system_id: _read_signalling(root, asked.kid, system_id, systems)
            for system_id in systems.all
        },
    )


def _read_signalling(
    root: ET.Element, kid: uuid.UUID, system_id: str, systems: Systems
) -> Signalling:
    path = f"{_c('DRMSystemList')}/{_c('DRMSystem')}"
    found = next(
        (
            element
            for element in root.findall(path)
            if _same_kid(element.get("kid"), kid)
            and (element.get("systemId") or "").lower() == system_id
        ),
        None,
    )
    where = f"for KID {kid} and system {system_id}"
    if found is None:
        raise AnswerError(f"no DRMSystem {where}")
    pssh = protection = None
    if system_id != FAIRPLAY:
        pssh = _bytes(found.find(_c("PSSH")), f"PSSH {where}")
        if system_id in systems.dash:
            inside = found.find(_c("ContentProtectionData"))
            protection = _text(inside, f"ContentProtectionData {where}")
            _check_same_pssh(protection, pssh, where)
    hls: dict[str, str] = {}
    if system_id in systems.hls:
        lines = {e.get("playlist"): e for e in found.findall(_c("HLSSignalingData"))}
        for playlist in PLAYLISTS:
            hls[playlist] = _text(lines.get(playlist), f"HLSSignalingData {playlist} {where}")
    return Signalling(pssh, protection, hls)


def _check_same_pssh(content_protection: str, pssh: bytes, where: str) -> None:
    """SPEKE: a pssh inside ContentProtectionData must be identical to DRMSystem's PSSH."""
    try:
        inside = ET.fromstring(f"<inside>{content_protection}</inside>")  # noqa: S314 (as above)
    except ET.ParseError as error:
        raise AnswerError(f"ContentProtectionData {where} is not XML: {error}") from error
    for element in inside.iter("{urn:mpeg:cenc:2013}pssh"):
        if _bytes(element, f"pssh in ContentProtectionData {where}") != pssh:
            raise AnswerError(f"PSSH and ContentProtectionData disagree {where}")


def _text(element: ET.Element | None, what: str) -> str:
    try:
        return _bytes(element, what).decode()
    except UnicodeDecodeError as error:
        raise AnswerError(f"{what} is not text") from error


def _bytes(element: ET.Element | None, what: str) -> bytes:
    if element is None or not (element.text or "").strip():
        raise AnswerError(f"no {what}")
    return _decode(element.text or "", what)


def _decode(value: str, what: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except binascii.Error as error:
        raise AnswerError(f"{what} is not base64") from error


def _same_kid(value: str | None, kid: uuid.UUID) -> bool:
    try:
        return uuid.UUID(value or "") == kid
    except ValueError:
        return False


def _c(name: str) -> str:
    return f"{{{CPIX}}}{name}"


def _p(name: str) -> str:
    return f"{{{PSKC}}}{name}"
