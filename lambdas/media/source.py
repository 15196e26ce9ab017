"""Which files can become a film: rules over what MediaConvert's Probe says of them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from media.domain import RefusedSourceError

SOUND_ONLY_CONTAINERS = frozenset({"mp3", "flac", "wave", "aac", "ac3", "eac3"})
"""A picture in one of these is cover art."""

MIN_SIDE_PIXELS = 32
"""The smallest width and height MediaConvert writes (its API model)."""

MAX_SIDE_PIXELS = 8192
"""The largest width and height MediaConvert handles (its API model)."""

TURNED_CONTAINERS = frozenset({"mp4", "quicktime"})
"""Where MediaConvert looks for a rotation (its API model, VideoSelector, Rotate)."""

_EXPORT_AGAIN = "Export the film again, check that it plays to the end, and upload that file."
_UPLOAD_FILM = "Upload the film itself: MP4, MOV, MKV, MXF or MPEG-TS with a picture."


@dataclass(frozen=True)
class VideoTrack:
    """The first video track as probed."""

    width: int
    height: int
    frame_rate: Fraction
    """Zero when unknown."""
    rotation_degrees: int = 0
    """Clockwise, from the container; coded pixels are shown turned by it."""
    pixel_aspect: Fraction = Fraction(1)
    interlaced: bool = False


@dataclass(frozen=True)
class Probed:
    """What Probe found."""

    container: str
    duration_seconds: float
    video: VideoTrack | None
    audio_tracks: int


@dataclass(frozen=True)
class Source:
    """A film that was accepted."""

    width: int
    """As shown: turned upright, in square pixels."""
    height: int
    frame_rate: Fraction
    duration_seconds: float
    has_audio: bool
    interlaced: bool


def accept(probed: Probed) -> Source:
    """The film a file holds; RefusedSourceError says why it holds none."""
    if probed.video is None or probed.container in SOUND_ONLY_CONTAINERS:
        raise RefusedSourceError("no_video", "The file has no picture, only sound.", _UPLOAD_FILM)
    if probed.duration_seconds <= 0:
        raise RefusedSourceError(
            "zero_duration",
            "The film's duration is zero: the file holds no frames, or its end was never written.",
            _EXPORT_AGAIN,
        )
    width, height = _shown_size(probed.video, probed.container)
    if min(width, height) < MIN_SIDE_PIXELS:
        raise RefusedSourceError(
            "too_small",
            f"The picture is {width} by {height} pixels; each side needs {MIN_SIDE_PIXELS}.",
            "Upload the film in its original size.",
        )
    if max(width, height, probed.video.width, probed.video.height) > MAX_SIDE_PIXELS:
        raise RefusedSourceError(
            "too_large",
            f"The picture is {width} by {height} pixels; no side may have more than "
            f"{MAX_SIDE_PIXELS}.",
            "Export the film in 8K or less; it is offered in 4K at most.",
        )
    return Source(
        width=width,
        height=height,
        frame_rate=probed.video.frame_rate,
        duration_seconds=probed.duration_seconds,
        has_audio=probed.audio_tracks > 0,
        interlaced=probed.video.interlaced,
    )


def _shown_size(video: VideoTrack, container: str) -> tuple[int, int]:
    # Anamorphic video is narrowed or widened, never given more lines.
    width = round(video.width * video.pixel_aspect)
    if container in TURNED_CONTAINERS and video.rotation_degrees % 180 == 90:
        return video.height, width
    return width, video.height


def unreadable(head: bytes) -> RefusedSourceError:
    """The refusal of a file that Probe cannot read, told by how the file begins."""
    if _begins_like_a_film(head):
        return RefusedSourceError(
            "truncated",
            "The file begins like a film, but the part that describes it is missing or damaged: "
            "it was cut off, or copied while it was still being written.",
            _EXPORT_AGAIN,
        )
    return RefusedSourceError(
        "not_a_film", "The file is not a film, whatever its name says.", _UPLOAD_FILM
    )


def _begins_like_a_film(head: bytes) -> bool:
    signatures = (
        (4, b"ftyp"),  # MP4, MOV, 3GP: ISO 14496-12, section 4.3
        (4, b"moov"),
        (4, b"mdat"),
        (4, b"wide"),
        (0, b"\x1a\x45\xdf\xa3"),  # Matroska, WebM: RFC 8794, section 8.1
        (0, b"\x06\x0e\x2b\x34"),  # MXF: SMPTE ST 377-1, partition pack key
        (0, b"RIFF"),
        (0, b"\x00\x00\x01\xba"),  # MPEG program stream
    )
    starts = any(head[at : at + len(mark)] == mark for at, mark in signatures)
    # Transport packets are 188 bytes, each beginning with 0x47: ISO 13818-1, section 2.4.3.
    return starts or (head[:1] == b"\x47" and head[188:189] == b"\x47")


DURATION_TOLERANCE_SECONDS = 1.0
"""Audio frames, the last GOP and rounding in manifests together stay under this."""

DURATION_TOLERANCE_RATIO = 0.01
"""Containers round and edit lists trim: one per cent of a long film."""


def check_nothing_lost(source_seconds: float, packaged_seconds: float) -> None:
    """RefusedSourceError when the film ended before the length that its file declares."""
    tolerance = max(DURATION_TOLERANCE_SECONDS, source_seconds * DURATION_TOLERANCE_RATIO)
    if packaged_seconds < source_seconds - tolerance:
        raise RefusedSourceError(
            "truncated",
            f"The file promises {source_seconds:.1f} seconds but its picture ends after "
            f"{packaged_seconds:.1f}: it was cut off.",
            _EXPORT_AGAIN,
        )
