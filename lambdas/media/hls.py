"""HLS playlists as far as the pipeline reads and rewrites them (RFC 8216bis)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

_URI = re.compile(r'URI="([^"]*)"')
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)(?:,|$)')
_METHOD = re.compile(r"METHOD=([A-Z0-9-]+)")
_KEY_TAGS = ("#EXT-X-KEY:", "#EXT-X-SESSION-KEY:")
_VARIANT_TAGS = ("#EXT-X-STREAM-INF:", "#EXT-X-I-FRAME-STREAM-INF:")
_GROUPS = ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS")
_PLAYLIST_TAGS = ("#EXT-X-MEDIA:", "#EXT-X-I-FRAME-STREAM-INF:", "#EXT-X-IMAGE-STREAM-INF:")


@dataclass(frozen=True)
class MediaPlaylist:
    """One rendition's playlist."""

    init: str | None
    """Name of the initialization segment."""
    segments: tuple[str, ...]
    duration_seconds: float
    is_finished: bool
    """Whether it says that nothing follows: a film without it is taken for a live stream."""
    is_key_frames_only: bool


def playlists(multivariant: str) -> tuple[str, ...]:
    """The playlists that a multivariant playlist names, in order, once each."""
    names: dict[str, None] = {}
    for line in multivariant.splitlines():
        if line and not line.startswith("#"):
            names[line.strip()] = None
        elif line.startswith(_PLAYLIST_TAGS) and (uri := _URI.search(line)):
            names[uri.group(1)] = None
    return tuple(names)


def renamed(multivariant: str, names: Mapping[str, str]) -> str:
    """The multivariant playlist over other playlists, without session keys."""

    def rename(match: re.Match[str]) -> str:
        return f'URI="{names.get(match.group(1), match.group(1))}"'

    lines = []
    for line in multivariant.splitlines():
        if line.startswith("#EXT-X-SESSION-KEY:"):
            continue
        if line.startswith(_PLAYLIST_TAGS):
            lines.append(_URI.sub(rename, line))
        else:
            lines.append(line if line.startswith("#") else names.get(line.strip(), line))
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Variant:
    """One rendition of a multivariant playlist, for all frames or for key frames alone."""

    playlist: str
    attributes: Mapping[str, str]
    """As they are written, quoted or not."""
    is_key_frames_only: bool

    @property
    def codecs(self) -> frozenset[str]:
        """The sample entries of picture and sound; empty where it does not say."""
        stated = self.attributes.get("CODECS", "").strip('"')
        return frozenset(one.strip().partition(".")[0] for one in stated.split(",") if one.strip())


Narrowing = Callable[[Variant], Mapping[str, str] | None]
"""Attributes that a variant gets besides its own, as they are written; None drops it."""


def variants(multivariant: str) -> tuple[Variant, ...]:
    """The variants of a multivariant playlist, in order."""
    found = []
    lines = multivariant.splitlines()
    for number, line in enumerate(lines):
        if line.startswith(_VARIANT_TAGS):
            found.append(_variant(lines, number))
    return tuple(found)


def narrowed(multivariant: str, narrowing: Narrowing) -> str:
    """The multivariant playlist with some of its variants, and the groups that those name."""
    lines = multivariant.splitlines()
    kept: list[str] = []
    groups: set[tuple[str, str]] = set()
    skip = False
    for number, line in enumerate(lines):
        if not line.startswith(_VARIANT_TAGS):
            if not (skip and line and not line.startswith("#")):
                kept.append(line)
            skip = skip and not (line and not line.startswith("#"))
            continue
        variant = _variant(lines, number)
        more = narrowing(variant)
        skip = more is None and not variant.is_key_frames_only
        if more is None:
            continue
        attributes = {**variant.attributes, **more}
        groups |= {(kind, attributes[kind].strip('"')) for kind in _GROUPS if kind in attributes}
        tag = line.partition(":")[0]
        kept.append(f"{tag}:" + ",".join(f"{name}={value}" for name, value in attributes.items()))
    return "\n".join(line for line in kept if _is_named(line, groups)) + "\n"


def _variant(lines: Sequence[str], number: int) -> Variant:
    tag, _, stated = lines[number].partition(":")
    attributes = {match[1]: match[2] for match in _ATTRIBUTE.finditer(stated)}
    only_key_frames = tag == "#EXT-X-I-FRAME-STREAM-INF"
    playlist = (
        attributes.get("URI", "").strip('"')
        if only_key_frames
        else next((line.strip() for line in lines[number + 1 :] if line and line[0] != "#"), "")
    )
    return Variant(playlist, attributes, only_key_frames)


def _is_named(line: str, groups: Collection[tuple[str, str]]) -> bool:
    """Whether a line stays: renditions of groups that no variant names do not."""
    if not line.startswith("#EXT-X-MEDIA:"):
        return True
    attributes = {match[1]: match[2].strip('"') for match in _ATTRIBUTE.finditer(line[13:])}
    return (attributes.get("TYPE", ""), attributes.get("GROUP-ID", "")) in groups


def media_playlist(text: str) -> MediaPlaylist:
    """Read a media playlist."""
    init: str | None = None
    segments: list[str] = []
    duration = 0.0
    for line in text.splitlines():
        if line.startswith("#EXT-X-MAP:") and (uri := _URI.search(line)):
            init = uri.group(1)
        elif line.startswith("#EXTINF:"):
            duration += float(line.removeprefix("#EXTINF:").split(",")[0])
        elif line and not line.startswith("#"):
            segments.append(line.strip())
    return MediaPlaylist(
        init=init,
        segments=tuple(segments),
        duration_seconds=duration,
        is_finished="#EXT-X-ENDLIST" in text.splitlines(),
        is_key_frames_only="#EXT-X-I-FRAMES-ONLY" in text.splitlines(),
    )


def is_encrypted(text: str) -> bool:
    """Whether a media playlist names a key."""
    return any(
        line.startswith(_KEY_TAGS) and "METHOD=NONE" not in line for line in text.splitlines()
    )


def with_clearkey(text: str, key_id_of_init: Callable[[str], UUID]) -> str:
    """The media playlist with one ClearKey line in place of every other key system's.

    This is the form hls.js reads; a second line for `identity` would break it on cbcs. The method
    stays what the replaced line says: SAMPLE-AES for cbcs, SAMPLE-AES-CTR for cenc.
    """
    lines: list[str] = []
    init = media_playlist(text).init
    written = False
    for line in text.splitlines():
        if not line.startswith(_KEY_TAGS) or "METHOD=NONE" in line:
            lines.append(line)
            # A stretch in the clear ends at the next key.
            written = written and "METHOD=NONE" not in line
        elif not written and init is not None:
            method = _METHOD.search(line)
            lines.append(_clearkey_line(method[1] if method else "", key_id_of_init(init)))
            written = True
    return "\n".join(lines) + "\n"


def _clearkey_line(method: str, key_id: UUID) -> str:
    encoded = base64.b64encode(key_id.bytes).decode("ascii")
    return (
        f'#EXT-X-KEY:METHOD={method},URI="data:text/plain;base64,{encoded}",'
        f'KEYID=0x{key_id.hex},KEYFORMATVERSIONS="1",KEYFORMAT="org.w3.clearkey"'
    )
