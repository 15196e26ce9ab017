"""Reads the codec parts of a job document: picture, H.264 and AAC settings."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, Literal

from .document_faults import Faults
from .plan import H264, AudioRendition, Gop, Picture, RateControl, Source

AUTOMATIC_GOP: Final = Gop(2.0, in_seconds=True)
"""Used when the document leaves the GOP to the service, whose own choice is not documented."""
_CHANNELS: Final[Mapping[str, int | None]] = {
    "CODING_MODE_1_0": 1,
    "CODING_MODE_2_0": 2,
    "CODING_MODE_5_1": 6,
    "CODING_MODE_AUTO": None,
}


def read_picture(video: Mapping[str, Any], codec: Mapping[str, Any], faults: Faults) -> Picture:
    """Size, frame rate and pixel shape of a video description."""
    for side in ("width", "height"):
        if video.get(side, 0) % 2:
            faults.add(f"/{side}", "Should be a multiple of 2")
    at = faults.at("/codecSettings/h264Settings")
    return Picture(
        width=video.get("width"),
        height=video.get("height"),
        scaling=video.get("scalingBehavior", "DEFAULT"),
        frame_rate=_specified(codec, "framerate", at),
        pixel_aspect=_specified(codec, "par", at),
        deinterlace=_read_deinterlacer(video.get("videoPreprocessors", {})),
    )


def _read_deinterlacer(document: Mapping[str, Any]) -> Literal["interlaced", "all"] | None:
    if "deinterlacer" not in document:
        return None
    forced = document["deinterlacer"].get("control") == "FORCE_ALL_FRAMES"
    return "all" if forced else "interlaced"


def _specified(codec: Mapping[str, Any], name: str, faults: Faults) -> Fraction | None:
    if codec.get(f"{name}Control", "INITIALIZE_FROM_SOURCE") == "INITIALIZE_FROM_SOURCE":
        return None
    numerator = faults.needed(codec, f"{name}Numerator")
    denominator = faults.needed(codec, f"{name}Denominator")
    return Fraction(numerator, denominator) if numerator and denominator else None


def read_h264(codec: Mapping[str, Any], faults: Faults) -> H264:
    """An H.264 encode; the service's defaults where the document is silent."""
    reference = codec.get("gopBReference")
    level = codec.get("codecLevel", "AUTO")
    return H264(
        rate=_read_rate(codec, faults),
        gop=_read_gop(codec, faults),
        tuning=codec.get("qualityTuningLevel", "SINGLE_PASS"),
        profile=codec.get("codecProfile", "MAIN"),
        level=None if level == "AUTO" else level.removeprefix("LEVEL_").replace("_", "."),
        scene_change=codec.get("sceneChangeDetect", "ENABLED") != "DISABLED",
        entropy=codec.get("entropyEncoding", "CABAC"),
        b_frames=codec.get("numberBFramesBetweenReferenceFrames"),
        b_reference=None if reference is None else reference == "ENABLED",
        reference_frames=codec.get("numberReferenceFrames"),
        slices=codec.get("slices"),
    )


def _read_gop(codec: Mapping[str, Any], faults: Faults) -> Gop:
    if codec.get("gopSizeUnits", "AUTO") == "AUTO":
        if "gopSize" in codec:
            faults.add("/gopSize", "Should not be given when gopSizeUnits is AUTO")
        return AUTOMATIC_GOP
    size = faults.needed(codec, "gopSize")
    if size is not None and size <= 0:
        faults.add("/gopSize", "Should be greater than 0")
    return Gop(float(size or 1), in_seconds=codec["gopSizeUnits"] == "SECONDS")


def _read_rate(codec: Mapping[str, Any], faults: Faults) -> RateControl:
    mode = faults.needed(codec, "rateControlMode")
    quality: float | None = None
    if mode == "QVBR":
        faults.needed(codec, "maxBitrate")
        if "bitrate" in codec:
            faults.add("/bitrate", "Should not be given when rateControlMode is QVBR")
        qvbr = codec.get("qvbrSettings", {})
        # The service chooses a level by resolution when none is given; 7 is its middle.
        quality = qvbr.get("qvbrQualityLevel", 7) + qvbr.get("qvbrQualityLevelFineTune", 0)
    elif mode is not None:
        faults.needed(codec, "bitrate")
        if "qvbrSettings" in codec:
            faults.add("/qvbrSettings", f"Should not be given when rateControlMode is {mode}")
    bitrate, most = codec.get("bitrate"), codec.get("maxBitrate")
    if bitrate and most and most < bitrate:
        faults.add("/maxBitrate", "Should be greater than or equal to bitrate")
    return RateControl(
        mode=mode or "QVBR",
        bitrate=bitrate,
        max_bitrate=most,
        quality=quality,
        buffer_bits=codec.get("hrdBufferSize"),
    )


def read_aac(
    output: Mapping[str, Any], audio: Mapping[str, Any], faults: Faults, source: Source
) -> AudioRendition:
    """One AAC rendition of a CMAF group."""
    codec = audio.get("codecSettings", {})
    if codec.get("codec") != "AAC":
        faults.add("/codecSettings/codec", "Only AAC is supported in a local CMAF group")
    at = faults.at("/codecSettings")
    aac = at.needed(codec, "aacSettings") or {}
    at = at.at("/aacSettings")
    bitrate, rate = at.needed(aac, "bitrate"), at.needed(aac, "sampleRate")
    mode = at.needed(aac, "codingMode")
    cmfc = output.get("containerSettings", {}).get("cmfcSettings", {})
    track_type = cmfc.get("audioTrackType", "ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT")
    configured = audio.get("languageCodeControl", "FOLLOW_INPUT") == "USE_CONFIGURED"
    if configured:
        faults.needed(audio, "languageCode")
    return AudioRendition(
        modifier=output.get("nameModifier", ""),
        source=faults.selector(audio, source),
        bitrate=bitrate or 0,
        sample_rate=rate or 0,
        channels=_CHANNELS.get(mode),
        language=audio.get("languageCode", "").lower() or None if configured else None,
        name=audio.get("streamName"),
        group=cmfc.get("audioGroupId", "program_audio"),
        default=track_type.endswith("SELECT_DEFAULT"),
        auto_select="NOT_AUTO_SELECT" not in track_type,
        match_video_duration=cmfc.get("audioDuration") == "MATCH_VIDEO_DURATION",
    )
