"""MediaConvert's names for what ffprobe calls by others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

CONTAINERS: Final[Mapping[str, str]] = {
    "qt": "quicktime",
    "3gp4": "three_gp",
    "3gp5": "three_gp",
    "3gp6": "three_gp",
    "3g2a": "three_g2",
    "mp4": "mp4",
    "mov": "mp4",
    "webm": "webm",
    "matroska": "matroska",
    "mxf": "mxf",
    "wav": "wave",
    "avi": "avi",
    "mpegts": "mpegts",
    "mpeg": "mpegps",
    "mp3": "mp3",
    "flac": "flac",
    "asf": "asf",
    "ogg": "ogg",
    "aac": "aac",
    "ac3": "ac3",
    "eac3": "eac3",
}
"""By major brand first, then by ffprobe's format name."""

CODECS: Final[Mapping[str, str]] = {
    "aac": "AAC",
    "ac3": "AC3",
    "amr_nb": "AMR",
    "amr_wb": "AMR",
    "eac3": "EAC3",
    "flac": "FLAC",
    "mp2": "MP2",
    "mp3": "MP3",
    "opus": "OPUS",
    "vorbis": "VORBIS",
    "wmav1": "WMA",
    "wmav2": "WMA2",
    "wmapro": "WMAPRO",
    "av1": "AV1",
    "h264": "AVC",
    "dvvideo": "DV",
    "h263": "H263",
    "hevc": "HEVC",
    "jpeg2000": "JPEG2000",
    "mjpeg": "MJPEG",
    "mpeg1video": "MPEG1",
    "mpeg4": "MP4V",
    "mpeg2video": "MPEG2",
    "prores": "PRORES",
    "qtrle": "QTRLE",
    "theora": "THEORA",
    "rawvideo": "UNCOMPRESSED",
    "vc1": "VC1",
    "dnxhd": "VC3",
    "vp8": "VP8",
    "vp9": "VP9",
}

DATA_CODECS: Final[Mapping[str, str]] = {
    "eia_608": "C608",
    "webvtt": "WEBVTT",
}

PRIMARIES: Final[Mapping[str, str]] = {
    "bt709": "ITU_709",
    "bt470m": "ITU_470M",
    "bt470bg": "ITU_470BG",
    "smpte170m": "SMPTE_170M",
    "smpte240m": "SMPTE_240M",
    "film": "GENERIC_FILM",
    "bt2020": "ITU_2020",
    "smpte428": "SMPTE_428_1",
    "smpte431": "SMPTE_431_2",
    "smpte432": "SMPTE_EG_432_1",
    "ebu3213": "EBU_3213_E",
}

TRANSFERS: Final[Mapping[str, str]] = {
    "bt709": "ITU_709",
    "bt470m": "ITU_470M",
    "bt470bg": "ITU_470BG",
    "smpte170m": "SMPTE_170M",
    "smpte240m": "SMPTE_240M",
    "linear": "LINEAR",
    "iec61966-2-4": "IEC_61966_2_4",
    "bt1361e": "ITU_1361",
    "iec61966-2-1": "IEC_61966_2_1",
    "bt2020-10": "ITU_2020_10bit",
    "bt2020-12": "ITU_2020_12bit",
    "smpte2084": "SMPTE_2084",
    "smpte428": "SMPTE_428_1",
    "arib-std-b67": "ARIB_B67",
}

MATRICES: Final[Mapping[str, str]] = {
    "gbr": "RGB",
    "bt709": "ITU_709",
    "fcc": "FCC",
    "bt470bg": "ITU_470BG",
    "smpte170m": "SMPTE_170M",
    "smpte240m": "SMPTE_240M",
    "ycgco": "YCgCo",
    "bt2020nc": "ITU_2020_NCL",
    "bt2020c": "ITU_2020_CL",
    "smpte2085": "SMPTE_2085",
    "chroma-derived-nc": "CD_NCL",
    "chroma-derived-c": "CD_CL",
    "ictcp": "ITU_2100ICtCp",
}


def bit_depth(raw: Mapping[str, Any]) -> int:
    """Bits of a colour component, by what the codec says or by the pixel format."""
    stated = str(raw.get("bits_per_raw_sample", ""))
    if stated.isdigit() and int(stated):
        return int(stated)
    in_name = re.search(r"p(\d+)(?:le|be)$", str(raw.get("pix_fmt", "")))
    return int(in_name.group(1)) if in_name else 8


def chroma_subsampling(raw: Mapping[str, Any]) -> str | None:
    """Such as `4:2:0`, where the pixel format's name says it."""
    in_name = re.search(r"yuvj?a?(4)(\d)(\d)", str(raw.get("pix_fmt", "")))
    return ":".join(in_name.groups()) if in_name else None
