from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.mediaconvert.honoured import SUPPORTED
from localcloud.mediaconvert.job_document import MODEL

Change = Callable[[dict[str, Any]], None]
CMAF = "/outputGroups/0/outputGroupSettings/cmafGroupSettings"
H264 = "/outputGroups/0/outputs/0/videoDescription/codecSettings/h264Settings"


def _cmaf(job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _group(job)["outputGroupSettings"]["cmafGroupSettings"]
    return found


def _group(job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = job["settings"]["outputGroups"][0]
    return found


def _h264(job: dict[str, Any]) -> dict[str, Any]:
    video = _group(job)["outputs"][0]["videoDescription"]
    found: dict[str, Any] = video["codecSettings"]["h264Settings"]
    return found


def _speke(job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _cmaf(job)["encryption"]["spekeKeyProvider"]
    return found


def _put(place: Callable[[dict[str, Any]], dict[str, Any]], **values: Any) -> Change:
    def change(job: dict[str, Any]) -> None:
        found = place(job)
        for name, value in values.items():
            if value is None:
                del found[name]
            else:
                found[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            lambda job: job.pop("role"), ": role is a required property", id="model: required"
        ),
        pytest.param(
            _put(_cmaf, segmentLength=0),
            f"{CMAF}/segmentLength: Should be greater than or equal to 1",
            id="model: bound",
        ),
        pytest.param(
            _put(_h264, rateControlMode="CRF"),
            f"{H264}/rateControlMode: Should be one of: VBR, CBR, QVBR",
            id="model: enum",
        ),
        pytest.param(
            _put(_speke, resourceId="a/b"),
            f"{CMAF}/encryption/spekeKeyProvider/resourceId: Should match pattern",
            id="model: pattern",
        ),
        pytest.param(
            _put(_speke, url="http://keys/"),
            f"{CMAF}/encryption/spekeKeyProvider/url: Should match pattern",
            id="model: key servers are https",
        ),
        pytest.param(
            _put(_cmaf, segmentSeconds=4),
            f"{CMAF}: Should not have additional properties: segmentSeconds",
            id="model: unknown member",
        ),
        pytest.param(
            _put(_group, automatedEncodingSettings={"abrSettings": {"maxRenditions": 5}}),
            "/outputGroups/0/automatedEncodingSettings: Is not supported by the local",
            id="a setting that cannot be done here",
        ),
        pytest.param(
            lambda job: job["settings"]["inputs"][0].update(
                inputClippings=[{"startTimecode": "00:00:01:00"}]
            ),
            "/inputs/0/inputClippings: Is not supported by the local",
            id="clips",
        ),
        pytest.param(
            lambda job: _group(job)["outputs"][2]["audioDescriptions"][0].update(
                codecSettings={"codec": "EAC3_ATMOS", "eac3AtmosSettings": {}}
            ),
            "codecSettings/codec: EAC3_ATMOS is not supported by the local MediaConvert",
            id="Atmos, by name",
        ),
        pytest.param(
            _put(_cmaf, targetDurationCompatibilityMode="LEGACY"),
            f"{CMAF}/targetDurationCompatibilityMode: LEGACY is not supported by the local",
            id="a value that cannot be done here",
        ),
        pytest.param(
            _put(_cmaf, segmentControl=None),
            f"{CMAF}: segmentControl is a required property",
            id="a default of the service that is not done here",
        ),
        pytest.param(
            _put(_h264, maxBitrate=None),
            f"{H264}: maxBitrate is a required property",
            id="QVBR without a ceiling",
        ),
        pytest.param(
            _put(_h264, rateControlMode="VBR", qvbrSettings=None),
            f"{H264}: bitrate is a required property",
            id="VBR without a bitrate",
        ),
        pytest.param(
            lambda job: _group(job)["outputs"][0]["videoDescription"].update(width=321),
            "/outputGroups/0/outputs/0/videoDescription/width: Should be a multiple of 2",
            id="odd width",
        ),
        pytest.param(
            lambda job: _group(job)["outputs"][1].update(nameModifier="_180p"),
            "/outputGroups/0/outputs/1/nameModifier: Should be unique",
            id="two outputs of one name",
        ),
        pytest.param(
            lambda job: _group(job)["outputs"][1].pop("nameModifier"),
            "/outputGroups/0/outputs/1: nameModifier is a required property",
            id="no name",
        ),
        pytest.param(
            lambda job: _group(job)["outputs"][0].pop("containerSettings"),
            "/outputGroups/0/outputs/0: containerSettings is a required property",
            id="no container",
        ),
        pytest.param(
            lambda job: _group(job).update(outputs=[]),
            "/outputGroups/0/outputs: Should have at least 1 items",
            id="no outputs",
        ),
        pytest.param(
            lambda job: job["settings"].update(inputs=[]),
            "/inputs: Should have at least 1 items",
            id="no inputs",
        ),
        pytest.param(
            lambda job: _group(job)["outputs"][2]["audioDescriptions"][0].update(
                audioSourceName="Audio Selector 7"
            ),
            "audioDescriptions/0/audioSourceName: Should name an audio selector",
            id="unknown audio selector",
        ),
        pytest.param(
            _put(
                _speke,
                encryptionContractConfiguration={
                    "spekeVideoPreset": "SHARED",
                    "spekeAudioPreset": "PRESET_AUDIO_1",
                },
            ),
            "encryptionContractConfiguration: SHARED must be chosen for both",
            id="presets that do not go together",
        ),
        pytest.param(
            _put(
                _speke,
                dashSignaledSystemIds=[f"{n}def8ba9-79d6-4ace-a3c8-27dcd51d21ed" for n in range(4)],
            ),
            "spekeKeyProvider/dashSignaledSystemIds: Should have at most 3 items",
            id="too many systems",
        ),
        pytest.param(
            lambda job: _group(job)["outputs"][0]["containerSettings"].update(
                cmfcSettings={"audioRenditionSets": "other"}
            ),
            "cmfcSettings/audioRenditionSets: Should name an audio group",
            id="unknown audio group",
        ),
        pytest.param(
            lambda job: job.update(queue="Fast"),
            "/queue: The queue Fast does not exist",
            id="unknown queue",
        ),
    ],
)
def test_a_document_is_refused_at_the_place_that_is_wrong(
    cloud: Any, job: dict[str, Any], change: Change, message: str
) -> None:
    change(job)

    answer = cloud.ask("POST", "jobs", json.dumps(job).encode())

    assert answer.status == 400
    assert answer.header("x-amzn-ErrorType") == "BadRequestException"
    assert message in json.loads(answer.body)["message"]
    assert cloud.events == []


def test_a_job_of_frame_captures_alone_is_refused(
    cloud: Any, job: dict[str, Any], captures: dict[str, Any]
) -> None:
    job["settings"]["outputGroups"] = [captures]

    answer = cloud.ask("POST", "jobs", json.dumps(job).encode())

    assert answer.status == 400
    assert "frame capture output needs another output" in json.loads(answer.body)["message"]


def test_a_body_that_is_no_json_object_is_refused(cloud: Any) -> None:
    assert cloud.ask("POST", "jobs", b"{").status == 400
    assert cloud.ask("POST", "jobs", b"[]").status == 400


def test_every_setting_said_to_be_honoured_exists_in_the_model() -> None:
    for shape, settings in SUPPORTED.items():
        members = MODEL.members(shape)
        assert set(settings) <= set(members), shape
        for name, rule in settings.items():
            allowed = MODEL.shape(members[name][1]).get("enum")
            if isinstance(rule, frozenset) and allowed:
                assert rule & set(allowed), (shape, name)
