"""A multivariant playlist that names every CDN: HLS content steering (RFC 8216bis, 4.4.6.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)(?:,|$)')
_RENDITION = "#EXT-X-MEDIA"
_VARIANT = "#EXT-X-STREAM-INF"
_OF_ONE_LINE = ("#EXT-X-I-FRAME-STREAM-INF", "#EXT-X-IMAGE-STREAM-INF")
_GROUPS = ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS")


@dataclass(frozen=True)
class Pathway:
    """A CDN as this play reaches it."""

    pathway_id: str
    folder: str
    """Absolute address of the film's folder, with what opens it, ending with a slash."""


def steered(multivariant: str, server: str, pathways: Sequence[Pathway]) -> str:
    """The playlist with every variant on every pathway, beginning with the first.

    `server` is where the order is asked for. Pathways have groups of their own, as in section
    9.12's example: a player that changes the CDN changes it for picture and sound.
    """
    common, streams = _parted(multivariant)
    steering = (
        f'#EXT-X-CONTENT-STEERING:SERVER-URI="{server}",PATHWAY-ID="{pathways[0].pathway_id}"'
    )
    lines = [*common, steering]
    for number, pathway in enumerate(pathways):
        for stream in streams:
            lines += _on(stream, pathway, number)
    return "\n".join(lines) + "\n"


def _parted(multivariant: str) -> tuple[list[str], list[tuple[str, ...]]]:
    """What is said once, and what is said for each stream: its tag, with a variant's address."""
    common: list[str] = []
    streams: list[tuple[str, ...]] = []
    lines = iter(line.strip() for line in multivariant.splitlines())
    for line in lines:
        tag = line.partition(":")[0]
        if tag == _VARIANT:
            streams.append((line, _address(lines)))
        elif tag in (_RENDITION, *_OF_ONE_LINE):
            streams.append((line,))
        elif line.startswith("#EXT"):
            common.append(line)
    return common, streams


def _address(lines: Iterator[str]) -> str:
    return next(line for line in lines if line and not line.startswith("#"))


def _on(stream: tuple[str, ...], pathway: Pathway, number: int) -> list[str]:
    """A stream's lines on one pathway."""
    tag, _, stated = stream[0].partition(":")
    attributes = {match[1]: match[2] for match in _ATTRIBUTE.finditer(stated)}
    if "URI" in attributes:
        attributes["URI"] = f'"{pathway.folder}{attributes["URI"].strip(chr(34))}"'
    for name in ("GROUP-ID",) if tag == _RENDITION else _GROUPS:
        if attributes.get(name, "NONE") != "NONE":
            attributes[name] = f'"{attributes[name].strip(chr(34))}-{number}"'
    if tag != _RENDITION:
        attributes["PATHWAY-ID"] = f'"{pathway.pathway_id}"'
    line = f"{tag}:" + ",".join(f"{name}={value}" for name, value in attributes.items())
    return [line, *(pathway.folder + address for address in stream[1:])]
