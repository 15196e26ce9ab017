"""Writes tracks of captions into a packaged group: files, playlists, entries in its manifests.

HLS gets segments as long as the video's, DASH one file for each track. The service documents
neither the names nor which of DASH's forms it takes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from .dash_manifest import added_to_mpd, dash
from .packaging import Names, names_of
from .plan import CaptionRendition, CmafGroup
from .preparation import PreparedGroup
from .webvtt import Captions

GROUP: Final = "subs"
"""The one group of subtitles in the multivariant playlist."""
_BANDWIDTH: Final = 1000
"""Bits per second, about what subtitles take: nobody chooses by it."""


def write_captions(
    prepared: PreparedGroup, captions: Mapping[str, Captions], seconds: float, folder: Path
) -> None:
    """Adds every track of the group; `seconds` is how long the film lasts."""
    group = prepared.group
    if not group.captions:
        return
    for track in group.captions:
        _write_track(
            group, track, captions[track.source], prepared.segment_seconds, seconds, folder
        )
    mpd = folder / f"{group.base}.mpd"
    sets = [_adaptation_set(group, track) for track in group.captions]
    mpd.write_bytes(added_to_mpd(mpd.read_bytes(), sets))
    master = folder / f"{group.base}.m3u8"
    master.write_text(_with_subtitles(master.read_text(), group))


def _write_track(
    group: CmafGroup,
    track: CaptionRendition,
    captions: Captions,
    segment_seconds: float,
    seconds: float,
    folder: Path,
) -> None:
    names = names_of(group, track)
    (folder / _whole(names)).write_text(captions.whole(), encoding="utf-8")
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        f"#EXT-X-TARGETDURATION:{max(1, int(segment_seconds + 0.5))}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    for index in range(max(1, math.ceil(seconds / segment_seconds - 1e-6))):
        start = index * segment_seconds
        end = min(start + segment_seconds, seconds)
        name = names.template.replace("$Number%09d$", f"{index + 1:09d}")
        (folder / name).write_text(captions.segment(start, end), encoding="utf-8")
        lines += [f"#EXTINF:{end - start:.3f},", name]
    (folder / names.playlist).write_text("\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n")


def _whole(names: Names) -> str:
    return f"{names.stem}.{names.extension}"


def _adaptation_set(group: CmafGroup, track: CaptionRendition) -> ET.Element:
    names = names_of(group, track)
    found = ET.Element(
        dash("AdaptationSet"),
        {"contentType": "text", "mimeType": "text/vtt", "lang": track.language},
    )
    role = {"schemeIdUri": "urn:mpeg:dash:role:2011", "value": "subtitle"}
    ET.SubElement(found, dash("Role"), role)
    ET.SubElement(found, dash("Label")).text = track.name
    representation = ET.SubElement(
        found, dash("Representation"), {"id": names.stem, "bandwidth": str(_BANDWIDTH)}
    )
    ET.SubElement(representation, dash("BaseURL")).text = _whole(names)
    return found


def _with_subtitles(master: str, group: CmafGroup) -> str:
    lines: list[str] = []
    written = False
    for line in master.splitlines():
        if not written and line.startswith(("#EXT-X-MEDIA:", "#EXT-X-STREAM-INF:")):
            lines += [_media(group, track) for track in group.captions]
            written = True
        if line.startswith("#EXT-X-STREAM-INF:"):
            line += f',SUBTITLES="{GROUP}"'
        lines.append(line)
    return "\n".join(lines) + "\n"


def _media(group: CmafGroup, track: CaptionRendition) -> str:
    # The track that the document names first is the default (user guide, sidecar captions).
    default = "YES" if track is group.captions[0] else "NO"
    return (
        f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="{GROUP}",LANGUAGE="{track.language}",'
        f'NAME="{track.name}",DEFAULT={default},AUTOSELECT=YES,FORCED=NO,'
        f'URI="{names_of(group, track).playlist}"'
    )
