"""CPIX 2.3 as SPEKE v2.0 uses it: read an encryptor's request, fill every element it asked for.

The request is the mould of the answer: what was asked for comes back with a value and what was
not is left alone. Refusals carry SPEKE's own sentences (SPEKE API v2.0, Customizations and
constraints to the DASH-IF specification). It neither makes nor keeps keys.
"""

from __future__ import annotations

import base64
import binascii
import copy
import re
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast, get_args
from xml.etree import ElementTree as ET

from kernel.errors import InvalidInputError
from kernel.xml_input import parse_xml
from keys.domain import IV_BYTES, ContentKey, WantedKey
from keys.pssh import Scheme
from keys.signalling import DRM_SYSTEMS, DrmSystem, Playlist, SignalledKey

CPIX = "urn:dashif:org:cpix"
PSKC = "urn:ietf:params:xml:ns:keyprov:pskc"
CPIX_VERSION = "2.3"

_CONTENT_ID = re.compile(r"[\w.~-]{1,128}", re.ASCII)
"""MediaConvert allows `[\\w-]`; the dot and tilde are other encryptors'."""

_TRACK_TYPE = re.compile(r"[A-Za-z0-9_]{1,32}(\+[A-Za-z0-9_]{1,32}){0,5}")

_ALL_TRACKS = "ALL"
_IGNORED_FILTERS = frozenset(("BitrateFilter",))
"""SPEKE says that a BitrateFilter is ignored where it is present."""


class SpekeError(InvalidInputError):
    """A request that SPEKE v2.0 tells a key server to refuse; the message is SPEKE's own."""

    code = "speke_refused"


def malformed_contract() -> SpekeError:
    """The contract breaks SPEKE's rules of shape."""
    return SpekeError("Malformed encryption contract")


@dataclass(frozen=True)
class CpixRequest:
    """What an encryptor asks for, checked, and the document that holds its answer."""

    content_id: str
    scheme: Scheme
    wanted: tuple[WantedKey, ...]
    document: ET.Element


def _named(name: str) -> str:
    return f"{{{CPIX}}}{name}"


def _all(parent: ET.Element, parents: str, name: str) -> list[ET.Element]:
    return parent.findall(f"{_named(parents)}/{_named(name)}")


def read_request(document: bytes) -> CpixRequest:
    """A SPEKE v2.0 request; SpekeError or UnreadableXmlError says why it is refused."""
    root = parse_xml(document)
    if root.tag != _named("CPIX"):
        raise SpekeError("The document is not CPIX")
    content_id = root.get("contentId", "")
    if not content_id:
        raise SpekeError("Missing CPIX@contentId")
    if not _CONTENT_ID.fullmatch(content_id):
        raise SpekeError("Invalid CPIX@contentId")
    if not root.get("version"):
        raise SpekeError("Missing CPIX@version")
    if root.get("version") != CPIX_VERSION:
        raise SpekeError("Unsupported CPIX@version")
    if root.find(_named("DeliveryDataList")) is not None:
        raise SpekeError("Content key encryption is not supported: leave DeliveryDataList out")
    keys = _content_keys(root)
    scheme = _scheme(keys)
    _check_systems(root, keys, scheme)
    wanted = _wanted(root, keys)
    return CpixRequest(content_id, scheme, wanted, root)


def _content_keys(root: ET.Element) -> dict[str, ET.Element]:
    """The ContentKey elements by key id."""
    elements = _all(root, "ContentKeyList", "ContentKey")
    keys = {_kid(element): element for element in elements}
    if not elements or len(keys) != len(elements):
        raise SpekeError("ContentKeyList must name each key once")
    return keys


def _kid(element: ET.Element) -> str:
    return str(_uuid(element, "kid"))


def _uuid(element: ET.Element, attribute: str) -> uuid.UUID:
    try:
        return uuid.UUID(element.get(attribute, ""))
    except ValueError as error:
        name = element.tag.partition("}")[2]
        raise SpekeError(f"{name}@{attribute} is not a UUID") from error


def _scheme(keys: Mapping[str, ET.Element]) -> Scheme:
    """The one protection scheme of a document."""
    schemes = {}
    for kid, element in keys.items():
        schemes[kid] = element.get("commonEncryptionScheme", "")
        if not schemes[kid]:
            raise SpekeError(f"Missing ContentKey@commonEncryptionScheme for KID {kid}")
    if len(set(schemes.values())) > 1:
        raise SpekeError("Non compliant ContentKey@commonEncryptionScheme combination")
    scheme = next(iter(schemes.values()))
    if scheme not in get_args(Scheme):
        raise SpekeError(f"Unsupported ContentKey@commonEncryptionScheme {scheme}")
    return cast(Scheme, scheme)


def _check_systems(root: ET.Element, keys: Mapping[str, ET.Element], scheme: Scheme) -> None:
    elements = _all(root, "DRMSystemList", "DRMSystem")
    if not elements:
        raise SpekeError("Missing DRMSystemList")
    for element in elements:
        system_id = _uuid(element, "systemId")
        system = DRM_SYSTEMS.get(system_id)
        if system is None:
            raise SpekeError(f"Unsupported DRMSystem {system_id}")
        if scheme not in system.schemes:
            raise SpekeError(
                f"ContentKey@commonEncryptionScheme non compatible with DRMSystem {system_id}"
            )
        if _kid(element) not in keys:
            raise SpekeError("DRMSystem@kid names no key of ContentKeyList")
        for asked in element:
            _signal(asked, system)


