"""The closed set of MediaConvert settings that this emulator acts on.

A document is first held against the service's model; what the model allows but is not listed
here is refused by name, never ignored, so that a job that runs locally asked for nothing that
was left out. `ANY` is acted on whatever its value. A set of values is acted on, or changes
nothing that could be observed in what the emulator writes (encoder tuning, the service's own
defaults spelled out).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from localcloud.service_model import Fault, ServiceModel


class _Any:
    """Marks a member whose every value is honoured (structures are walked into)."""


ANY: Final = _Any()
Rule = _Any | frozenset[object]


def _only(*values: object) -> frozenset[object]:
    return frozenset(values)


_OFF = _only("DISABLED", "NONE", "OFF")
_TUNING = ANY
"""Honoured as encoder tuning at most: it changes neither names, timing nor signalling."""

SUPPORTED: Mapping[str, Mapping[str, Rule]] = {
    "CreateJobRequest": {
        "accelerationSettings": ANY,
        "billingTagsSource": ANY,
        "clientRequestToken": ANY,
        "priority": ANY,
        "queue": ANY,
        "role": ANY,
        "settings": ANY,
        "simulateReservedQueue": _only("DISABLED"),
        "statusUpdateInterval": ANY,
        "tags": ANY,
        "userMetadata": ANY,
    },
    "AccelerationSettings": {"mode": _only("DISABLED")},
    "JobSettings": {
        "adAvailOffset": _only(0),
        "inputs": ANY,
        "outputGroups": ANY,
        "timecodeConfig": ANY,
    },
    "TimecodeConfig": {"source": _only("ZEROBASED", "EMBEDDED")},
    "Input": {
        "audioSelectors": ANY,
        "captionSelectors": ANY,
        "deblockFilter": _OFF,
        "denoiseFilter": _OFF,
        "fileInput": ANY,
        "filterEnable": _only("AUTO", "DISABLE"),
        "filterStrength": _only(0),
        "inputScanType": _only("AUTO"),
        "psiControl": ANY,
        "timecodeSource": _only("ZEROBASED", "EMBEDDED"),
        "videoSelector": ANY,
    },
    "AudioSelector": {
        "audioDurationCorrection": _OFF,
        "defaultSelection": ANY,
        "languageCode": ANY,
        "offset": _only(0),
        "programSelection": _only(0, 1),
        "selectorType": _only("TRACK", "LANGUAGE_CODE"),
        "tracks": ANY,
    },
    "CaptionSelector": {"sourceSettings": ANY},
    "CaptionSourceSettings": {
        "fileSourceSettings": ANY,
        "sourceType": _only("WEBVTT"),
    },
    "FileSourceSettings": {"sourceFile": ANY, "timeDelta": _only(0)},
    "VideoSelector": {
        "alphaBehavior": _only("DISCARD"),
        "colorSpace": _only("FOLLOW"),
        "colorSpaceUsage": ANY,
        "embeddedTimecodeOverride": _OFF,
        "padVideo": _OFF,
        "rotate": ANY,
        "sampleRange": _only("FOLLOW"),
        "selectorType": _only("AUTO"),
    },
    "OutputGroup": {
        "customName": ANY,
        "name": ANY,
        "outputGroupSettings": ANY,
        "outputs": ANY,
    },
    "OutputGroupSettings": {
        "cmafGroupSettings": ANY,
        "fileGroupSettings": ANY,
        "type": _only("CMAF_GROUP_SETTINGS", "FILE_GROUP_SETTINGS"),
    },
    "FileGroupSettings": {"destination": ANY},
    "CmafGroupSettings": {
        "clientCache": _only("ENABLED"),
        "codecSpecification": _only("RFC_6381"),
        "dashManifestStyle": _only("BASIC"),
        "destination": ANY,
        "encryption": ANY,
        "fragmentLength": ANY,
        "imageBasedTrickPlay": _only("NONE", "ADVANCED"),
        "imageBasedTrickPlaySettings": ANY,
        "manifestCompression": _only("NONE"),
        "manifestDurationFormat": _only("FLOATING_POINT"),
        "minBufferTime": ANY,
        "minFinalSegmentLength": _only(0, 0.0),
        "mpdManifestBandwidthType": ANY,
        "mpdProfile": _only("MAIN_PROFILE"),
        "ptsOffsetHandlingForBFrames": _only("ZERO_BASED"),
        "segmentControl": _only("SEGMENTED_FILES"),
        "segmentLength": ANY,
        "segmentLengthControl": _only("EXACT", "GOP_MULTIPLE"),
        "streamInfResolution": _only("INCLUDE"),
        "targetDurationCompatibilityMode": _only("SPEC_COMPLIANT"),
        "videoCompositionOffsets": _only("SIGNED"),
        "writeDashManifest": _only("ENABLED"),
        "writeHlsManifest": _only("ENABLED"),
        "writeSegmentTimelineInRepresentation": _only("ENABLED"),
    },
    "CmafImageBasedTrickPlaySettings": {
        "intervalCadence": _only("FOLLOW_CUSTOM"),
        "thumbnailHeight": ANY,
        "thumbnailInterval": ANY,
        "thumbnailWidth": ANY,
        "tileHeight": ANY,
        "tileWidth": ANY,
    },
    "CmafEncryptionSettings": {
        "constantInitializationVector": ANY,
        "encryptionMethod": ANY,
        "initializationVectorInManifest": _only("EXCLUDE"),
        "spekeKeyProvider": ANY,
        "type": _only("SPEKE"),
    },
    "SpekeKeyProviderCmaf": {
        "dashSignaledSystemIds": ANY,
        "encryptionContractConfiguration": ANY,
        "hlsSignaledSystemIds": ANY,
        "resourceId": ANY,
        "url": ANY,
    },
    "EncryptionContractConfiguration": {"spekeAudioPreset": ANY, "spekeVideoPreset": ANY},
    "Output": {
        "audioDescriptions": ANY,
        "captionDescriptions": ANY,
        "containerSettings": ANY,
        "extension": ANY,
        "nameModifier": ANY,
        "videoDescription": ANY,
    },
    "ContainerSettings": {"cmfcSettings": ANY, "container": _only("CMFC", "RAW")},
    "CmfcSettings": {
        "audioDuration": ANY,
        "audioGroupId": ANY,
        "audioRenditionSets": ANY,
        "audioTrackType": _only(
            "ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT",
            "ALTERNATE_AUDIO_AUTO_SELECT",
            "ALTERNATE_AUDIO_NOT_AUTO_SELECT",
        ),
        "c2paManifest": _only("EXCLUDE"),
        "descriptiveVideoServiceFlag": _only("DONT_FLAG"),
        "iFrameOnlyManifest": _only("EXCLUDE"),
        "klvMetadata": _OFF,
        "manifestMetadataSignaling": _OFF,
        "scte35Esam": _OFF,
        "scte35Source": _OFF,
        "timedMetadata": _OFF,
    },
    "VideoDescription": {
        "afdSignaling": _OFF,
        "antiAlias": ANY,
        "chromaPositionMode": _only("AUTO"),
        "codecSettings": ANY,
        "colorMetadata": _only("INSERT"),
        "dropFrameTimecode": ANY,
        "height": ANY,
        "respondToAfd": _OFF,
        "scalingBehavior": _only("DEFAULT", "STRETCH_TO_OUTPUT", "FIT", "FIT_NO_UPSCALE"),
        "sharpness": _TUNING,
        "timecodeInsertion": _OFF,
        "timecodeTrack": _OFF,
        "videoPreprocessors": ANY,
        "width": ANY,
    },
    "VideoPreprocessor": {"deinterlacer": ANY},
    "Deinterlacer": {
        "algorithm": _TUNING,
        "control": ANY,
        "mode": _only("DEINTERLACE", "ADAPTIVE"),
    },
    "VideoCodecSettings": {
        "codec": _only("H_264", "FRAME_CAPTURE"),
        "frameCaptureSettings": ANY,
        "h264Settings": ANY,
    },
    "FrameCaptureSettings": {
        "framerateDenominator": ANY,
        "framerateNumerator": ANY,
        "maxCaptures": ANY,
        "quality": ANY,
    },
    "H264Settings": {
        "adaptiveQuantization": _TUNING,
        "bitrate": ANY,
        "codecLevel": ANY,
        "codecProfile": _only("BASELINE", "MAIN", "HIGH"),
        "dynamicSubGop": _TUNING,
        "endOfStreamMarkers": _only("INCLUDE"),
        "entropyEncoding": ANY,
        "fieldEncoding": _only("PAFF"),
        "flickerAdaptiveQuantization": _TUNING,
        "framerateControl": ANY,
        "framerateConversionAlgorithm": _only("DUPLICATE_DROP"),
        "framerateDenominator": ANY,
        "framerateNumerator": ANY,
        "gopBReference": ANY,
        "gopClosedCadence": _only(1),
        "gopSize": ANY,
        "gopSizeUnits": ANY,
        "hrdBufferFinalFillPercentage": _TUNING,
        "hrdBufferInitialFillPercentage": _TUNING,
        "hrdBufferSize": ANY,
        "interlaceMode": _only("PROGRESSIVE"),
        "maxBitrate": ANY,
        "minIInterval": _only(0),
        "numberBFramesBetweenReferenceFrames": ANY,
        "numberReferenceFrames": ANY,
        "parControl": ANY,
        "parDenominator": ANY,
        "parNumerator": ANY,
        "qualityTuningLevel": ANY,
        "qvbrSettings": ANY,
        "rateControlMode": ANY,
        "repeatPps": _OFF,
        "saliencyAwareEncoding": _OFF,
        "scanTypeConversionMode": _TUNING,
        "sceneChangeDetect": ANY,
        "slices": ANY,
        "slowPal": _OFF,
        "softness": _TUNING,
        "spatialAdaptiveQuantization": _TUNING,
        "syntax": _only("DEFAULT"),
        "telecine": _OFF,
        "temporalAdaptiveQuantization": _TUNING,
        "unregisteredSeiTimecode": _OFF,
        "writeMp4PackagingType": _only("AVC1"),
    },
    "H264QvbrSettings": {"qvbrQualityLevel": ANY, "qvbrQualityLevelFineTune": ANY},
    "AudioDescription": {
        "audioSourceName": ANY,
        "audioType": _only(0),
        "audioTypeControl": ANY,
        "codecSettings": ANY,
        "languageCode": ANY,
        "languageCodeControl": ANY,
        "streamName": ANY,
    },
    "CaptionDescription": {
        "captionSelectorName": ANY,
        "customLanguageCode": ANY,
        "destinationSettings": ANY,
        "languageCode": ANY,
        "languageDescription": ANY,
        "source": _only("INPUT_CAPTION_SELECTOR"),
    },
    "CaptionDestinationSettings": {
        "destinationType": _only("WEBVTT"),
        "webvttDestinationSettings": ANY,
    },
    "WebvttDestinationSettings": {
        "accessibility": _only("DISABLED"),
        "stylePassthrough": _only("ENABLED"),
    },
    "AudioCodecSettings": {
        "aacSettings": ANY,
        "codec": _only("AAC", "WAV"),
        "wavSettings": ANY,
    },
    "AacSettings": {
        "audioDescriptionBroadcasterMix": _only("NORMAL"),
        "bitrate": ANY,
        "codecProfile": _only("LC"),
        "codingMode": _only(
            "CODING_MODE_1_0", "CODING_MODE_2_0", "CODING_MODE_5_1", "CODING_MODE_AUTO"
        ),
        "rateControlMode": _only("CBR"),
        "rawFormat": _OFF,
        "sampleRate": ANY,
        "specification": _only("MPEG4"),
    },
    "WavSettings": {
        "bitDepth": _only(16, 24),
        "channels": ANY,
        "format": _only("RIFF"),
        "sampleRate": ANY,
    },
}


def unsupported(
    model: ServiceModel, shape: str, document: Mapping[str, Any], path: str = ""
) -> Iterator[Fault]:
    """Every setting of a valid document that the emulator cannot act on."""
    members = model.members(shape)
    for key, value in document.items():
        rule = SUPPORTED[shape].get(key)
        if value in (None, [], {}):
            continue
        if rule is None:
            yield Fault(f"{path}/{key}", "Is not supported by the local MediaConvert")
        elif isinstance(rule, frozenset):
            if value not in rule:
                yield Fault(
                    f"{path}/{key}",
                    f"{value} is not supported by the local MediaConvert, only "
                    + ", ".join(sorted(map(str, rule))),
                )
        else:
            yield from _nested(model, members[key][1], value, f"{path}/{key}")


def _nested(model: ServiceModel, name: str, value: Any, path: str) -> Iterator[Fault]:
    shape = model.shape(name)
    if shape["type"] == "structure":
        yield from unsupported(model, name, value, path)
    elif shape["type"] == "list":
        for index, item in enumerate(value):
            yield from _nested(model, shape["member"]["shape"], item, f"{path}/{index}")
    elif shape["type"] == "map":
        for key, item in value.items():
            yield from _nested(model, shape["value"]["shape"], item, f"{path}/{key}")
