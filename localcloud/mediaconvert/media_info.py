"""What ffprobe says of a media file, as typed values; it decides nothing about the film."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from .tools import FFPROBE

CONTAINER_SIGNATURES: tuple[tuple[int, bytes], ...] = (
    (4, b"ftyp"),
    (4, b"moov"),
    (4, b"mdat"),
    (4, b"wide"),
    (4, b"free"),
    (0, b"\x1aE\xdf\xa3"),
    (0, b"RIFF"),
    (0, b"RF64"),
    (0, b"\x06\x0e\x2b\x34"),
    (0, b"\x00\x00\x01\xba"),
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b"ID3"),
    (0, b"\xff\xfb"),
    (0, b"0&\xb2u\x8ef\xcf\x11"),
)
"""Where and how the containers that MediaConvert reads begin."""


@dataclass(frozen=True)
class Stream:
    """One track, with ffprobe's own description at hand."""

    index: int
    kind: str
    """`video`, `audio` or anything else ffprobe calls a stream."""
    raw: Mapping[str, Any]

    @property
    def codec(self) -> str:
        """ffprobe's codec name, or an empty string."""
        return str(self.raw.get("codec_name", ""))

    @property
    def duration(self) -> float | None:
        """Seconds, when the container states them for the track; Matroska does so in a tag."""
        stated = _float(self.raw.get("duration"))
        return stated or _clock(str(self.raw.get("tags", {}).get("DURATION", "")))

    @property
    def width(self) -> int:
        """Pixels as stored, before any rotation."""
        return int(self.raw.get("width", 0))

    @property
    def height(self) -> int:
        """Pixels as stored, before any rotation."""
        return int(self.raw.get("height", 0))

    @property
    def frame_rate(self) -> Fraction | None:
        """Frames a second: the average, or the base rate where there is no average.

        A cover does not move: the base rate that ffprobe makes up for it is a clock's.
        """
        if self.is_cover:
            return None
        return _fraction(self.raw.get("avg_frame_rate")) or _fraction(self.raw.get("r_frame_rate"))

    @property
    def is_cover(self) -> bool:
        """Whether it is a picture that belongs to the file, and no film."""
        return bool(self.raw.get("disposition", {}).get("attached_pic"))

    @property
    def sample_aspect(self) -> Fraction:
        """Width of a pixel over its height; square when unknown."""
        stated = str(self.raw.get("sample_aspect_ratio", "")).replace(":", "/")
        return _fraction(stated) or Fraction(1)

    @property
    def rotation(self) -> int:
        """Clockwise degrees the container asks a player to turn the picture by: 0 to 359."""
        for side in self.raw.get("side_data_list", []):
            if "rotation" in side:
                return round(-float(side["rotation"])) % 360
        return 0

    @property
    def interlaced(self) -> bool:
        """Whether the fields of a frame belong to different moments."""
        return self.raw.get("field_order", "progressive") not in ("progressive", "unknown")

    @property
    def channels(self) -> int:
        """Audio channels."""
        return int(self.raw.get("channels", 0))

    @property
    def language(self) -> str:
        """Three-letter code, `und` when the file does not say."""
        return str(self.raw.get("tags", {}).get("language", "und"))


@dataclass(frozen=True)
class MediaInfo:
    """One media file."""

    format_names: tuple[str, ...]
    duration: float | None
    bit_rate: int | None
    streams: tuple[Stream, ...]
    raw_format: Mapping[str, Any]

    @property
    def video(self) -> Stream | None:
        """The first moving picture; cover art does not count."""
        return next((s for s in self.streams if s.kind == "video" and not s.is_cover), None)

    @property
    def may_be_turned(self) -> bool:
        """Whether the service looks for a rotation here: in MP4 and MOV only (the model)."""
        return "mov" in self.format_names

    @property
    def audio(self) -> tuple[Stream, ...]:
        """The audio tracks, in file order."""
        return tuple(s for s in self.streams if s.kind == "audio")

    @property
    def video_duration(self) -> float:
        """Seconds of picture, falling back on the container's length."""
        of_track = self.video.duration if self.video else None
        return of_track or self.duration or 0.0


def probe_command(path: Path) -> list[str]:
    """ffprobe's command for one file; its answer is for `parse`."""
    return [
        FFPROBE,
        *("-v", "error"),
        *("-print_format", "json"),
        "-show_format",
        "-show_streams",
        str(path),
    ]


def parse(answer: str) -> MediaInfo | None:
    """Reads ffprobe's JSON; nothing when it found no media in the file."""
    try:
        document = json.loads(answer or "{}")
    except json.JSONDecodeError:
        return None
    if not document.get("streams"):
        return None
    form = document.get("format", {})
    bit_rate = _float(form.get("bit_rate"))
    return MediaInfo(
        format_names=tuple(str(form.get("format_name", "")).split(",")),
        duration=_float(form.get("duration")),
        bit_rate=None if bit_rate is None else int(bit_rate),
        streams=tuple(
            Stream(int(item["index"]), str(item.get("codec_type", "")), item)
            for item in document["streams"]
        ),
        raw_format=form,
    )


def looks_like_media(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a container that MediaConvert reads."""
    transport_stream = head[:1] == b"\x47" and head[188:189] == b"\x47"
    return transport_stream or any(
        head[at : at + len(mark)] == mark for at, mark in CONTAINER_SIGNATURES
    )


def _clock(text: str) -> float | None:
    """Seconds of `hh:mm:ss.fraction`."""
    hours, _, rest = text.partition(":")
    minutes, _, seconds = rest.partition(":")
    parts = [_float(part) for part in (hours, minutes, seconds)]
    if any(part is None for part in parts):
        return None
    return sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=True) if part)


def _float(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _fraction(value: object) -> Fraction | None:
    try:
        found = Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        return None
    return found if found > 0 else None
