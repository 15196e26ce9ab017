"""Looks into uploaded files with MediaConvert's Probe."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from media.domain import Run
from media.source import Probed, VideoTrack

if TYPE_CHECKING:
    from mypy_boto3_mediaconvert import MediaConvertClient
    from mypy_boto3_s3 import S3Client

_UNREADABLE = frozenset({"BadRequestException", "UnprocessableEntityException"})
"""What Probe answers to a file that is not media; everything else is our fault or a pause."""

_STILLS = frozenset({"MJPEG", "UNKNOWN"})
"""What Probe calls the codecs of cover art: it has no name for PNG."""


class MediaConvertSources:
    """Uploaded files, read with the caller's own rights on the bucket."""

    def __init__(self, mediaconvert: MediaConvertClient, s3: S3Client) -> None:
        self._mediaconvert = mediaconvert
        self._s3 = s3

    def probe(self, run: Run) -> Probed | None:
        """What the file holds; None when it cannot be read as media at all."""
        try:
            answer: Any = self._mediaconvert.probe(InputFiles=[{"FileUrl": run.source_url}])
        except ClientError as error:
            if error.response["Error"].get("Code") in _UNREADABLE:
                return None
            raise
        results = answer.get("ProbeResults") or [{}]
        return probed(results[0].get("Container") or {})

    def first_bytes(self, run: Run, count: int) -> bytes:
        """How the file begins."""
        answer = self._s3.get_object(Bucket=run.bucket, Key=run.key, Range=f"bytes=0-{count - 1}")
        return answer["Body"].read()


def probed(container: Mapping[str, Any]) -> Probed | None:
    """Probe's Container as our own value; None when it lists no track."""
    tracks = container.get("Tracks") or []
    if not tracks:
        return None
    video = next((one for one in tracks if _is_picture(one)), None)
    # The picture's own length: sound may run on, and nothing of the film is missing then.
    duration = (video or {}).get("Duration") or container.get("Duration") or 0.0
    return Probed(
        container=str(container.get("Format", "")),
        duration_seconds=float(duration),
        video=None if video is None else _video(video.get("VideoProperties") or {}),
        audio_tracks=sum(1 for one in tracks if one.get("TrackType") == "audio"),
    )


def _is_picture(track: Mapping[str, Any]) -> bool:
    """Whether a track is moving pictures: a cover is a JPEG or PNG that has no frame rate."""
    has_rate = "FrameRate" in (track.get("VideoProperties") or {})
    return track.get("TrackType") == "video" and (has_rate or track.get("Codec") not in _STILLS)


def _video(properties: Mapping[str, Any]) -> VideoTrack:
    codec = properties.get("CodecMetadata") or {}
    return VideoTrack(
        width=int(properties.get("Width") or 0),
        height=int(properties.get("Height") or 0),
        frame_rate=_fraction(properties.get("FrameRate"), Fraction(0)),
        rotation_degrees=int(properties.get("Rotation") or 0),
        pixel_aspect=_fraction(properties.get("SampleAspectRatio"), Fraction(1)),
        interlaced=str(codec.get("ScanType", "")).lower() == "interlaced",
    )


def _fraction(value: Mapping[str, Any] | None, default: Fraction) -> Fraction:
    if not value or not value.get("Numerator") or not value.get("Denominator"):
        return default
    return Fraction(int(value["Numerator"]), int(value["Denominator"]))