def _wanted(root: ET.Element, keys: Mapping[str, ET.Element]) -> tuple[WantedKey, ...]:
    """The keys with the tracks they protect, as the encryption contract says."""
    rules = _all(root, "ContentKeyUsageRuleList", "ContentKeyUsageRule")
    if not rules:
        raise SpekeError("Missing CPIX encryption contract")
    periods = _periods(root)
    protects = {_kid(rule): (_track_type(rule), _period(rule, periods)) for rule in rules}
    types_per_period = Counter(protects.values())
    everything = {period for track_type, period in protects.values() if track_type == _ALL_TRACKS}
    crowded = {p for p in everything if sum(1 for _, q in protects.values() if q == p) > 1}
    if set(protects) != set(keys) or len(protects) != len(rules):
        raise malformed_contract()
    if crowded or any(count > 1 for count in types_per_period.values()):
        raise malformed_contract()
    return tuple(WantedKey(kid, *protects[kid], iv=_iv(element)) for kid, element in keys.items())


def _periods(root: ET.Element) -> dict[str, int]:
    """Index of each ContentKeyPeriod by its id; SPEKE tracks periods by the index alone."""
    periods = {}
    for element in _all(root, "ContentKeyPeriodList", "ContentKeyPeriod"):
        index = element.get("index", "")
        if not element.get("id") or not (index.isascii() and index.isdigit()):
            raise malformed_contract()
        periods[element.get("id", "")] = int(index)
    return periods


def _period(rule: ET.Element, periods: Mapping[str, int]) -> int:
    filters = rule.findall(_named("KeyPeriodFilter"))
    if not filters:
        return 0
    period_id = filters[0].get("periodId", "")
    if len(filters) > 1 or period_id not in periods:
        raise malformed_contract()
    return periods[period_id]


def _track_type(rule: ET.Element) -> str:
    """The tracks of a rule, its filters matching their number (SPEKE, Encryption contract)."""
    filters = [child.tag.partition("}")[2] for child in rule]
    media = [name for name in filters if name in ("VideoFilter", "AudioFilter")]
    track_type = rule.get("intendedTrackType", "")
    if not media:
        raise SpekeError("Missing CPIX encryption contract")
    if not _TRACK_TYPE.fullmatch(track_type):
        raise malformed_contract()
    if set(filters) - {"VideoFilter", "AudioFilter", "KeyPeriodFilter"} - _IGNORED_FILTERS:
        raise malformed_contract()
    if track_type == _ALL_TRACKS:
        bare = all(not child.attrib for child in rule if "KeyPeriod" not in child.tag)
        if sorted(media) != ["AudioFilter", "VideoFilter"] or not bare:
            raise malformed_contract()
        return track_type
    if len(set(media)) > 1:
        raise SpekeError("Requested CPIX encryption contract not supported")
    if len(media) != len(track_type.split("+")):
        raise malformed_contract()
    return track_type


def _iv(key: ET.Element) -> bytes | None:
    """The IV that the encryptor brings, None when it brings none or an empty one."""
    text = key.get("explicitIV")
    if not text:
        return None
    try:
        iv = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise SpekeError("ContentKey@explicitIV is not base64") from error
    if len(iv) != IV_BYTES:
        raise SpekeError(f"ContentKey@explicitIV must be {IV_BYTES} bytes")
    return iv


_Fill = Callable[[SignalledKey], bytes]


def _signal(asked: ET.Element, system: DrmSystem) -> _Fill:
    """How to fill one child of a DRMSystem; SpekeError when it cannot be filled."""
    name = asked.tag.partition("}")[2]
    playlist = asked.get("playlist", "")
    if name == "PSSH":
        return system.pssh
    if name == "ContentProtectionData":
        return lambda key: system.content_protection(key).encode()
    if name == "HLSSignalingData" and playlist in get_args(Playlist):
        return lambda key: system.hls_tag(key, cast(Playlist, playlist)).encode()
    if name == "SmoothStreamingProtectionHeaderData" and system.has_protection_header:
        return system.payload
    raise SpekeError(f"Unsupported {name} in DRMSystem {system.system_id}")


def fill(request: CpixRequest, keys: Mapping[str, ContentKey]) -> bytes:
    """The answer: the request's document with every key and every signal in its place."""
    root = copy.deepcopy(request.document)
    for element in _all(root, "ContentKeyList", "ContentKey"):
        _fill_key(element, keys[_kid(element)], request.scheme)
    for element in _all(root, "DRMSystemList", "DRMSystem"):
        kid = _uuid(element, "kid")
        key = SignalledKey(request.content_id, kid, keys[str(kid)].iv, request.scheme)
        system = DRM_SYSTEMS[_uuid(element, "systemId")]
        for asked in element:
            asked.text = base64.b64encode(_signal(asked, system)(key)).decode()
    ET.register_namespace("cpix", CPIX)
    ET.register_namespace("pskc", PSKC)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _fill_key(element: ET.Element, key: ContentKey, scheme: Scheme) -> None:
    """The key's value, and its IV: constant in cbcs, per sample in cenc unless asked for."""
    if scheme == "cbcs" or "explicitIV" in element.attrib:
        element.set("explicitIV", base64.b64encode(key.iv).decode())
    for old in element.findall(_named("Data")):
        element.remove(old)
    secret = ET.SubElement(ET.SubElement(element, _named("Data")), f"{{{PSKC}}}Secret")
    value = ET.SubElement(secret, f"{{{PSKC}}}PlainValue")
    value.text = base64.b64encode(key.value).decode()
