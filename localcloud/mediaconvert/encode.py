"""The one ffmpeg command of a job, as data: read once, decode once, write every output.

It makes intermediate files only; names and segments of the outputs are the packager's affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from .media_info import Stream
from .picture import Geometry
from .plan import H264, AudioRendition, FrameCapture, Picture, RateControl, VideoRendition, WaveFile
from .tools import FFMPEG

THREADS: Final = 2
"""For each encoder: more than a small machine has only adds memory and frames of delay."""
PRESETS: Final[Mapping[str, str]] = {
    "SINGLE_PASS": "veryfast",
    "SINGLE_PASS_HQ": "veryfast",
    "MULTI_PASS_HQ": "faster",
}
"""x264 preset by QualityTuningLevel; quality differs from the service's, signalling does not."""
_CRF_AT_ZERO: Final = 37.0
_CRF_PER_LEVEL: Final = 2.0
"""QVBR level 7 then is CRF 23, x264's own default."""
_JPEG_WORST: Final = 31
_JPEG_BEST: Final = 2
"""ffmpeg's quantiser range for JPEG."""
_TILE_QUALITY: Final = 6
"""Good enough for pictures a few fingers wide."""
_SCENE_CUT: Final = 40
"""x264's default threshold."""


@dataclass(frozen=True)
class VideoEncode:
    """One rung, with what the source decides about it."""

    rendition: VideoRendition
    geometry: Geometry
    frame_rate: Fraction
    key_frame_seconds: float
    file: Path


@dataclass(frozen=True)
class AudioEncode:
    """One AAC track, with what the source decides about it."""

    rendition: AudioRendition
    stream: Stream
    channels: int
    duration: float | None
    """Seconds to fill or cut to, when it shall match the video."""
    file: Path


@dataclass(frozen=True)
class CaptureEncode:
    """One series of pictures."""

    capture: FrameCapture
    geometry: Geometry
    pattern: Path
    """File name with a `%07d`."""


@dataclass(frozen=True)
class TileEncode:
    """Small pictures at a steady pace, several to a file."""

    interval: Fraction
    """Seconds."""
    geometry: Geometry
    """Of one picture."""
    columns: int
    rows: int
    deinterlace: str | None
    pattern: Path
    """File name with a `%09d`."""


@dataclass(frozen=True)
class WaveEncode:
    """One WAV file."""

    wave: WaveFile
    stream: Stream
    file: Path


@dataclass(frozen=True)
class EncodeJob:
    """All that one ffmpeg run shall do."""

    source: Path
    video: Stream | None
    auto_rotate: bool
    rotation: int
    """Degrees clockwise to turn by, when the document says so."""
    videos: tuple[VideoEncode, ...]
    audios: tuple[AudioEncode, ...]
    captures: tuple[CaptureEncode, ...]
    waves: tuple[WaveEncode, ...]
    tiles: tuple[TileEncode, ...] = ()


def encode_command(job: EncodeJob) -> list[str]:
    """The command line; progress comes on standard output as `key=value` lines."""
    command = [
        FFMPEG,
        "-hide_banner",
        "-nostdin",
        "-nostats",
        "-y",
        *("-loglevel", "error"),
        *("-progress", "pipe:1"),
        # MediaConvert turns a picture only when it is told to, whatever the file asks for.
        *(() if job.auto_rotate else ("-noautorotate",)),
        *("-i", str(job.source)),
    ]
    if job.videos or job.captures or job.tiles:
        command += ["-filter_complex", _filter_graph(job)]
    for index, video in enumerate(job.videos):
        command += ["-map", f"[v{index}]", *_video_options(video), str(video.file)]
    for index, capture in enumerate(job.captures):
        command += ["-map", f"[c{index}]", *_capture_options(capture), str(capture.pattern)]
    for index, tile in enumerate(job.tiles):
        command += ["-map", f"[t{index}]", *_tile_options(), str(tile.pattern)]
    for audio in job.audios:
        command += ["-map", f"0:{audio.stream.index}", *_aac_options(audio), str(audio.file)]
    for wave in job.waves:
        command += ["-map", f"0:{wave.stream.index}", *_wave_options(wave), str(wave.file)]
    return command


def _filter_graph(job: EncodeJob) -> str:
    assert job.video is not None
    turns = {90: ["transpose=clock"], 180: ["hflip", "vflip"], 270: ["transpose=cclock"]}
    count = len(job.videos) + len(job.captures) + len(job.tiles)
    names = [f"s{index}" for index in range(count)]
    split = ",".join([*turns.get(job.rotation, []), f"split={len(names)}"])
    chains = [f"[0:{job.video.index}]{split}" + "".join(f"[{name}]" for name in names)]
    for index, video in enumerate(job.videos):
        # start_time=0 repeats the first frame where the picture begins late, so that sound and
        # picture of every rung begin together.
        steps = f"{_progressive(video.rendition.picture)}fps={video.frame_rate}:start_time=0"
        chains.append(f"[s{index}]{steps},{_scale(video.geometry)},format=yuv420p[v{index}]")
    for index, capture in enumerate(job.captures):
        # round=up gives the pictures at exactly 0, 1/rate, 2/rate, …
        steps = f"{_progressive(capture.capture.picture)}fps={capture.capture.rate}"
        steps += ":start_time=0:round=up"
        name = f"s{len(job.videos) + index}"
        chains.append(f"[{name}]{steps},{_scale(capture.geometry)},format=yuvj420p[c{index}]")
    for index, tile in enumerate(job.tiles):
        name = f"s{len(job.videos) + len(job.captures) + index}"
        steps = f"{_fields(tile.deinterlace)}fps={1 / tile.interval}:start_time=0:round=up"
        grid = f"tile={tile.columns}x{tile.rows}"
        chains.append(f"[{name}]{steps},{_scale(tile.geometry)},{grid},format=yuvj420p[t{index}]")
    return ";".join(chains)


