"""Captions as WebVTT files (W3C WebVTT): read, and cut into the segments of an HLS playlist."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TIMING = re.compile(
    r"((?:\d{2,}:)?\d{2}:\d{2}\.\d{3})[ \t]+-->[ \t]+((?:\d{2,}:)?\d{2}:\d{2}\.\d{3})"
)
_AT_FILM_TIME = "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0"
"""Cue times count from the film's beginning in every segment (RFC 8216, 3.5)."""


class NotWebVttError(ValueError):
    """The file is not WebVTT."""


@dataclass(frozen=True)
class Cue:
    """One caption, as the file writes it."""

    start: float
    """Seconds."""
    end: float
    text: str
    """Identifier, timing line and payload."""


@dataclass(frozen=True)
class Captions:
    """A file of captions."""

    header: str
    """All before the first cue: the signature, styles and regions."""
    cues: tuple[Cue, ...]

    def whole(self) -> str:
        """The file again."""
        return _written(self.header, self.cues)

    def segment(self, start: float, end: float) -> str:
        """The cues that show between two moments; one that lasts longer is in each segment."""
        shown = [cue for cue in self.cues if cue.start < end and cue.end > start]
        first, _, rest = self.header.partition("\n")
        return _written(f"{first}\n{_AT_FILM_TIME}\n{rest}".rstrip("\n"), shown)


def read(text: str) -> Captions:
    """The captions in a file; NotWebVttError."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if re.match(r"WEBVTT(?:[ \t\n]|\Z)", lines) is None:
        raise NotWebVttError("The file does not begin with WEBVTT.")
    header: list[str] = []
    cues: list[Cue] = []
    for block in re.split(r"\n{2,}", lines.strip("\n")):
        timing = None if block.startswith("NOTE") else _TIMING.search(block)
        if timing is not None:
            cues.append(Cue(_seconds(timing[1]), _seconds(timing[2]), block))
        elif not cues and not block.startswith("NOTE"):
            header.append(block)
    return Captions("\n\n".join(header), tuple(cues))


def _written(header: str, cues: Sequence[Cue]) -> str:
    return "\n\n".join([header, *(cue.text for cue in cues)]) + "\n"


def _seconds(clock: str) -> float:
    *hours, minutes, seconds = clock.split(":")
    return (int(hours[0]) if hours else 0) * 3600 + int(minutes) * 60 + float(seconds)
