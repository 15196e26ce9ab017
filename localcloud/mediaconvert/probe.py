"""Probe: what MediaConvert says of a file before any job, in its own names.

A field is left out when the file does not state it. A file whose first bytes are of no known
container is a bad request; one that is recognised and cannot be read is malformed or corrupt
(422): the choice follows the words of the service's model.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from . import media_info
from .errors import RequestRefusedError, bad_request, forbidden, not_found, unprocessable
from .media_info import MediaInfo, Stream
from .plan import S3Location
from .probe_names import (
    CODECS,
    CONTAINERS,
    DATA_CODECS,
    MATRICES,
    PRIMARIES,
    TRANSFERS,
    bit_depth,
    chroma_subsampling,
)
from .processes import Processes
from .storage import DENIED, MISSING, error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HEAD_BYTES: Final = 512
"""Enough of a file to recognise its container."""


def probe_files(document: Mapping[str, Any], s3: S3Client, work_dir: Path) -> dict[str, Any]:
    """Answers a Probe request, reading with the caller's own S3 client."""
    files = document.get("inputFiles") or []
    if len(files) != 1:
        raise bad_request("/inputFiles: Should have exactly 1 item")
    return {"probeResults": [_probe(str(files[0].get("fileUrl", "")), s3, work_dir)]}


def _probe(url: str, s3: S3Client, work_dir: Path) -> dict[str, Any]:
    if not url.startswith("s3://"):
        raise bad_request("/inputFiles/0/fileUrl: Only s3:// is supported by the local Probe")
    location = S3Location.parse(url)
    with tempfile.TemporaryDirectory(dir=work_dir) as folder:
        file = Path(folder) / "file"
        try:
            found = s3.head_object(Bucket=location.bucket, Key=location.key)
            with file.open("wb") as target:
                s3.download_fileobj(location.bucket, location.key, target)
        except ClientError as error:
            raise _refusal(error, url) from error
        media = _read(file, url)
    return {
        "container": container_of(media),
        "metadata": {
            "eTag": found["ETag"].strip('"'),
            "fileSize": found["ContentLength"],
            "lastModified": int(found["LastModified"].timestamp()),
            "mimeType": found.get("ContentType", "application/octet-stream"),
        },
        "trackMappings": [_mapping(media)],
    }


def _refusal(error: ClientError, url: str) -> RequestRefusedError:
    code = error_code(error)
    if code in DENIED:
        return forbidden(f"Access to {url} is denied")
    if code in MISSING:
        return not_found(f"The file {url} does not exist")
    return bad_request(f"{url} can not be read: {code}")


def _read(file: Path, url: str) -> MediaInfo:
    with file.open("rb") as opened:
        known = media_info.looks_like_media(opened.read(HEAD_BYTES))
    if not known:
        raise bad_request(f"The format of {url} is not supported")
    media = media_info.parse(Processes().run(media_info.probe_command(file)).output)
    if media is None:
        raise unprocessable(f"The file {url} is malformed or corrupt")
    return media


def container_of(media: MediaInfo) -> dict[str, Any]:
    """What Probe says of a file that could be read."""
    names = media.format_names
    brand = str(media.raw_format.get("tags", {}).get("major_brand", "")).strip()
    form = CONTAINERS.get(brand) or next((CONTAINERS[n] for n in names if n in CONTAINERS), None)
    return _stated(
        {
            "format": form,
            "duration": media.duration,
            "bitRate": media.bit_rate,
            "startTimecode": media.raw_format.get("tags", {}).get("timecode"),
            "tracks": [_track(stream) for stream in media.streams],
        }
    )


def _track(stream: Stream) -> dict[str, Any]:
    kind = stream.kind if stream.kind in ("video", "audio") else "data"
    codec = CODECS.get(stream.codec) or ("PCM" if stream.codec.startswith("pcm_") else None)
    track: dict[str, Any] = {
        "index": stream.index + 1,
        "trackType": kind,
        "codec": DATA_CODECS.get(stream.codec) if kind == "data" else codec or "UNKNOWN",
        "duration": stream.duration,
    }
    if kind == "video":
        track["videoProperties"] = _video(stream)
    elif kind == "audio":
        track["audioProperties"] = _audio(stream)
    else:
        track["dataProperties"] = {"languageCode": stream.language}
    return _stated(track)


def _video(stream: Stream) -> dict[str, Any]:
    raw = stream.raw
    shape = stream.sample_aspect
    picture = {
        "bitDepth": bit_depth(raw),
        "colorPrimaries": PRIMARIES.get(raw.get("color_primaries", ""), "UNSPECIFIED"),
        "transferCharacteristics": TRANSFERS.get(raw.get("color_transfer", ""), "UNSPECIFIED"),
        "matrixCoefficients": MATRICES.get(raw.get("color_space", ""), "UNSPECIFIED"),
        "width": stream.width,
        "height": stream.height,
        "sampleAspectRatio": _ratio(shape),
        "displayAspectRatio": _ratio(Fraction(stream.width, stream.height) * shape)
        if stream.height
        else None,
    }
    first_field = {"tt": "TopFieldFirst", "bb": "BottomFieldFirst"}
    codec = {
        **picture,
        "chromaSubsampling": chroma_subsampling(raw),
        "codedFrameRate": _ratio(stream.frame_rate),
        "fieldOrder": first_field.get(str(raw.get("field_order", ""))[:2]),
        "level": str(raw["level"]) if raw.get("level", -1) > 0 else None,
        "profile": raw.get("profile"),
        "scanType": "Interlaced" if stream.interlaced else "Progressive",
    }
    return _stated(
        {
            **picture,
            "bitRate": _integer(raw.get("bit_rate")),
            "codecMetadata": _stated(codec),
            "frameRate": _ratio(stream.frame_rate),
            "rotation": stream.rotation or None,
        }
    )


def _audio(stream: Stream) -> dict[str, Any]:
    raw = stream.raw
    return _stated(
        {
            "bitDepth": _integer(raw.get("bits_per_raw_sample"))
            or _integer(raw.get("bits_per_sample"))
            or None,
            "bitRate": _integer(raw.get("bit_rate")),
            "channelLayout": raw.get("channel_layout"),
            "channels": stream.channels,
            "languageCode": stream.language,
            "sampleRate": _integer(raw.get("sample_rate")),
        }
    )


def _mapping(media: MediaInfo) -> dict[str, list[int]]:
    def indexes(*kinds: str) -> list[int]:
        return [stream.index + 1 for stream in media.streams if stream.kind in kinds]

    others = {stream.kind for stream in media.streams} - {"video", "audio"}
    return {
        "videoTrackIndexes": indexes("video"),
        "audioTrackIndexes": indexes("audio"),
        "dataTrackIndexes": indexes(*others),
    }


def _ratio(value: Fraction | None) -> dict[str, int] | None:
    if value is None:
        return None
    return {"numerator": value.numerator, "denominator": value.denominator}


def _integer(value: object) -> int | None:
    return int(str(value)) if str(value).isdigit() else None


def _stated(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
