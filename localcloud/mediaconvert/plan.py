"""A job as values: what shall be read, encoded, captured, packaged and encrypted.

`job_document` makes a plan from a document; nothing here knows the document, ffmpeg or S3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal


@dataclass(frozen=True)
class S3Location:
    """An object, or the beginning of object keys."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, url: str) -> S3Location:
        """Reads `s3://bucket/key`."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        return cls(bucket, key)

    @property
    def url(self) -> str:
        """As MediaConvert writes it."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class AudioSelector:
    """Which of the input's audio tracks a name stands for."""

    tracks: tuple[int, ...] = ()
    """Counted from 1 among the audio tracks; none given means the first."""
    language: str | None = None
    """Three-letter code in lower case, when chosen by language."""


@dataclass(frozen=True)
class Source:
    """The film to read."""

    location: S3Location
    audio_selectors: Mapping[str, AudioSelector]
    rotate: Literal["AUTO", 0, 90, 180, 270] = 0
    """MediaConvert does not rotate by itself, whatever the file asks for."""
    caption_files: Mapping[str, S3Location] = field(default_factory=dict)
    """WebVTT files beside the film, by the names of their caption selectors."""


@dataclass(frozen=True)
class RateControl:
    """How many bits the encoder may spend."""

    mode: Literal["QVBR", "VBR", "CBR"]
    bitrate: int | None
    max_bitrate: int | None
    quality: float | None
    """QVBR level with its fine tuning: 1 to 10."""
    buffer_bits: int | None


@dataclass(frozen=True)
class Gop:
    """Distance of key frames."""

    size: float
    in_seconds: bool

    def seconds(self, frame_rate: Fraction) -> float:
        """The distance in seconds at a frame rate."""
        return self.size if self.in_seconds else float(self.size / frame_rate)


@dataclass(frozen=True)
class H264:
    """One H.264 encode; numbers left out are the encoder's choice."""

    rate: RateControl
    gop: Gop
    tuning: str
    profile: str = "MAIN"
    level: str | None = None
    scene_change: bool = True
    entropy: str = "CABAC"
    b_frames: int | None = None
    b_reference: bool | None = None
    reference_frames: int | None = None
    slices: int | None = None


@dataclass(frozen=True)
class Picture:
    """Size and rate of the picture an output asks for; none given means as in the source."""

    width: int | None
    height: int | None
    scaling: str = "DEFAULT"
    frame_rate: Fraction | None = None
    pixel_aspect: Fraction | None = None
    deinterlace: Literal["interlaced", "all"] | None = None
    """Which frames are made progressive; none leaves the fields of a frame combed."""


@dataclass(frozen=True)
class VideoRendition:
    """One rung of the ladder."""

    modifier: str
    picture: Picture
    codec: H264
    audio_groups: tuple[str, ...] = ()
    """Named by the document; none means every audio rendition of the group."""


@dataclass(frozen=True)
class AudioRendition:
    """One AAC track."""

    modifier: str
    source: str
    """Name of the audio selector."""
    bitrate: int
    sample_rate: int
    channels: int | None
    """None follows the input."""
    language: str | None
    """Three-letter code in lower case, None follows the input."""
    name: str | None
    group: str
    default: bool
    auto_select: bool
    match_video_duration: bool


@dataclass(frozen=True)
class CaptionRendition:
    """One track of captions, from a file beside the film."""

    modifier: str
    source: str
    """Name of the caption selector."""
    language: str
    """As the document writes it: manifests carry it on."""
    name: str


CmafOutput = VideoRendition | AudioRendition | CaptionRendition


@dataclass(frozen=True)
class TrickPlay:
    """Small pictures of the film at a steady pace, several to a JPEG file."""

    interval_seconds: float
    width: int
    """Of one picture, in pixels."""
    height: int | None
    """None keeps the film's aspect ratio."""
    columns: int
    rows: int


@dataclass(frozen=True)
class Encryption:
    """What a CMAF group asks of its key server."""

    url: str
    resource_id: str
    scheme: Literal["cbcs", "cenc"]
    video_preset: str
    audio_preset: str
    dash_systems: tuple[str, ...]
    hls_systems: tuple[str, ...]
    constant_iv: bytes | None


@dataclass(frozen=True)
class CmafGroup:
    """HLS and DASH from one set of segments."""

    destination: S3Location
    """The key is the base of every name in the group."""
    outputs: tuple[CmafOutput, ...]
    segment_seconds: float
    exact_segments: bool
    fragment_seconds: float
    min_buffer_seconds: float | None
    max_bandwidth_in_mpd: bool
    encryption: Encryption | None
    trick_play: TrickPlay | None = None

    @property
    def base(self) -> str:
        """The last part of the destination: what file names begin with."""
        return self.destination.key.rpartition("/")[2]

    @property
    def captions(self) -> tuple[CaptionRendition, ...]:
        """The tracks of captions; the first is the default one."""
        return tuple(one for one in self.outputs if isinstance(one, CaptionRendition))

    @property
    def videos(self) -> Iterator[VideoRendition]:
        """The rungs, in the document's order."""
        return (output for output in self.outputs if isinstance(output, VideoRendition))


@dataclass(frozen=True)
class FrameCapture:
    """Pictures taken at a steady pace, written as JPEG."""

    modifier: str
    extension: str
    picture: Picture
    rate: Fraction
    most: int | None
    quality: int


@dataclass(frozen=True)
class WaveFile:
    """One uncompressed audio file."""

    modifier: str
    extension: str
    source: str
    bit_depth: int
    sample_rate: int
    channels: int | None


@dataclass(frozen=True)
class FileGroup:
    """Single files, each beside the others."""

    destination: S3Location
    outputs: tuple[FrameCapture | WaveFile, ...]

    @property
    def base(self) -> str:
        """The last part of the destination: what file names begin with."""
        return self.destination.key.rpartition("/")[2]


@dataclass(frozen=True)
class JobPlan:
    """Everything one job shall do."""

    source: Source
    groups: tuple[CmafGroup | FileGroup, ...]
