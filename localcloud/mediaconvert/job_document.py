"""Reads a CreateJob document into a plan, or refuses it in MediaConvert's form.

Three gates, in this order: the service's model, the settings the emulator acts on, and here the
rules between settings that the service holds but its model does not state.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from localcloud.service_model import Fault, ServiceModel

from .caption_documents import read_caption_files
from .cmaf_document import read_cmaf_group
from .codec_documents import read_picture
from .document_faults import Faults
from .errors import bad_request
from .honoured import unsupported
from .plan import (
    AudioSelector,
    CmafGroup,
    FileGroup,
    FrameCapture,
    JobPlan,
    S3Location,
    Source,
    WaveFile,
)

MODEL: Final = ServiceModel.load("mediaconvert")
DEFAULT_CAPTURE_QUALITY: Final = 80
"""JPEG quality when the document names none (the service does not document its own)."""
_ROTATIONS: Final[Mapping[str, Any]] = {
    "AUTO": "AUTO",
    "DEGREE_0": 0,
    "DEGREES_90": 90,
    "DEGREES_180": 180,
    "DEGREES_270": 270,
}


def read_job(request: Mapping[str, Any]) -> JobPlan:
    """The plan of a CreateJob request in wire form; raises RequestRefusedError."""
    _refuse(MODEL.faults("CreateJobRequest", request))
    _refuse(list(unsupported(MODEL, "CreateJobRequest", request)))
    settings = request["settings"]
    faults = Faults()
    source = _read_source(settings, faults)
    _refuse(faults.found)
    groups = tuple(
        _read_group(group, faults.at(f"/outputGroups/{index}"), source)
        for index, group in enumerate(faults.several(settings, "outputGroups"))
    )
    _refuse(faults.found)
    read = tuple(group for group in groups if group is not None)
    if all(isinstance(output, FrameCapture) for group in read for output in group.outputs):
        _refuse(
            [
                Fault(
                    "/outputGroups",
                    "A frame capture output needs another output with video in the same job",
                )
            ]
        )
    return JobPlan(source, read)


def _refuse(found: list[Fault]) -> None:
    if found:
        raise bad_request(", ".join(str(fault).removeprefix("/settings") for fault in found))


def _read_source(settings: Mapping[str, Any], faults: Faults) -> Source:
    inputs = faults.several(settings, "inputs")
    if len(inputs) != 1:
        if inputs:
            faults.add("/inputs", "The local MediaConvert takes one input, not several")
        _refuse(faults.found)
    document, at = inputs[0], faults.at("/inputs/0")
    url = at.needed(document, "fileInput") or "s3://"
    if not url.startswith("s3://"):
        at.add("/fileInput", "Only s3:// inputs are supported by the local MediaConvert")
    return Source(
        location=S3Location.parse(url),
        audio_selectors={
            name: _read_selector(selector)
            for name, selector in document.get("audioSelectors", {}).items()
        },
        rotate=_ROTATIONS[document.get("videoSelector", {}).get("rotate", "DEGREE_0")],
        caption_files=read_caption_files(document.get("captionSelectors", {}), at),
    )


def _read_selector(document: Mapping[str, Any]) -> AudioSelector:
    by_language = document.get("selectorType") == "LANGUAGE_CODE"
    return AudioSelector(
        tracks=() if by_language else tuple(document.get("tracks", ())),
        language=document["languageCode"].lower() if by_language else None,
    )


def _read_group(
    document: Mapping[str, Any], faults: Faults, source: Source
) -> CmafGroup | FileGroup | None:
    settings = faults.needed(document, "outputGroupSettings") or {}
    outputs = faults.several(document, "outputs")
    kind = faults.at("/outputGroupSettings").needed(settings, "type")
    _check_modifiers(outputs, faults)
    if kind == "CMAF_GROUP_SETTINGS":
        at = faults.at("/outputGroupSettings")
        cmaf = at.needed(settings, "cmafGroupSettings")
        return cmaf and read_cmaf_group(cmaf, outputs, faults, source)
    if kind == "FILE_GROUP_SETTINGS":
        at = faults.at("/outputGroupSettings")
        files = at.needed(settings, "fileGroupSettings") or {}
        read = [
            _read_file_output(output, faults.at(f"/outputs/{index}"), source)
            for index, output in enumerate(outputs)
        ]
        destination = at.at("/fileGroupSettings").destination(files, source.location)
        if destination is None or None in read:
            return None
        return FileGroup(destination, tuple(output for output in read if output is not None))
    return None


def _check_modifiers(outputs: list[Mapping[str, Any]], faults: Faults) -> None:
    modifiers = [output.get("nameModifier") for output in outputs]
    for index, modifier in enumerate(modifiers):
        at = faults.at(f"/outputs/{index}")
        if modifier is None and len(outputs) > 1:
            at.add("", "nameModifier is a required property")
        elif modifier is not None and modifiers.index(modifier) != index:
            at.add("/nameModifier", "Should be unique in its output group")
        elif modifier is not None and ("$" in modifier or "/" in modifier):
            at.add("/nameModifier", "Format identifiers and folders are not supported locally")


def _read_file_output(
    document: Mapping[str, Any], faults: Faults, source: Source
) -> FrameCapture | WaveFile | None:
    faults.container(document, "RAW")
    audios = document.get("audioDescriptions", [])
    video = document.get("videoDescription")
    if video is not None and not audios:
        return _read_capture(document, video, faults.at("/videoDescription"))
    if video is None and len(audios) == 1:
        return _read_wave(document, audios[0], faults.at("/audioDescriptions/0"), source)
    faults.add("", "Should have one video description or one audio description")
    return None


def _read_capture(
    document: Mapping[str, Any], video: Mapping[str, Any], faults: Faults
) -> FrameCapture | None:
    codec = video.get("codecSettings", {})
    if codec.get("codec") != "FRAME_CAPTURE":
        faults.add("/codecSettings/codec", "Only FRAME_CAPTURE is supported in a local file group")
        return None
    settings = codec.get("frameCaptureSettings", {})
    return FrameCapture(
        modifier=document.get("nameModifier", ""),
        extension=document.get("extension", "jpg"),
        picture=read_picture(video, {}, faults),
        rate=Fraction(
            settings.get("framerateNumerator", 1), settings.get("framerateDenominator", 1)
        ),
        most=settings.get("maxCaptures"),
        quality=settings.get("quality", DEFAULT_CAPTURE_QUALITY),
    )


def _read_wave(
    document: Mapping[str, Any], audio: Mapping[str, Any], faults: Faults, source: Source
) -> WaveFile | None:
    codec = audio.get("codecSettings", {})
    if codec.get("codec") != "WAV":
        faults.add("/codecSettings/codec", "Only WAV is supported in a local file group")
        return None
    settings = codec.get("wavSettings", {})
    return WaveFile(
        modifier=document.get("nameModifier", ""),
        extension=document.get("extension", "wav"),
        source=faults.selector(audio, source),
        bit_depth=settings.get("bitDepth", 16),
        sample_rate=settings.get("sampleRate", 48000),
        channels=settings.get("channels") or None,
    )