def _progressive(picture: Picture) -> str:
    return _fields(picture.deinterlace)


def _fields(deinterlace: str | None) -> str:
    return f"yadif=deint={deinterlace}," if deinterlace else ""


def _scale(geometry: Geometry) -> str:
    steps = [f"scale={geometry.inner_width}:{geometry.inner_height}:flags=bicubic"]
    if (geometry.inner_width, geometry.inner_height) != (geometry.width, geometry.height):
        steps.append(f"pad={geometry.width}:{geometry.height}:-1:-1")
    # Without it, ffmpeg keeps the shape of the source's pixels relative to the new size, and
    # rungs get sizes such as 853x480 in the playlists.
    aspect = geometry.pixel_aspect
    steps.append(f"setsar={aspect.numerator}/{aspect.denominator}")
    return ",".join(steps)


def _video_options(video: VideoEncode) -> list[str]:
    codec = video.rendition.codec
    distance = max(1, round(video.key_frame_seconds * video.frame_rate))
    return [
        *("-c:v", "libx264"),
        *("-threads", str(THREADS)),
        *("-preset", PRESETS[codec.tuning]),
        *("-profile:v", codec.profile.lower()),
        *(("-level", codec.level) if codec.level else ()),
        # Closed GOPs: a segment must decode without the one before.
        *("-flags", "+cgop"),
        *("-g", str(distance)),
        *("-keyint_min", str(distance)),
        *("-sc_threshold", str(_SCENE_CUT if codec.scene_change else 0)),
        # The same moments in every rung and every frame rate: a player switches between them.
        # The millisecond keeps a rounded distance from falling just behind the frame it means.
        *("-force_key_frames", f"expr:gte(t+0.001,n_forced*{video.key_frame_seconds:.6f})"),
        *_rate_options(codec.rate),
        *_structure_options(codec),
        "-an",
    ]


def _rate_options(rate: RateControl) -> list[str]:
    ceiling = rate.max_bitrate or rate.bitrate
    assert ceiling is not None
    options = ["-maxrate", str(ceiling), "-bufsize", str(rate.buffer_bits or 2 * ceiling)]
    if rate.mode == "QVBR":
        assert rate.quality is not None
        return [*options, "-crf", f"{_CRF_AT_ZERO - _CRF_PER_LEVEL * rate.quality:.2f}"]
    options += ["-b:v", str(rate.bitrate)]
    if rate.mode == "CBR":
        options[1] = str(rate.bitrate)
        options += ["-minrate", str(rate.bitrate), "-nal-hrd", "cbr"]
    return options


def _structure_options(codec: H264) -> list[str]:
    options = ["-coder", "1" if codec.entropy == "CABAC" and codec.profile != "BASELINE" else "0"]
    if codec.b_frames is not None:
        options += ["-bf", str(codec.b_frames)]
    if codec.b_reference is not None:
        options += ["-b-pyramid", "normal" if codec.b_reference else "none"]
    if codec.reference_frames is not None:
        options += ["-refs", str(codec.reference_frames)]
    if codec.slices is not None:
        options += ["-slices", str(codec.slices)]
    return options


def _capture_options(capture: CaptureEncode) -> list[str]:
    quality = round(_JPEG_WORST - (_JPEG_WORST - _JPEG_BEST) * (capture.capture.quality - 1) / 99)
    return [
        *("-c:v", "mjpeg"),
        *("-q:v", str(quality)),
        *(("-frames:v", str(capture.capture.most)) if capture.capture.most else ()),
        *("-f", "image2"),
        *("-start_number", "0"),
    ]


def _tile_options() -> list[str]:
    return ["-c:v", "mjpeg", "-q:v", str(_TILE_QUALITY), "-f", "image2", "-start_number", "1"]


def _aac_options(audio: AudioEncode) -> list[str]:
    # Silence for sound that begins late, so that it stays in step with the picture.
    filters = ["aresample=async=1:first_pts=0"]
    if audio.duration is not None:
        filters.append("apad")
    return [
        *("-af", ",".join(filters)),
        *("-c:a", "aac"),
        *("-b:a", str(audio.rendition.bitrate)),
        *("-ar", str(audio.rendition.sample_rate)),
        *("-ac", str(audio.channels)),
        *(("-t", f"{audio.duration:.6f}") if audio.duration is not None else ()),
        "-vn",
    ]


def _wave_options(wave: WaveEncode) -> list[str]:
    return [
        *("-c:a", "pcm_s24le" if wave.wave.bit_depth == 24 else "pcm_s16le"),
        *("-ar", str(wave.wave.sample_rate)),
        *(("-ac", str(wave.wave.channels)) if wave.wave.channels else ()),
        *("-f", "wav"),
        "-vn",
    ]
