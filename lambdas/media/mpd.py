"""DASH manifests as far as the pipeline reads and rewrites them (ISO/IEC 23009-1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
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
_GRID = re.compile(r"(\d+)x(\d+)")
_THUMBNAIL_TILES = frozenset(
    {"http://dashif.org/guidelines/thumbnail_tile", "http://dashif.org/thumbnail_tile"}
)
"""DASH-IF's scheme and the form that came before it."""
_ROUNDING = 1e-6
"""Of a segment: durations in manifests are rounded."""
_TRANSFER = "urn:mpeg:mpegB:cicp:TransferCharacteristics"
_RANGES = {"16": "PQ", "18": "HLG"}
"""ISO/IEC 23091-2, TransferCharacteristics, in the words of HLS's VIDEO-RANGE."""
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
    codecs: tuple[str, ...] = ()
    """As RFC 6381 writes them."""
    width: int | None = None
    """In pixels; None for sound."""
    height: int | None = None
    frame_rate: Fraction | None = None
    video_range: str = "SDR"
    """`SDR`, `HLG` or `PQ`."""

    @property
    def pixels(self) -> int:
        """Of the picture; 0 for sound."""
        return (self.width or 0) * (self.height or 0)

    @property
    def entries(self) -> frozenset[str]:
        """Codecs without their profiles and levels: sample entries (ISO/IEC 14496-12)."""
        return frozenset(codec.partition(".")[0] for codec in self.codecs)


@dataclass(frozen=True)
class Thumbnails:
    """Pictures of the film at a steady pace, tiled into images (DASH-IF IOP 4.3, 6.2.6)."""

    images: tuple[str, ...]
    columns: int
    rows: int
    width: int
    """Of one whole image, in pixels."""
    height: int
    image_seconds: float
    """How much of the film one image shows."""


@dataclass(frozen=True)
class Captions:
    """One track of captions."""

    language: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """What a manifest names."""

    duration_seconds: float
    representations: tuple[Representation, ...]
    """Video and audio."""
    thumbnails: tuple[Thumbnails, ...] = ()
    captions: tuple[Captions, ...] = ()


