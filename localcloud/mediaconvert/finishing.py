"""Gives a packaged group what only MediaConvert's packager writes: per-key signalling, bandwidth.

The packager takes PSSH boxes for all tracks at once and knows no key server's playlist tags, so
init segments, MPD and playlists are finished here, before anything is written to S3.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .boxes import with_pssh
from .dash_manifest import DashProtection, finish_mpd
from .hls_playlists import finish_master_playlist, finish_media_playlist
from .packaging import Names, Track, names_of
from .plan import AudioRendition, CmafGroup, VideoRendition
from .preparation import PreparedGroup


def finish_group(prepared: PreparedGroup, durations: Mapping[Path, float], folder: Path) -> None:
    """Rewrites the files of one group in place; `durations` are of the encoded tracks."""
    group, tracks = prepared.group, prepared.tracks
    keys = {track.key.kid: track.key for track in tracks if track.key is not None}
    encryption = group.encryption
    hls_systems = () if encryption is None else encryption.hls_systems
    for track in tracks:
        names = names_of(group, track.output)
        if track.key is not None:
            _sign_init(folder / names.init, track)
        playlist = folder / names.playlist
        playlist.write_text(finish_media_playlist(playlist.read_text(), track.key, hls_systems))
    master = folder / f"{group.base}.m3u8"
    audio = {
        names_of(group, track.output).playlist: track.output
        for track in tracks
        if isinstance(track.output, AudioRendition)
    }
    master.write_text(
        finish_master_playlist(master.read_text(), list(keys.values()), hls_systems, audio)
    )
    mpd = folder / f"{group.base}.mpd"
    protection = (
        None
        if encryption is None
        else DashProtection(encryption.scheme, encryption.dash_systems, keys)
    )
    bandwidth = {
        names_of(group, track.output).init: _bandwidth(group, track, durations, folder)
        for track in tracks
    }
    mpd.write_bytes(finish_mpd(mpd.read_bytes(), protection, bandwidth))


def _sign_init(init: Path, track: Track) -> None:
    assert track.key is not None
    boxes = [
        signalling.pssh
        for signalling in track.key.signalling.values()
        if signalling.pssh is not None
    ]
    init.write_bytes(with_pssh(init.read_bytes(), boxes))


def _bandwidth(
    group: CmafGroup, track: Track, durations: Mapping[Path, float], folder: Path
) -> int:
    """AVERAGE: what the segments really hold; MAX: what the document allows a video."""
    if group.max_bandwidth_in_mpd and isinstance(track.output, VideoRendition):
        rate = track.output.codec.rate
        stated = rate.max_bitrate or rate.bitrate
        assert stated is not None
        return stated
    names = names_of(group, track.output)
    return round(_segment_bytes(folder, names) * 8 / max(durations[track.file], 0.001))


def _segment_bytes(folder: Path, names: Names) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if names.is_segment(file.name))
