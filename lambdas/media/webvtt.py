"""Caption files: WebVTT (W3C), or SubRip turned into it, checked before any use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kernel.errors import InvalidInputError

MAX_BYTES = 1024 * 1024
"""Captions of a long film take 150 KB; the whole request must fit Lambda's 6 MB."""

_ARROW = "-->"
_CLOCK = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)[.,](\d{3})"
_TIMING = re.compile(rf"\s*{_CLOCK}\s+-->\s+{_CLOCK}(?:\s+(.*))?")
_CUE_NUMBER = re.compile(r"\d+")
_NO_CUES = ("NOTE", "STYLE", "REGION")
"""Blocks of WebVTT that show nothing by themselves."""


@dataclass(frozen=True)
class _Block:
    """Lines between blank lines."""

    first_line: int
    """Its number in the file, from 1."""
    lines: tuple[str, ...]


def checked(text: str) -> str:
    """The captions as WebVTT with `.`, `\\n` and no byte order mark.

    InvalidInputError names the line that is wrong.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InvalidInputError(
            f"text: captions may have {MAX_BYTES:,} bytes.", field="text", limit=MAX_BYTES
        )
    if any(0xD800 <= ord(character) < 0xE000 or character == "\0" for character in text):
        raise InvalidInputError("text: is not valid Unicode.", field="text")
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    blocks = list(_blocks(lines))
    is_webvtt = bool(blocks) and re.match(r"WEBVTT(?:[ \t]|$)", blocks[0].lines[0]) is not None
    header = "\n".join(blocks.pop(0).lines) if is_webvtt else "WEBVTT"
    written = [_checked_block(block, is_webvtt=is_webvtt) for block in blocks]
    if not any(_ARROW in block for block in written):
        raise InvalidInputError(
            "text: holds no captions; send a WebVTT or SubRip file.", field="text"
        )
    return "\n\n".join([header, *written]) + "\n"


def _blocks(text: str) -> Iterator[_Block]:
    gathered: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.strip():
            gathered.append(line)
        elif gathered:
            yield _Block(number - len(gathered), tuple(gathered))
            gathered = []


def _checked_block(block: _Block, *, is_webvtt: bool) -> str:
    if is_webvtt and block.lines[0].split(maxsplit=1)[0] in _NO_CUES:
        return "\n".join(block.lines)
    at = 0 if _ARROW in block.lines[0] else 1
    if at >= len(block.lines) or _ARROW not in block.lines[at]:
        raise _wrong(block.first_line, "is no caption: its times are missing.")
    number = block.first_line + at
    timing = _TIMING.fullmatch(block.lines[at])
    if timing is None:
        raise _wrong(number, "should read like 00:01:02.500 --> 00:01:04.000.")
    start, end = _milliseconds(*timing.groups()[:4]), _milliseconds(*timing.groups()[4:8])
    if end <= start:
        raise _wrong(number, "ends before it begins.")
    payload = block.lines[at + 1 :]
    if any(_ARROW in line for line in payload):
        raise _wrong(number, "is not followed by a blank line before the next caption.")
    # SubRip numbers its captions; in WebVTT such an identifier would mean nothing.
    named = at and not (not is_webvtt and _CUE_NUMBER.fullmatch(block.lines[0].strip()))
    identifier = [block.lines[0]] if named else []
    settings = f" {timing[9]}" if timing[9] and is_webvtt else ""
    times = f"{_clock(start)} {_ARROW} {_clock(end)}{settings}"
    return "\n".join([*identifier, times, *payload])


def _wrong(line: int, problem: str) -> InvalidInputError:
    return InvalidInputError(f"text: line {line} {problem}", field="text", line=line)


def _milliseconds(hours: str | None, minutes: str, seconds: str, thousandths: str) -> int:
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(thousandths)


def _clock(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"
