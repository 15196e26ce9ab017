"""As much of an MPEG-DASH manifest as it takes to fetch from it (ISO/IEC 23009-1).

It knows segment templates by number, which is what this service writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

_DASH = "{urn:mpeg:dash:schema:mpd:2011}"
_KID = "{urn:mpeg:cenc:2013}default_KID"
_NUMBER = re.compile(r"\$Number(?:%0(\d+)d)?\$")


@dataclass(frozen=True)
class Track:
    """One representation, with the addresses of its first two files beside the manifest."""

    kind: str
    """`video`, `audio`, …"""
    initialization: str
    first_segment: str
    kid: str | None
    """The key it is encrypted under, as a UUID."""


def tracks(manifest: str) -> list[Track]:
    """Every representation that has a segment template; empty when the text is no manifest."""
    try:
        root = ET.fromstring(manifest)  # noqa: S314 - our own service's answer, bounded in size
    except ET.ParseError:
        return []
    return [
        track
        for adaptation in root.iter(f"{_DASH}AdaptationSet")
        for representation in adaptation.iter(f"{_DASH}Representation")
        if (track := _track(adaptation, representation)) is not None
    ]


def _track(adaptation: ET.Element, representation: ET.Element) -> Track | None:
    template = representation.find(f"{_DASH}SegmentTemplate")
    if template is None:
        template = adaptation.find(f"{_DASH}SegmentTemplate")
    if template is None:
        return None
    first = int(template.get("startNumber", "1"))
    identifier = representation.get("id", "")
    mime_type = representation.get("mimeType") or adaptation.get("mimeType") or ""

    def filled(pattern: str) -> str:
        named = pattern.replace("$RepresentationID$", identifier)
        return _NUMBER.sub(lambda found: f"{first:0{found.group(1) or 1}d}", named)

    return Track(
        kind=adaptation.get("contentType") or mime_type.split("/")[0],
        initialization=filled(template.get("initialization", "")),
        first_segment=filled(template.get("media", "")),
        kid=_kid(representation) or _kid(adaptation),
    )


def _kid(element: ET.Element) -> str | None:
    found = (one.get(_KID) for one in element.findall(f"{_DASH}ContentProtection"))
    return next((kid for kid in found if kid), None)
