"""Reads a CMAF output group of a job document: outputs, segments and encryption."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from .caption_documents import read_captions
from .codec_documents import read_aac, read_h264, read_picture
from .document_faults import Faults
from .encryption_contract import contract_fault
from .plan import (
    AudioRendition,
    CmafGroup,
    CmafOutput,
    Encryption,
    Source,
    TrickPlay,
    VideoRendition,
)

EXPLICIT: Final = (
    "codecSpecification",
    "manifestDurationFormat",
    "segmentControl",
    "targetDurationCompatibilityMode",
    "videoCompositionOffsets",
    "writeSegmentTimelineInRepresentation",
)
"""Settings whose default in the service is not, or may not be, the one value done here."""
DEFAULT_SEGMENT_SECONDS: Final = 10
"""The service's, for a CMAF group without segmentLength."""
DEFAULT_FRAGMENT_SECONDS: Final = 2
"""The service's: "When you don't specify a value, MediaConvert defaults to 2"."""
MOST_DASH_SYSTEMS: Final = 3
MOST_HLS_SYSTEMS: Final = 3
"""What a manifest may signal (user guide, SPEKE encryption parameters)."""
DEFAULT_THUMBNAIL_WIDTH: Final = 312
LARGEST_TILE_SIDE: Final = 4096
"""Pixels of a whole tile image (API reference, CmafImageBasedTrickPlaySettings)."""


def read_cmaf_group(
    settings: Mapping[str, Any],
    outputs: list[Mapping[str, Any]],
    faults: Faults,
    source: Source,
) -> CmafGroup | None:
    """The group, or None where its faults leave nothing to plan."""
    at = faults.at("/outputGroupSettings/cmafGroupSettings")
    for name in EXPLICIT:
        at.needed(settings, name)
    read = tuple(
        _read_output(output, faults.at(f"/outputs/{index}"), source)
        for index, output in enumerate(outputs)
    )
    _check_audio_groups(read, faults.at("/outputs"))
    destination = at.destination(settings, source.location)
    trick_play = _read_trick_play(settings, at)
    encryption = settings.get("encryption")
    keys = _read_encryption(encryption, at.at("/encryption")) if encryption else None
    if destination is None or (encryption and keys is None) or None in read:
        return None
    return CmafGroup(
        destination=destination,
        outputs=tuple(output for output in read if output is not None),
        segment_seconds=float(settings.get("segmentLength", DEFAULT_SEGMENT_SECONDS)),
        exact_segments=settings.get("segmentLengthControl", "EXACT") == "EXACT",
        fragment_seconds=float(settings.get("fragmentLength", DEFAULT_FRAGMENT_SECONDS)),
        min_buffer_seconds=settings.get("minBufferTime"),
        max_bandwidth_in_mpd=settings.get("mpdManifestBandwidthType") == "MAX",
        encryption=keys,
        trick_play=trick_play,
    )


def _read_trick_play(settings: Mapping[str, Any], faults: Faults) -> TrickPlay | None:
    if settings.get("imageBasedTrickPlay", "NONE") == "NONE":
        if "imageBasedTrickPlaySettings" in settings:
            faults.add("/imageBasedTrickPlaySettings", "Only applies to ADVANCED trick play")
        return None
    advanced = faults.needed(settings, "imageBasedTrickPlaySettings") or {}
    at = faults.at("/imageBasedTrickPlaySettings")
    # FOLLOW_IFRAME, the service's default, is not done here.
    at.needed(advanced, "intervalCadence")
    interval = at.needed(advanced, "thumbnailInterval")
    columns, rows = at.needed(advanced, "tileWidth"), at.needed(advanced, "tileHeight")
    width = advanced.get("thumbnailWidth", DEFAULT_THUMBNAIL_WIDTH)
    height = advanced.get("thumbnailHeight")
    if width % 8:
        at.add("/thumbnailWidth", "Should be a multiple of 8")
    if height is not None and height % 2:
        at.add("/thumbnailHeight", "Should be a multiple of 2")
    if interval is not None and interval <= 0:
        at.add("/thumbnailInterval", "Should be greater than 0")
    for name, pixels, count in (("Width", width, columns), ("Height", height, rows)):
        if pixels and count and pixels * count > LARGEST_TILE_SIDE:
            at.add(f"/tile{name}", f"Should make tiles of at most {LARGEST_TILE_SIDE} pixels")
    if not interval or not columns or not rows:
        return None
    return TrickPlay(float(interval), width, height, columns, rows)


