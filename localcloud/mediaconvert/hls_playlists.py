"""Makes the packager's playlists say what MediaConvert's would: the key server's tags, defaults.

It leaves addresses and segment durations as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .cpix import ContentKey
from .plan import AudioRendition

_ATTRIBUTE = r"{}=(?:YES|NO)"


def finish_media_playlist(playlist: str, key: ContentKey | None, systems: Sequence[str]) -> str:
    """A media playlist with the key server's EXT-X-KEY lines in place of the packager's.

    They stand behind the EXT-X-MAP: nothing is left in the clear. The packager itself writes
    lines for cbcs only.
    """
    longest = max((float(found) for found in re.findall(r"#EXTINF:([\d.]+)", playlist)), default=0)
    lines: list[str] = []
    for line in playlist.splitlines():
        if line.startswith("#EXT-X-KEY:"):
            continue
        if line.startswith("#EXT-X-MAP:"):
            lines += [line, *(() if key is None else _tags(key, systems, "media"))]
        elif line.startswith("#EXT-X-TARGETDURATION:"):
            # SPEC_COMPLIANT: rounded to the nearest second (RFC 8216, 4.3.3.1).
            lines.append(f"#EXT-X-TARGETDURATION:{max(1, int(longest + 0.5))}")
        elif not line.startswith("##"):
            lines.append(line)
    return "\n".join(lines) + "\n"


def _tags(key: ContentKey, systems: Sequence[str], playlist: str) -> list[str]:
    """The key server's lines as they are: what they say of an IV is its affair."""
    return [
        line.strip()
        for system in systems
        for line in key.signalling[system].hls[playlist].splitlines()
        if line.strip()
    ]


def finish_master_playlist(
    playlist: str,
    keys: Sequence[ContentKey],
    systems: Sequence[str],
    audio: Mapping[str, AudioRendition],
) -> str:
    """The multivariant playlist; `audio` is by the playlist each rendition is found at."""
    session = [line for key in keys for line in _tags(key, systems, "master")]
    lines: list[str] = []
    for line in playlist.splitlines():
        if line == "#EXTM3U":
            lines += [line, "#EXT-X-VERSION:6"]
        elif line == "#EXT-X-INDEPENDENT-SEGMENTS":
            lines += [line, *dict.fromkeys(session)]
        elif line.startswith("#EXT-X-MEDIA:TYPE=AUDIO"):
            lines.append(_with_choice(line, audio))
        elif line and not line.startswith("##"):
            lines.append(line)
    return "\n".join(lines) + "\n"


def _with_choice(line: str, audio: Mapping[str, AudioRendition]) -> str:
    uri = re.search(r'URI="([^"]+)"', line)
    rendition = audio.get(uri.group(1)) if uri else None
    if rendition is None:
        return line
    for name, chosen in (("DEFAULT", rendition.default), ("AUTOSELECT", rendition.auto_select)):
        line = re.sub(_ATTRIBUTE.format(name), f"{name}={'YES' if chosen else 'NO'}", line)
    return line
