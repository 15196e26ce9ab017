"""Puts tiled thumbnails into a packaged group: files, a playlist, entries in its manifests.

DASH-IF's tiled thumbnails (Interoperability Points, 6.2.6) and the Image Media Playlist
specification 0.4; the service documents that it writes both, but not the names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from .dash_manifest import added_to_mpd, dash
from .encode import TileEncode
from .plan import CmafGroup
from .preparation import PreparedGroup, tile_name

THUMBNAIL_TILE = "http://dashif.org/guidelines/thumbnail_tile"


def write_thumbnails(prepared: PreparedGroup, seconds: float, folder: Path) -> None:
    """Adds the group's thumbnails, when it has any; `seconds` is how long the film lasts."""
    tiles, group = prepared.tiles, prepared.group
    if tiles is None:
        return
    found = sorted(tiles.pattern.parent.iterdir())
    needed = math.ceil(seconds / _tile_seconds(tiles) - 1e-6)
    # The last picture may fall on the film's very end; no moment needs it.
    kept = [file.replace(folder / file.name) for file in found[: max(1, needed)]]
    mpd = folder / f"{group.base}.mpd"
    mpd.write_bytes(added_to_mpd(mpd.read_bytes(), [_adaptation_set(group, tiles, kept)]))
    playlist = f"{group.base}_thumbnails.m3u8"
    (folder / playlist).write_text(_playlist(tiles, kept, seconds))
    master = folder / f"{group.base}.m3u8"
    width, height = _tile_size(tiles)
    master.write_text(
        f"{master.read_text()}#EXT-X-IMAGE-STREAM-INF:BANDWIDTH={_bandwidth(tiles, kept)},"
        f'RESOLUTION={width}x{height},CODECS="jpeg",URI="{playlist}"\n'
    )


def _tile_seconds(tiles: TileEncode) -> float:
    return float(tiles.interval) * tiles.columns * tiles.rows


def _tile_size(tiles: TileEncode) -> tuple[int, int]:
    return tiles.geometry.width * tiles.columns, tiles.geometry.height * tiles.rows


def _bandwidth(tiles: TileEncode, files: Sequence[Path]) -> int:
    """Bits per second while the largest image is fetched in its own time."""
    largest = max((file.stat().st_size for file in files), default=0)
    return math.ceil(largest * 8 / _tile_seconds(tiles))


def _adaptation_set(group: CmafGroup, tiles: TileEncode, files: Sequence[Path]) -> ET.Element:
    found = ET.Element(dash("AdaptationSet"), {"contentType": "image", "mimeType": "image/jpeg"})
    duration = tiles.interval * tiles.columns * tiles.rows
    ET.SubElement(
        found,
        dash("SegmentTemplate"),
        {
            "media": tile_name(group, "$Number%09d$"),
            "startNumber": "1",
            "duration": str(duration.numerator),
            "timescale": str(duration.denominator),
        },
    )
    width, height = _tile_size(tiles)
    representation = ET.SubElement(
        found,
        dash("Representation"),
        {
            "id": f"{group.base}_thumbnails",
            "bandwidth": str(_bandwidth(tiles, files)),
            "width": str(width),
            "height": str(height),
        },
    )
    grid = {"schemeIdUri": THUMBNAIL_TILE, "value": f"{tiles.columns}x{tiles.rows}"}
    ET.SubElement(representation, dash("EssentialProperty"), grid)
    return found


def _playlist(tiles: TileEncode, files: Sequence[Path], seconds: float) -> str:
    length = _tile_seconds(tiles)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{math.ceil(length)}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-IMAGES-ONLY",
    ]
    size = f"{tiles.geometry.width}x{tiles.geometry.height}"
    for index, file in enumerate(files):
        lines += [
            f"#EXTINF:{min(length, seconds - index * length):.3f},",
            f"#EXT-X-TILES:RESOLUTION={size},LAYOUT={tiles.columns}x{tiles.rows},"
            f"DURATION={float(tiles.interval):g}",
            file.name,
        ]
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"
