"""The MediaConvert job that makes a ladder: CreateJob's request as data.

One CMAF group writes HLS and DASH over one set of cbcs segments, keys come by SPEKE 2.0, and a
file group beside it captures frames for the poster. Every setting whose default would change
names, timing or alignment is stated (docs.aws.amazon.com/mediaconvert/latest/apireference).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from kernel import correlation
from media.domain import CaptionTrack, Run, Scheme, caption_key
from media.ladder import AUDIO_BITRATE_BPS, SEGMENT_SECONDS, Ladder, Rendition

WIDEVINE = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
PLAYREADY = "9a04f079-9840-4286-ab92-e65be0885f95"
FAIRPLAY = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2"
"""DASH-IF's system ids (dashif.org/identifiers/content_protection)."""

VIDEO_PRESET = "PRESET_VIDEO_4"
"""SPEKE 2.0: one key each for SD, HD, UHD1 and UHD2."""

AUDIO_PRESET = "PRESET_AUDIO_2"
"""SPEKE 2.0: one key for stereo, one for multichannel."""

BASE_NAME = "main"
"""MediaConvert names the top manifests `main.mpd` and `main.m3u8`, all else beginning with it."""

TOP_DASH = f"{BASE_NAME}.mpd"
TOP_HLS = f"{BASE_NAME}.m3u8"

CAPTURE_COUNT = 12
"""Poster candidates, spread evenly over the film."""

CAPTURE_QUALITY = 85
"""JPEG quality: posters are shown large and cached for ever."""

POSTER_LINES = 720
"""The largest poster any screen of ours shows."""

THUMBNAIL_BOX = 240
"""Pixels of the square that a thumbnail fits into: sharp on a phone, small on a television."""

TILE_COLUMNS, TILE_ROWS = 5, 5
"""Thumbnails of one image: about 100 KB, fetched once for a minute of seeking."""

MAX_THUMBNAILS = 720
"""Of a film: every 10 s of two hours, 29 images."""

SHORTEST_THUMBNAIL_SECONDS = 2.0
"""Short films get no more than one thumbnail in so many seconds."""

_WIDTH_STEP = 8
"""MediaConvert takes thumbnail widths in multiples of it (API reference)."""

_AUDIO_SELECTOR = "Audio Selector 1"
_AUDIO_GROUP = "audio"


@dataclass(frozen=True)
class Destination:
    """Where a job writes and who gives it keys."""

    bucket: str
    speke_url: str
    environment: str
    """Comes back in the job's events, so that two environments of an account stay apart."""


@dataclass(frozen=True)
class Film:
    """What is to be made of a source."""

    ladder: Ladder
    duration_seconds: float
    scheme: Scheme = Scheme.CBCS
    captions: tuple[CaptionTrack, ...] = ()


def job_request(run: Run, film: Film, destination: Destination) -> dict[str, Any]:
    """CreateJob's request but for Role and Queue, which the state machine adds."""
    return {
        # Idempotency: the same run never pays for two jobs.
        "ClientRequestToken": run.version,
        "StatusUpdateInterval": "SECONDS_10",
        "UserMetadata": {
            "asset_id": run.asset_id,
            "version": run.version,
            "environment": destination.environment,
            **({} if run.correlation_id is None else {correlation.FIELD: run.correlation_id}),
        },
        "Settings": {
            "TimecodeConfig": {"Source": "ZEROBASED"},
            "Inputs": [_input(run, film)],
            "OutputGroups": [
                _cmaf_group(run, film, destination),
                _capture_group(run, film.ladder, film.duration_seconds, destination),
            ],
        },
    }


def _input(run: Run, film: Film) -> dict[str, Any]:
    captions = {
        _caption_selector(number): {
            "SourceSettings": {
                "SourceType": "WEBVTT",
                "FileSourceSettings": {
                    "SourceFile": f"s3://{run.bucket}/{caption_key(run.asset_id, track.language)}"
                },
            }
        }
        for number, track in enumerate(film.captions, 1)
    }
    sound = {"AudioSelectors": {_AUDIO_SELECTOR: {"DefaultSelection": "DEFAULT"}}}
    return {
        "FileInput": run.source_url,
        "TimecodeSource": "ZEROBASED",
        # Phones film sideways and say so in the container; without AUTO the film lies on its side.
        "VideoSelector": {"Rotate": "AUTO"},
        **(sound if film.ladder.has_audio else {}),
        **({"CaptionSelectors": captions} if captions else {}),
    }


def _caption_selector(number: int) -> str:
    return f"Caption Selector {number}"


