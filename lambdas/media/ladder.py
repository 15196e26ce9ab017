"""The renditions a film is offered in: frozen rungs, capped at what the source holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from media.source import MIN_SIDE_PIXELS, Source

SEGMENT_SECONDS = 4
"""One GOP per segment: short enough to start and switch fast, long enough to compress well."""

MAX_FRAME_RATE = 60
"""What televisions and phones show; faster sources are halved until they fit."""

HIGH_FRAME_RATE = 30
"""Above this a rung may spend more."""

HIGH_FRAME_RATE_FACTOR = 1.5
"""Twice the frames cost about half as much again: neighbours resemble each other more."""

NEARLY = Fraction(9, 10)
"""A film that fills so much of a rung is offered in it at its own size: cropped by a few lines,
1918x1078 is still what people call 1080p, and the rung below would cost it a third."""

AUDIO_BITRATE_BPS = 128_000
"""AAC-LC stereo, transparent for films at this rate."""


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: a 16:9 box and what may be spent inside it."""

    label: str
    lines: int
    """The shorter side of the box in pixels."""
    max_bitrate_bps: int
    quality: int
    """QVBR level, 1 to 10 (MediaConvert user guide, QVBR: 7 for small screens, 8 for TV)."""

    @property
    def box(self) -> tuple[Fraction, int]:
        """Longer and shorter side; exact, so that a film of the rung's own size fits."""
        return self.lines * Fraction(16, 9), self.lines


H264_RUNGS = (
    Rung("144p", 144, 200_000, 6),
    Rung("240p", 240, 400_000, 6),
    Rung("360p", 360, 800_000, 7),
    Rung("480p", 480, 1_500_000, 7),
    Rung("720p", 720, 3_500_000, 8),
    Rung("1080p", 1080, 6_000_000, 8),
    Rung("1440p", 1440, 10_000_000, 8),
    Rung("2160p", 2160, 18_000_000, 8),
)
"""Ascending. Each rung spends 1.6 to 2.3 times the one below, so a switch is worth making."""


@dataclass(frozen=True)
class Rendition:
    """One rung applied to one film."""

    label: str
    width: int
    height: int
    max_bitrate_bps: int
    quality: int


@dataclass(frozen=True)
class Ladder:
    """All renditions of a film."""

    renditions: tuple[Rendition, ...]
    """Ascending."""
    frame_rate: Fraction | None
    """None keeps the source's."""
    has_audio: bool
    deinterlace: bool

    @property
    def heights(self) -> tuple[int, ...]:
        """Heights in pixels, ascending."""
        return tuple(rendition.height for rendition in self.renditions)


def ladder_for(source: Source) -> Ladder:
    """The rungs that fit inside the source, the last one maybe at the source's own size.

    That alone when the source is below them all.
    """
    frame_rate = _reduced(source.frame_rate)
    factor = HIGH_FRAME_RATE_FACTOR if frame_rate > HIGH_FRAME_RATE else 1.0
    fitted = [(rung, _scale(rung, source)) for rung in H264_RUNGS]
    renditions = [
        _rendition(rung, source, min(scale, Fraction(1)), factor)
        for rung, scale in fitted
        if scale * NEARLY <= 1 and _is_encodable(source, scale)
    ]
    return Ladder(
        renditions=tuple(renditions)
        or (_rendition(_rung_above(source), source, Fraction(1), factor),),
        frame_rate=frame_rate if frame_rate != source.frame_rate else None,
        has_audio=source.has_audio,
        deinterlace=source.interlaced,
    )


def _scale(rung: Rung, source: Source) -> Fraction:
    longer, shorter = max(source.width, source.height), min(source.width, source.height)
    return min(rung.box[0] / longer, Fraction(rung.box[1], shorter))


def _is_encodable(source: Source, scale: Fraction) -> bool:
    return min(source.width, source.height) * scale >= MIN_SIDE_PIXELS


def _rung_above(source: Source) -> Rung:
    return next((rung for rung in H264_RUNGS if _scale(rung, source) >= 1), H264_RUNGS[-1])


def _rendition(rung: Rung, source: Source, scale: Fraction, factor: float) -> Rendition:
    return Rendition(
        label=rung.label,
        width=_even(source.width * scale, source.width),
        height=_even(source.height * scale, source.height),
        max_bitrate_bps=round(rung.max_bitrate_bps * factor),
        quality=rung.quality,
    )


def _even(length: Fraction, limit: int) -> int:
    """The nearest even length within the source: 4:2:0 chroma has half the samples each way."""
    even = 2 * round(length / 2)
    return max(MIN_SIDE_PIXELS, even if even <= limit else even - 2)


def _reduced(frame_rate: Fraction) -> Fraction:
    while frame_rate > MAX_FRAME_RATE:
        frame_rate /= 2
    return frame_rate