def manifest(text: str) -> Manifest:
    """Read a manifest; UnreadableManifestError when it has another form than MediaConvert's."""
    root = _parse(text)
    duration = _seconds(root.get("mediaPresentationDuration", ""))
    found: dict[str, list[_Described]] = {}
    for adaptation in root.iter(f"{{{_DASH}}}AdaptationSet"):
        for element in adaptation.findall(f"{{{_DASH}}}Representation"):
            described = _Described(adaptation, element)
            found.setdefault(described.kind, []).append(described)
    return Manifest(
        duration_seconds=duration,
        representations=tuple(_representation(one) for one in found.get("media", ())),
        thumbnails=tuple(_thumbnails(one, duration) for one in found.get("image", ())),
        captions=tuple(_captions(one, duration) for one in found.get("text", ())),
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
    return _written(root)


def narrowed(
    text: str,
    keep: Callable[[Representation], bool],
    robustness: Callable[[str, Sequence[Representation]], str | None],
) -> str:
    """The manifest with some of its pictures and sounds only.

    `robustness` is asked with the scheme of each ContentProtection and the representations it
    protects, and answers its attribute (ISO/IEC 23009-1:2022, 5.8.4.1), or None for none.
    Thumbnails and captions stay.
    """
    root = _parse(text)
    for period in root.iter(f"{{{_DASH}}}Period"):
        for adaptation in period.findall(f"{{{_DASH}}}AdaptationSet"):
            kept = _narrow(adaptation, keep, robustness)
            if not kept:
                period.remove(adaptation)
    return _written(root)


def _narrow(
    adaptation: ElementTree.Element,
    keep: Callable[[Representation], bool],
    robustness: Callable[[str, Sequence[Representation]], str | None],
) -> bool:
    """Whether something of the adaptation set is left."""
    kept = []
    for element in adaptation.findall(f"{{{_DASH}}}Representation"):
        described = _Described(adaptation, element)
        if described.kind != "media":
            return True
        one = _representation(described)
        if keep(one):
            kept.append(one)
            _demand(element, [one], robustness)
        else:
            adaptation.remove(element)
    _demand(adaptation, kept, robustness)
    for name, sizes in (
        ("maxWidth", [one.width for one in kept if one.width]),
        ("maxHeight", [one.height for one in kept if one.height]),
    ):
        if name in adaptation.attrib and sizes:
            adaptation.set(name, str(max(sizes)))
    return bool(kept)


def _demand(
    element: ElementTree.Element,
    protected: Sequence[Representation],
    robustness: Callable[[str, Sequence[Representation]], str | None],
) -> None:
    for protection in element.findall(_PROTECTION):
        demanded = robustness(protection.get("schemeIdUri", ""), protected) if protected else None
        if demanded is not None:
            protection.set("robustness", demanded)


def _written(root: ElementTree.Element) -> str:
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


class _Described:
    """A representation with what it inherits from its adaptation set."""

    def __init__(self, adaptation: ElementTree.Element, element: ElementTree.Element) -> None:
        self.adaptation = adaptation
        self.element = element
        self.name = element.get("id", "")
        templates = [
            found
            for level in (adaptation, element)
            if (found := level.find(f"{{{_DASH}}}SegmentTemplate")) is not None
        ]
        self.attributes: dict[str, str] = {}
        for template in templates:
            self.attributes |= template.attrib
        timelines = [
            timeline
            for template in templates
            if (timeline := template.find(f"{{{_DASH}}}SegmentTimeline")) is not None
        ]
        self.timeline = timelines[-1] if timelines else None

    @property
    def kind(self) -> str:
        """`image`, `text`, or `media` for video and audio."""
        content = self.stated("contentType") or self.stated("mimeType").partition("/")[0]
        return content if content in ("image", "text") else "media"

    def stated(self, attribute: str) -> str:
        """An attribute of the representation, else of its adaptation set."""
        return str(self.element.get(attribute) or self.adaptation.get(attribute, ""))

    def number(self, attribute: str) -> int | None:
        """A whole number of the representation, else of its adaptation set."""
        stated = self.stated(attribute)
        return int(stated) if stated.isdecimal() else None

    @property
    def video_range(self) -> str:
        """By the transfer characteristics; SDR where nothing is said."""
        for level in (self.element, self.adaptation):
            for kind in ("EssentialProperty", "SupplementalProperty"):
                for found in level.findall(f"{{{_DASH}}}{kind}"):
                    if found.get("schemeIdUri") == _TRANSFER:
                        return _RANGES.get(found.get("value", ""), "SDR")
        return "SDR"

    @property
    def base_url(self) -> str | None:
        """The one file, for a representation that is not segmented."""
        found = self.element.find(f"{{{_DASH}}}BaseURL")
        return None if found is None else found.text

    @property
    def timescale(self) -> int:
        """Units of the template's times in a second."""
        return int(self.attributes.get("timescale", "1"))

    def times(self, duration_seconds: float) -> list[tuple[int, int]]:
        """Start and length of each segment; by the timeline, else all of one length."""
        if self.timeline is not None:
            return list(_times(self.timeline))
        length = int(self.attributes.get("duration", "0"))
        if length <= 0:
            raise UnreadableManifestError(f"Representation {self.name!r} has no segment times.")
        count = ceil(duration_seconds * self.timescale / length - _ROUNDING)
        return [(index * length, length) for index in range(max(1, count))]

    def named(self, template: str) -> str:
        """A template with all filled in but number and time."""
        bandwidth = self.element.get("bandwidth", "")
        values = {"$RepresentationID$": self.name, "$Bandwidth$": bandwidth}
        return _substituted(self.attributes[template], values)

    def segments(self, times: Sequence[tuple[int, int]]) -> tuple[str, ...]:
        """Names of the media segments."""
        media, first = self.named("media"), int(self.attributes.get("startNumber", "1"))
        return tuple(
            _numbered(media, first + index, start) for index, (start, _) in enumerate(times)
        )


def _representation(described: _Described) -> Representation:
    if described.timeline is None or not {"initialization", "media"} <= described.attributes.keys():
        raise UnreadableManifestError(f"Representation {described.name!r} has no segment timeline.")
    times = list(_times(described.timeline))
    return Representation(
        representation_id=described.name,
        init=described.named("initialization"),
        segments=described.segments(times),
        duration_seconds=sum(length for _, length in times) / described.timescale,
        key_id=_key_id(described.element) or _key_id(described.adaptation),
        codecs=tuple(filter(None, described.stated("codecs").replace(" ", "").split(","))),
        width=described.number("width"),
        height=described.number("height"),
        frame_rate=_frame_rate(described.stated("frameRate")),
        video_range=described.video_range,
    )


def _frame_rate(stated: str) -> Fraction | None:
    try:
        return Fraction(stated) if stated else None
    except (ValueError, ZeroDivisionError) as error:
        raise UnreadableManifestError(f"{stated!r} is not a frame rate.") from error


def _thumbnails(described: _Described, duration_seconds: float) -> Thumbnails:
    grid = next(
        (
            match
            for level in (described.element, described.adaptation)
            for found in level.findall(f"{{{_DASH}}}EssentialProperty")
            if found.get("schemeIdUri") in _THUMBNAIL_TILES
            and (match := _GRID.fullmatch(found.get("value", "")))
        ),
        None,
    )
    width, height = described.stated("width"), described.stated("height")
    if grid is None or "media" not in described.attributes or not width or not height:
        raise UnreadableManifestError(f"Thumbnails {described.name!r} are not in tiles.")
    times = described.times(duration_seconds)
    return Thumbnails(
        images=described.segments(times),
        columns=int(grid[1]),
        rows=int(grid[2]),
        width=int(width),
        height=int(height),
        image_seconds=times[0][1] / described.timescale,
    )


def _captions(described: _Described, duration_seconds: float) -> Captions:
    language = described.stated("lang")
    if "media" not in described.attributes:
        if described.base_url is None:
            raise UnreadableManifestError(f"Captions {described.name!r} name no file.")
        return Captions(language, (described.base_url,))
    init = (described.named("initialization"),) if "initialization" in described.attributes else ()
    return Captions(language, (*init, *described.segments(described.times(duration_seconds))))


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