def _cmaf_group(run: Run, film: Film, destination: Destination) -> dict[str, Any]:
    ladder = film.ladder
    return {
        "Name": "CMAF",
        "OutputGroupSettings": {
            "Type": "CMAF_GROUP_SETTINGS",
            "CmafGroupSettings": {
                "Destination": f"s3://{destination.bucket}/{run.package_path}/{BASE_NAME}",
                "SegmentControl": "SEGMENTED_FILES",
                "SegmentLength": SEGMENT_SECONDS,
                "SegmentLengthControl": "GOP_MULTIPLE",
                "FragmentLength": SEGMENT_SECONDS,
                "ManifestDurationFormat": "FLOATING_POINT",
                "WriteSegmentTimelineInRepresentation": "ENABLED",
                "CodecSpecification": "RFC_6381",
                "TargetDurationCompatibilityMode": "SPEC_COMPLIANT",
                "VideoCompositionOffsets": "SIGNED",
                "StreamInfResolution": "INCLUDE",
                "ManifestCompression": "NONE",
                "WriteDashManifest": "ENABLED",
                "WriteHlsManifest": "ENABLED",
                "ImageBasedTrickPlay": "ADVANCED",
                "ImageBasedTrickPlaySettings": _thumbnails(film),
                "Encryption": _encryption(run, film.scheme, destination),
            },
        },
        "Outputs": [
            *(_video_output(rendition, ladder) for rendition in ladder.renditions),
            *([_audio_output()] if ladder.has_audio else []),
            *(_caption_output(number, track) for number, track in enumerate(film.captions, 1)),
        ],
    }


def thumbnail_seconds(duration_seconds: float) -> float:
    """How far apart a film's thumbnails are."""
    return max(SHORTEST_THUMBNAIL_SECONDS, float(ceil(duration_seconds / MAX_THUMBNAILS)))


def _thumbnails(film: Film) -> dict[str, Any]:
    largest = film.ladder.renditions[-1]
    shrunk = largest.width * THUMBNAIL_BOX / max(largest.width, largest.height)
    return {
        "IntervalCadence": "FOLLOW_CUSTOM",
        "ThumbnailInterval": thumbnail_seconds(film.duration_seconds),
        # Without a height MediaConvert keeps the aspect ratio.
        "ThumbnailWidth": max(_WIDTH_STEP, _WIDTH_STEP * round(shrunk / _WIDTH_STEP)),
        "TileWidth": TILE_COLUMNS,
        "TileHeight": TILE_ROWS,
    }


@dataclass(frozen=True)
class _Encryption:
    """What a scheme is called, and which systems can be signalled under it."""

    method: str
    hls_systems: tuple[str, ...]


_ENCRYPTIONS = {
    Scheme.CBCS: _Encryption("SAMPLE_AES", (FAIRPLAY,)),
    # The key server refuses FairPlay here, as Apple's devices would.
    Scheme.CENC: _Encryption("AES_CTR", (WIDEVINE, PLAYREADY)),
}


def _encryption(run: Run, scheme: Scheme, destination: Destination) -> dict[str, Any]:
    encryption = _ENCRYPTIONS[scheme]
    return {
        "Type": "SPEKE",
        "EncryptionMethod": encryption.method,
        # The constant IV is in the init segment; some players trip over it in EXT-X-KEY.
        "InitializationVectorInManifest": "EXCLUDE",
        "SpekeKeyProvider": {
            "Url": destination.speke_url,
            "ResourceId": run.asset_id,
            "DashSignaledSystemIds": [WIDEVINE, PLAYREADY],
            "HlsSignaledSystemIds": list(encryption.hls_systems),
            "EncryptionContractConfiguration": {
                "SpekeVideoPreset": VIDEO_PRESET,
                "SpekeAudioPreset": AUDIO_PRESET,
            },
        },
    }


def _video_output(rendition: Rendition, ladder: Ladder) -> dict[str, Any]:
    cmfc = {"AudioRenditionSets": _AUDIO_GROUP} if ladder.has_audio else {}
    # Only when needed: MediaConvert would look at every frame of a progressive film.
    fields = {"Deinterlacer": {"Mode": "ADAPTIVE", "Control": "NORMAL"}}
    return {
        "NameModifier": f"_{rendition.label}",
        "ContainerSettings": {"Container": "CMFC", "CmfcSettings": cmfc},
        "VideoDescription": {
            "Width": rendition.width,
            "Height": rendition.height,
            # The ladder keeps the aspect to a pixel: DEFAULT would draw one-pixel black bars.
            "ScalingBehavior": "STRETCH_TO_OUTPUT",
            **({"VideoPreprocessors": fields} if ladder.deinterlace else {}),
            "CodecSettings": {"Codec": "H_264", "H264Settings": _h264(rendition, ladder)},
        },
    }


