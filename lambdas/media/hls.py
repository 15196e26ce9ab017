"""HLS playlists as far as the pipeline reads and rewrites them (RFC 8216bis)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

_URI = re.compile(r'URI="([^"]*)"')
_METHOD = re.compile(r"METHOD=([A-Z0-9-]+)")
_KEY_TAGS = ("#EXT-X-KEY:", "#EXT-X-SESSION-KEY:")
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
