"""DASH manifests as far as the pipeline reads and rewrites them (ISO/IEC 23009-1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID
from xml.etree import ElementTree

_DASH = "urn:mpeg:dash:schema:mpd:2011"
_CENC = "urn:mpeg:cenc:2013"
_PREFIXES = {
    "": _DASH,
    "cenc": _CENC,
    "mspr": "urn:microsoft:playready",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xlink": "http://www.w3.org/1999/xlink",
    "scte35": "urn:scte:scte35:2013:xml",
}
_PROTECTION = f"{{{_DASH}}}ContentProtection"
_DEFAULT_KID = f"{{{_CENC}}}default_KID"

COMMON_ENCRYPTION = "urn:mpeg:dash:mp4protection:2011"
CLEARKEY = "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"
"""DASH-IF's scheme for W3C ClearKey (dashif.org/identifiers/content_protection)."""

_DURATION = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")
_NUMBER = re.compile(r"\$Number(?:%0(\d+)d)?\$")
_TIME = re.compile(r"\$Time(?:%0(\d+)d)?\$")


class UnreadableManifestError(ValueError):
    """A manifest is not in the form that MediaConvert writes."""


@dataclass(frozen=True)
class Representation:
    """One rendition as the manifest describes it."""

    representation_id: str
    init: str
    segments: tuple[str, ...]
    duration_seconds: float
    key_id: UUID | None
    """None when it is in the clear."""


@dataclass(frozen=True)
class Manifest:
    """What a manifest names."""

    duration_seconds: float
    representations: tuple[Representation, ...]


def manifest(text: str) -> Manifest:
    """Read a manifest; UnreadableManifestError when it has another form than MediaConvert's."""
    root = _parse(text)
    return Manifest(
        duration_seconds=_seconds(root.get("mediaPresentationDuration", "")),
        representations=tuple(_representations(root)),
    )


def with_clearkey(text: str) -> str:
    """The manifest with ClearKey in place of every other key system.

    Without a licence address: it is the session's, and players are configured with it.
    """
    root = _parse(text)
    for parent in root.iter():
        for protection in parent.findall(_PROTECTION):
            if protection.get("schemeIdUri") != COMMON_ENCRYPTION:
                parent.remove(protection)
                continue
            for child in list(protection):
                protection.remove(child)
            index = list(parent).index(protection) + 1
            clearkey = {"schemeIdUri": CLEARKEY, "value": "ClearKey1.0"}
            parent.insert(index, ElementTree.Element(_PROTECTION, clearkey))
    for prefix, namespace in _PREFIXES.items():
        ElementTree.register_namespace(prefix, namespace)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _parse(text: str) -> ElementTree.Element:
    try:
        # MediaConvert wrote it into our own bucket; nobody else may.
        return ElementTree.fromstring(text)  # noqa: S314
    except ElementTree.ParseError as error:
        raise UnreadableManifestError(f"The manifest is not XML: {error}") from error


def _representations(root: ElementTree.Element) -> Iterator[Representation]:
    for adaptation in root.iter(f"{{{_DASH}}}AdaptationSet"):
        for element in adaptation.findall(f"{{{_DASH}}}Representation"):
            yield _representation(adaptation, element)


def _representation(
    adaptation: ElementTree.Element, element: ElementTree.Element
) -> Representation:
    templates = [
        found
        for level in (adaptation, element)
        if (found := level.find(f"{{{_DASH}}}SegmentTemplate")) is not None
    ]
    attributes: dict[str, str] = {}
    for template in templates:
        attributes |= template.attrib
    timelines = [
        timeline
        for template in templates
        if (timeline := template.find(f"{{{_DASH}}}SegmentTimeline")) is not None
    ]
    name = element.get("id", "")
    if not timelines or not {"initialization", "media"} <= attributes.keys():
        raise UnreadableManifestError(f"Representation {name!r} has no segment timeline.")
    times = list(_times(timelines[-1]))
    first = int(attributes.get("startNumber", "1"))
    substitutions = {"$RepresentationID$": name, "$Bandwidth$": element.get("bandwidth", "")}
    media = _substituted(attributes["media"], substitutions)
    return Representation(
        representation_id=name,
        init=_substituted(attributes["initialization"], substitutions),
        segments=tuple(
            _numbered(media, first + index, start) for index, (start, _) in enumerate(times)
        ),
        duration_seconds=sum(length for _, length in times) / int(attributes.get("timescale", "1")),
        key_id=_key_id(element) or _key_id(adaptation),
    )


def _times(timeline: ElementTree.Element) -> Iterator[tuple[int, int]]:
    """Start and length of each segment, in the template's timescale."""
    clock = 0
    for run in timeline.findall(f"{{{_DASH}}}S"):
        clock = int(run.get("t", clock))
        length = int(run.get("d", "0"))
        repeats = int(run.get("r", "0"))
        if repeats < 0:
            raise UnreadableManifestError("A segment timeline repeats without end.")
        for _ in range(repeats + 1):
            yield clock, length
            clock += length


def _substituted(template: str, values: Mapping[str, str]) -> str:
    for variable, value in values.items():
        template = template.replace(variable, value)
    return template


def _numbered(template: str, number: int, time: int) -> str:
    named = _NUMBER.sub(lambda match: str(number).zfill(int(match.group(1) or 1)), template)
    return _TIME.sub(lambda match: str(time).zfill(int(match.group(1) or 1)), named)


def _key_id(element: ElementTree.Element) -> UUID | None:
    for protection in element.findall(_PROTECTION):
        if protection.get("schemeIdUri") == COMMON_ENCRYPTION and protection.get(_DEFAULT_KID):
            return UUID(protection.get(_DEFAULT_KID))
    return None


def _seconds(duration: str) -> float:
    match = _DURATION.fullmatch(duration)
    if match is None or not any(match.groups()):
        raise UnreadableManifestError(f"{duration!r} is not a duration.")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