def _read_output(output: Mapping[str, Any], faults: Faults, source: Source) -> CmafOutput | None:
    faults.container(output, "CMFC")
    if "extension" in output:
        faults.add("/extension", "Only applies to file output groups")
    video, audios = output.get("videoDescription"), output.get("audioDescriptions", [])
    captions = output.get("captionDescriptions", [])
    if video is not None and not audios and not captions:
        return _read_video(output, video, faults.at("/videoDescription"))
    if video is None and len(audios) == 1 and not captions:
        return read_aac(output, audios[0], faults.at("/audioDescriptions/0"), source)
    if video is None and not audios and len(captions) == 1:
        return read_captions(output, captions[0], faults.at("/captionDescriptions/0"), source)
    faults.add("", "Should have one video, one audio or one captions description")
    return None


def _read_video(
    output: Mapping[str, Any], video: Mapping[str, Any], faults: Faults
) -> VideoRendition | None:
    codec = faults.needed(video, "codecSettings") or {}
    if codec.get("codec") != "H_264":
        faults.add("/codecSettings/codec", "Only H_264 is supported in a local CMAF group")
        return None
    at = faults.at("/codecSettings")
    h264 = at.needed(codec, "h264Settings") or {}
    cmfc = output.get("containerSettings", {}).get("cmfcSettings", {})
    sets: str = cmfc.get("audioRenditionSets", "")
    return VideoRendition(
        modifier=output.get("nameModifier", ""),
        picture=read_picture(video, h264, faults),
        codec=read_h264(h264, at.at("/h264Settings")),
        audio_groups=tuple(name.strip() for name in sets.split(",") if name.strip()),
    )


def _check_audio_groups(outputs: Iterable[CmafOutput | None], faults: Faults) -> None:
    read = list(outputs)
    groups = {output.group for output in read if isinstance(output, AudioRendition)}
    if len(groups) > 1:
        faults.add("", "One audio group is supported by the local MediaConvert, not several")
    for index, output in enumerate(read):
        if isinstance(output, VideoRendition) and not groups.issuperset(output.audio_groups):
            faults.add(
                f"/{index}/containerSettings/cmfcSettings/audioRenditionSets",
                "Should name an audio group of this output group",
            )


def _read_encryption(settings: Mapping[str, Any], faults: Faults) -> Encryption | None:
    method = faults.needed(settings, "encryptionMethod")
    faults.needed(settings, "type")
    provider = faults.needed(settings, "spekeKeyProvider")
    if provider is None or method is None:
        return None
    at = faults.at("/spekeKeyProvider")
    url, resource = at.needed(provider, "url"), at.needed(provider, "resourceId")
    contract = provider.get("encryptionContractConfiguration")
    if contract is None:
        at.add("", "SPEKE v1 is not supported locally: encryptionContractConfiguration is needed")
        return None
    contract_at = at.at("/encryptionContractConfiguration")
    video = contract_at.needed(contract, "spekeVideoPreset")
    audio = contract_at.needed(contract, "spekeAudioPreset")
    for name, most in (
        ("dashSignaledSystemIds", MOST_DASH_SYSTEMS),
        ("hlsSignaledSystemIds", MOST_HLS_SYSTEMS),
    ):
        if len(at.several(provider, name)) > most:
            at.add(f"/{name}", f"Should have at most {most} items")
    if url is None or resource is None or video is None or audio is None:
        return None
    if problem := contract_fault(video, audio):
        contract_at.add("", problem)
        return None
    iv = settings.get("constantInitializationVector")
    return Encryption(
        url=url,
        resource_id=resource,
        scheme="cbcs" if method == "SAMPLE_AES" else "cenc",
        video_preset=video,
        audio_preset=audio,
        dash_systems=_lower(provider.get("dashSignaledSystemIds", [])),
        hls_systems=_lower(provider.get("hlsSignaledSystemIds", [])),
        constant_iv=bytes.fromhex(iv) if iv else None,
    )


def _lower(system_ids: list[str]) -> tuple[str, ...]:
    return tuple(system_id.lower() for system_id in system_ids)
