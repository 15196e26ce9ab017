"""The packager's command for one CMAF group, as data, and the names MediaConvert gives its files.

Names are flat: `<base>.mpd`, `<base>.m3u8`, and for each output `<base><modifier>.m3u8`,
`<base><modifier>init.cmfv` and `<base><modifier>_000000001.cmfv` (nine digits, from 1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .cpix import ContentKey
from .plan import AudioRendition, CaptionRendition, CmafGroup, CmafOutput, VideoRendition
from .tools import PACKAGER

UNDETERMINED: Final = "und"
"""ISO 639's code for an unknown language, which the packager refuses."""
_EXTENSIONS: Final[Mapping[type, str]] = {
    VideoRendition: "cmfv",
    AudioRendition: "cmfa",
    CaptionRendition: "vtt",
}


@dataclass(frozen=True)
class Track:
    """One encoded output, ready to be packaged."""

    output: VideoRendition | AudioRendition
    file: Path
    key: ContentKey | None
    """None stays in the clear."""
    language: str
    name: str


@dataclass(frozen=True)
class Names:
    """What the files of one output are called."""

    stem: str
    extension: str

    @property
    def init(self) -> str:
        """The initialization segment."""
        return f"{self.stem}init.{self.extension}"

    @property
    def template(self) -> str:
        """The media segments, with the packager's `$Number$`."""
        return f"{self.stem}_$Number%09d$.{self.extension}"

    @property
    def playlist(self) -> str:
        """The HLS media playlist."""
        return f"{self.stem}.m3u8"

    def is_segment(self, file_name: str) -> bool:
        """Whether a file is one of this output's media segments."""
        number = file_name.removeprefix(f"{self.stem}_").removesuffix(f".{self.extension}")
        return file_name == f"{self.stem}_{number}.{self.extension}" and number.isdigit()


def names_of(group: CmafGroup, output: CmafOutput) -> Names:
    """The names of one output of the group."""
    return Names(group.base + output.modifier, _EXTENSIONS[type(output)])


def key_frame_seconds(group: CmafGroup, gop_seconds: float) -> float:
    """How far apart key frames are put, so that every segment can begin with one."""
    if not group.exact_segments:
        return gop_seconds
    return group.segment_seconds / math.ceil(group.segment_seconds / gop_seconds - 1e-6)


def segment_seconds(group: CmafGroup, gops: Sequence[float]) -> float:
    """The segments' length: as asked, or rounded up to whole GOPs of the slowest rung."""
    if group.exact_segments or not gops:
        return group.segment_seconds
    longest = max(gops)
    return longest * math.ceil(group.segment_seconds / longest - 1e-6)


def package_command(
    group: CmafGroup, tracks: Sequence[Track], seconds: float, folder: Path
) -> list[str]:
    """Segments, MPD and playlists of a group, written into `folder`."""
    keys = {track.key.kid: track.key for track in tracks if track.key is not None}
    command = [
        PACKAGER,
        *(_stream(group, track, folder) for track in tracks),
        *("--segment_duration", f"{seconds:g}"),
        *("--fragment_duration", f"{min(group.fragment_seconds, seconds):g}"),
        # Without it, segment templates make the packager write a dynamic (live) MPD.
        "--generate_static_live_mpd",
        *("--mpd_output", str(folder / f"{group.base}.mpd")),
        *("--hls_master_playlist_output", str(folder / f"{group.base}.m3u8")),
        *("--hls_playlist_type", "VOD"),
        "--quiet",
    ]
    if group.min_buffer_seconds is not None:
        command += ["--min_buffer_time", f"{group.min_buffer_seconds:g}"]
    if not keys:
        return command
    assert group.encryption is not None
    return [
        *command,
        "--enable_raw_key_encryption",
        *("--keys", ",".join(_key(key) for key in keys.values())),
        *("--protection_scheme", group.encryption.scheme),
        *("--clear_lead", "0"),
        # The key server's own boxes are put in afterwards, for each key.
        "--mp4_include_pssh_in_stream=false",
    ]


def _stream(group: CmafGroup, track: Track, folder: Path) -> str:
    names = names_of(group, track.output)
    fields = {
        "in": str(track.file),
        "stream": "video" if isinstance(track.output, VideoRendition) else "audio",
        "init_segment": str(folder / names.init),
        "segment_template": str(folder / names.template),
        "output_format": "mp4",
        "playlist_name": names.playlist,
    }
    if isinstance(track.output, AudioRendition):
        fields |= {"hls_group_id": track.output.group, "hls_name": track.name}
        if track.language != UNDETERMINED:
            fields["language"] = track.language
    if group.encryption is not None:
        fields |= (
            {"skip_encryption": "1"} if track.key is None else {"drm_label": track.key.kid.hex}
        )
    return ",".join(f"{name}={value}" for name, value in fields.items())


def _key(key: ContentKey) -> str:
    return f"label={key.kid.hex}:key_id={key.kid.hex}:key={key.key.hex()}:iv={key.iv.hex()}"
