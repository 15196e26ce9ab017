"""Turns a plan and what was found in the source into encodes and tracks: which key, which name.

Everything here is decided before a single frame is decoded; an input that cannot serve the plan
fails here, with the service's code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from .cpix import ContentKey
from .encode import (
    AudioEncode,
    CaptureEncode,
    EncodeJob,
    TileEncode,
    VideoEncode,
    WaveEncode,
)
from .encryption_contract import Kind, track_type_for
from .errors import NO_AUDIO, NO_VIDEO, JobFailedError
from .media_info import MediaInfo, Stream
from .packaging import Track, key_frame_seconds, names_of, segment_seconds
from .picture import Geometry, fit
from .plan import (
    AudioRendition,
    CaptionRendition,
    CmafGroup,
    FileGroup,
    FrameCapture,
    JobPlan,
    Picture,
    TrickPlay,
    VideoRendition,
    WaveFile,
)

DEFAULT_FRAME_RATE: Final = Fraction(25)
"""For a picture whose file states no rate at all."""


@dataclass(frozen=True)
class PreparedGroup:
    """A CMAF group with its encoded tracks, in the document's order."""

    group: CmafGroup
    segment_seconds: float
    tracks: tuple[Track, ...]
    """Without captions: nothing of them is encoded or encrypted."""
    tiles: TileEncode | None = None


@dataclass(frozen=True)
class Preparation:
    """All that shall be encoded and packaged."""

    encode: EncodeJob
    cmaf: Mapping[int, PreparedGroup]
    """By the group's place in the plan."""
    geometry: Mapping[Path, Geometry]
    """The picture in each intermediate file that holds one."""


class Preparer:
    """Prepares one job."""

    def __init__(
        self,
        plan: JobPlan,
        media: MediaInfo,
        folder: Path,
        keys: Mapping[int, tuple[ContentKey, ...]],
    ) -> None:
        self._plan = plan
        self._media = media
        self._folder = folder
        self._keys = keys
        self._videos: list[VideoEncode] = []
        self._audios: list[AudioEncode] = []
        self._captures: list[CaptureEncode] = []
        self._waves: list[WaveEncode] = []
        self._tiles: list[TileEncode] = []

    def prepare(self, source: Path) -> Preparation:
        """Raises JobFailedError when the source lacks what the plan needs."""
        cmaf = {
            index: self._cmaf(index, group)
            for index, group in enumerate(self._plan.groups)
            if isinstance(group, CmafGroup)
        }
        for group in self._plan.groups:
            if isinstance(group, FileGroup):
                self._files(group)
        rotate = self._plan.source.rotate
        encode = EncodeJob(
            source=source,
            video=self._media.video,
            auto_rotate=rotate == "AUTO" and self._media.may_be_turned,
            rotation=0 if rotate == "AUTO" else rotate,
            videos=tuple(self._videos),
            audios=tuple(self._audios),
            captures=tuple(self._captures),
            waves=tuple(self._waves),
            tiles=tuple(self._tiles),
        )
        geometry = {video.file: video.geometry for video in self._videos}
        return Preparation(encode, cmaf, geometry)

    def _cmaf(self, index: int, group: CmafGroup) -> PreparedGroup:
        tracks = tuple(
            self._video(index, group, output)
            if isinstance(output, VideoRendition)
            else self._audio(index, group, output)
            for output in group.outputs
            if not isinstance(output, CaptionRendition)
        )
        gops = [video.codec.gop.seconds(self._rate(video.picture)) for video in group.videos]
        tiles = None if group.trick_play is None else self._tile(index, group, group.trick_play)
        return PreparedGroup(group, segment_seconds(group, gops), tracks, tiles)

    def _tile(self, index: int, group: CmafGroup, wanted: TrickPlay) -> TileEncode:
        first = next(group.videos, None)
        if first is None:
            raise JobFailedError(NO_VIDEO, "Trick play needs an output with video in its group")
        rate = self._rate(first.picture)
        square = Picture(wanted.width, wanted.height, "STRETCH_TO_OUTPUT", pixel_aspect=Fraction(1))
        tiles = TileEncode(
            # The service rounds the interval to whole frames of the output.
            interval=max(1, round(wanted.interval_seconds * rate)) / rate,
            geometry=self._fit(square),
            columns=wanted.columns,
            rows=wanted.rows,
            deinterlace=first.picture.deinterlace,
            pattern=self._folder / f"{index}-tiles" / tile_name(group, "%09d"),
        )
        self._tiles.append(tiles)
        return tiles

    def _video(self, index: int, group: CmafGroup, output: VideoRendition) -> Track:
        file = self._folder / f"{index}-{names_of(group, output).stem}.mp4"
        geometry = self._fit(output.picture)
        rate = self._rate(output.picture)
        distance = key_frame_seconds(group, output.codec.gop.seconds(rate))
        self._videos.append(VideoEncode(output, geometry, rate, distance, file))
        return Track(output, file, self._key(index, "video", geometry.pixels), "und", "")

    def _audio(self, index: int, group: CmafGroup, output: AudioRendition) -> Track:
        file = self._folder / f"{index}-{names_of(group, output).stem}.m4a"
        stream = self._selected(output.source)
        channels = output.channels or stream.channels
        has_video = self._media.video is not None
        length = self._media.video_duration if output.match_video_duration and has_video else None
        self._audios.append(AudioEncode(output, stream, channels, length, file))
        language = output.language or stream.language
        key = self._key(index, "audio", channels)
        return Track(output, file, key, language, output.name or language)

    def _files(self, group: FileGroup) -> None:
        for output in group.outputs:
            if isinstance(output, FrameCapture):
                pattern = self._folder / f"{group.base}{output.modifier}.%07d.{output.extension}"
                self._captures.append(CaptureEncode(output, self._fit(output.picture), pattern))
            else:
                file = self._folder / file_name(group, output)
                self._waves.append(WaveEncode(output, self._selected(output.source), file))

    def _stream(self) -> Stream:
        if self._media.video is None:
            raise JobFailedError(NO_VIDEO, "No video elementary stream found in the input")
        return self._media.video

    def _fit(self, picture: Picture) -> Geometry:
        stream = self._stream()
        rotate = self._plan.source.rotate
        of_file = stream.rotation if self._media.may_be_turned else 0
        turned = of_file if rotate == "AUTO" else rotate
        return fit(picture, stream, turned=turned % 180 == 90)

    def _rate(self, picture: Picture) -> Fraction:
        return picture.frame_rate or self._stream().frame_rate or DEFAULT_FRAME_RATE

    def _selected(self, name: str) -> Stream:
        selector = self._plan.source.audio_selectors[name]
        tracks = self._media.audio
        if selector.language is not None:
            tracks = tuple(track for track in tracks if track.language == selector.language)
        number = selector.tracks[0] if selector.tracks else 1
        if number > len(tracks):
            raise JobFailedError(
                NO_AUDIO, f"No audio elementary stream found in the input for selector [{name}]"
            )
        return tracks[number - 1]

    def _key(self, index: int, kind: Kind, amount: int) -> ContentKey | None:
        keys = {key.track_type.name: key for key in self._keys.get(index, ())}
        wanted = track_type_for((key.track_type for key in keys.values()), kind, amount)
        return None if wanted is None else keys[wanted.name]


def tile_name(group: CmafGroup, number: str) -> str:
    """What an image of thumbnails is called (the service's own name is not documented)."""
    return f"{group.base}_thumbnails_{number}.jpg"


def file_name(group: FileGroup, output: WaveFile) -> str:
    """What a single file is called."""
    return f"{group.base}{output.modifier}.{output.extension}"