def _h264(rendition: Rendition, ladder: Ladder) -> dict[str, Any]:
    return {
        "CodecProfile": "HIGH",
        "CodecLevel": "AUTO",
        "InterlaceMode": "PROGRESSIVE",
        "RateControlMode": "QVBR",
        "QvbrSettings": {"QvbrQualityLevel": rendition.quality},
        "MaxBitrate": rendition.max_bitrate_bps,
        "QualityTuningLevel": "SINGLE_PASS_HQ",
        # Closed GOPs of one length, and none at cuts: segments of all rungs begin together.
        "GopSize": float(SEGMENT_SECONDS),
        "GopSizeUnits": "SECONDS",
        "GopClosedCadence": 1,
        "SceneChangeDetect": "DISABLED",
        "ParControl": "SPECIFIED",
        "ParNumerator": 1,
        "ParDenominator": 1,
        **_frame_rate(ladder),
    }


def _frame_rate(ladder: Ladder) -> dict[str, Any]:
    if ladder.frame_rate is None:
        return {"FramerateControl": "INITIALIZE_FROM_SOURCE"}
    return {
        "FramerateControl": "SPECIFIED",
        "FramerateNumerator": ladder.frame_rate.numerator,
        "FramerateDenominator": ladder.frame_rate.denominator,
        "FramerateConversionAlgorithm": "DUPLICATE_DROP",
    }


def _audio_output() -> dict[str, Any]:
    return {
        "NameModifier": "_audio",
        "ContainerSettings": {
            "Container": "CMFC",
            "CmfcSettings": {
                "AudioGroupId": _AUDIO_GROUP,
                "AudioTrackType": "ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT",
                "AudioDuration": "MATCH_VIDEO_DURATION",
            },
        },
        "AudioDescriptions": [
            {
                "AudioSourceName": _AUDIO_SELECTOR,
                "AudioTypeControl": "FOLLOW_INPUT",
                "LanguageCodeControl": "FOLLOW_INPUT",
                "CodecSettings": {
                    "Codec": "AAC",
                    "AacSettings": {
                        "Bitrate": AUDIO_BITRATE_BPS,
                        "CodingMode": "CODING_MODE_2_0",
                        "CodecProfile": "LC",
                        "RateControlMode": "CBR",
                        "SampleRate": 48_000,
                    },
                },
            }
        ],
    }


def _caption_output(number: int, track: CaptionTrack) -> dict[str, Any]:
    return {
        "NameModifier": f"_captions_{track.language}",
        "ContainerSettings": {"Container": "CMFC"},
        "CaptionDescriptions": [
            {
                "CaptionSelectorName": _caption_selector(number),
                # LanguageCode knows languages only; this one takes regions and scripts, too.
                "CustomLanguageCode": track.language,
                "LanguageDescription": track.label,
                "DestinationSettings": {
                    "DestinationType": "WEBVTT",
                    # Positions stay: two people speaking stand at their own sides.
                    "WebvttDestinationSettings": {"StylePassthrough": "ENABLED"},
                },
            }
        ],
    }


def _capture_group(
    run: Run, ladder: Ladder, duration_seconds: float, destination: Destination
) -> dict[str, Any]:
    fitting = [r for r in ladder.renditions if min(r.width, r.height) <= POSTER_LINES]
    size = fitting[-1] if fitting else ladder.renditions[0]
    return {
        "Name": "Poster candidates",
        "OutputGroupSettings": {
            "Type": "FILE_GROUP_SETTINGS",
            "FileGroupSettings": {
                "Destination": f"s3://{destination.bucket}/{run.work_path}/frame"
            },
        },
        "Outputs": [
            {
                "ContainerSettings": {"Container": "RAW"},
                "Extension": "jpg",
                "VideoDescription": {
                    "Width": size.width,
                    "Height": size.height,
                    "ScalingBehavior": "STRETCH_TO_OUTPUT",
                    "CodecSettings": {
                        "Codec": "FRAME_CAPTURE",
                        "FrameCaptureSettings": {
                            # A fraction of frames per second: one capture each so many seconds.
                            "FramerateNumerator": 1,
                            "FramerateDenominator": max(1, ceil(duration_seconds / CAPTURE_COUNT)),
                            "MaxCaptures": CAPTURE_COUNT,
                            "Quality": CAPTURE_QUALITY,
                        },
                    },
                },
            }
        ],
    }
