"""Makes the packager's MPD say what MediaConvert's would: the key server's protection, bandwidth.

It leaves addresses and timelines as they are.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from .cpix import ContentKey

DASH: Final = "urn:mpeg:dash:schema:mpd:2011"
CENC: Final = "urn:mpeg:cenc:2013"
PLAYREADY: Final = "urn:microsoft:playready"
MP4_PROTECTION: Final = "urn:mpeg:dash:mp4protection:2011"
MAIN_PROFILE: Final = "urn:mpeg:dash:profile:isoff-main:2011"
_NAMESPACES: Final = {
    "": DASH,
    "cenc": CENC,
    "mspr": PLAYREADY,
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


@dataclass(frozen=True)
class DashProtection:
    """How the MPD signals encryption."""

    scheme: str
    systems: tuple[str, ...]
    keys: Mapping[uuid.UUID, ContentKey]


def finish_mpd(
    document: bytes, protection: DashProtection | None, bandwidth: Mapping[str, int]
) -> bytes:
    """The finished MPD; `bandwidth` is by initialization segment name, in bits per second."""
    for prefix, address in _NAMESPACES.items():
        ET.register_namespace(prefix, address)
    root = ET.fromstring(document)  # noqa: S314 (written by the packager just before)
    root.set("profiles", MAIN_PROFILE)
    for adaptation_set in root.iter(dash("AdaptationSet")):
        if protection is not None:
            _replace_protection(adaptation_set, protection)
        for representation in adaptation_set.iter(dash("Representation")):
            if protection is not None:
                _replace_protection(representation, protection)
            template = representation.find(dash("SegmentTemplate"))
            name = "" if template is None else template.get("initialization", "")
            if name in bandwidth:
                representation.set("bandwidth", str(bandwidth[name]))
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def added_to_mpd(document: bytes, adaptation_sets: Sequence[ET.Element]) -> bytes:
    """The MPD with more adaptation sets at the end of its one period."""
    for prefix, address in _NAMESPACES.items():
        ET.register_namespace(prefix, address)
    root = ET.fromstring(document)  # noqa: S314 (written here just before)
    period = root.find(dash("Period"))
    assert period is not None
    period.extend(adaptation_sets)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _replace_protection(parent: ET.Element, protection: DashProtection) -> None:
    stated = parent.findall(dash("ContentProtection"))
    kid = next((e.get(f"{{{CENC}}}default_KID") for e in stated if "mp4protection" in _id(e)), None)
    for element in stated:
        parent.remove(element)
    if kid is None:
        return
    for at, element in enumerate(_protection(uuid.UUID(kid), protection)):
        parent.insert(at, element)


def _protection(kid: uuid.UUID, protection: DashProtection) -> list[ET.Element]:
    common = ET.Element(
        dash("ContentProtection"), {"schemeIdUri": MP4_PROTECTION, "value": protection.scheme}
    )
    common.set(f"{{{CENC}}}default_KID", str(kid))
    elements = [common]
    for system in protection.systems:
        element = ET.Element(dash("ContentProtection"), {"schemeIdUri": f"urn:uuid:{system}"})
        inside = protection.keys[kid].signalling[system].content_protection
        if inside is not None:
            # A fragment: one or more elements, checked when the answer was read.
            element.extend(ET.fromstring(f"<inside>{inside}</inside>"))  # noqa: S314 (checked)
        elements.append(element)
    return elements


def _id(element: ET.Element) -> str:
    return element.get("schemeIdUri", "")


def dash(name: str) -> str:
    """An element's name in DASH's namespace."""
    return f"{{{DASH}}}{name}"
