from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from botocore.exceptions import ClientError

CPIX = "{urn:dashif:org:cpix}"


def _run(cloud: Any, job: dict[str, Any]) -> dict[str, Any]:
    answer = cloud.ask("POST", "jobs", json.dumps(job).encode())
    assert answer.status == 201, answer.body
    done: dict[str, Any] = cloud.wait_for(json.loads(answer.body)["job"]["id"], "COMPLETE", "ERROR")
    return done


def test_a_text_named_mp4_can_not_be_opened(cloud: Any, job: dict[str, Any]) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = b"this is no film\n" * 50

    done = _run(cloud, job)

    assert (done["status"], done["errorCode"]) == ("ERROR", 1010)
    assert "Unable to open input file [s3://mezzanine/uploads/ast_1/source]" in done["errorMessage"]
    assert cloud.events[-1][2]["errorCode"] == 1010
    assert cloud.s3.order == []


def test_a_film_cut_off_in_the_middle_is_a_source_that_can_not_be_read(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film[: len(film) // 2]

    done = _run(cloud, job)

    assert (done["status"], done["errorCode"]) == ("ERROR", 1076)
    assert "Unexpected end of file" in done["errorMessage"]
    assert cloud.s3.order == []


def test_an_input_that_is_not_there_is_1404(cloud: Any, job: dict[str, Any]) -> None:
    assert _run(cloud, job)["errorCode"] == 1404


def test_an_input_the_role_may_not_read_is_1401(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    cloud.s3.denied = {"mezzanine"}

    assert _run(cloud, job)["errorCode"] == 1401


def test_an_output_the_role_may_not_write_is_1401(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    cloud.s3.denied = {"packaged"}

    done = _run(cloud, job)

    assert done["errorCode"] == 1401
    assert "s3://packaged/m/ast_1/v1/" in done["errorMessage"]


def test_a_role_that_can_not_be_assumed_is_1432(cloud: Any, job: dict[str, Any]) -> None:
    cloud.role_fault = ClientError({"Error": {"Code": "AccessDenied"}}, "AssumeRole")

    assert _run(cloud, job)["errorCode"] == 1432


def test_an_audio_selector_without_a_track_is_1021(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    selector = job["settings"]["inputs"][0]["audioSelectors"]["Audio Selector 1"]
    selector |= {"selectorType": "TRACK", "tracks": [2]}

    assert _run(cloud, job)["errorCode"] == 1021


def _without(tag: str) -> Callable[[ET.Element], None]:
    def spoil(root: ET.Element) -> None:
        for parent in root.iter():
            for child in parent.findall(f"{CPIX}{tag}"):
                parent.remove(child)

    return spoil


def _other_pssh(root: ET.Element) -> None:
    for element in root.iter(f"{CPIX}PSSH"):
        element.text = "AAAA"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_without("ContentKey"), "no ContentKey for KID"),
        (_without("Data"), "no PlainValue for KID"),
        (_without("PSSH"), "no PSSH for KID"),
        (_without("ContentProtectionData"), "no ContentProtectionData for KID"),
        (_without("HLSSignalingData"), "no HLSSignalingData media for KID"),
        (_without("DRMSystem"), "no DRMSystem for KID"),
        (_other_pssh, "PSSH and ContentProtectionData disagree"),
        (lambda root: root.set("contentId", "other"), "CPIX@contentId is other"),
        (lambda root: root.set("version", "2.2"), "CPIX@version is 2.2"),
    ],
)
def test_an_answer_of_the_key_server_that_lacks_something_ends_the_job(
    cloud: Any,
    job: dict[str, Any],
    film: bytes,
    spoil: Callable[[ET.Element], None],
    reason: str,
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    cloud.key_server.spoil = spoil

    done = _run(cloud, job)

    assert done["errorCode"] == 1091
    assert reason in done["errorMessage"]
    assert cloud.s3.order == []


def test_a_key_server_that_refuses_ends_the_job(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    cloud.key_server.status = 403

    done = _run(cloud, job)

    assert done["errorCode"] == 1091
    assert "status 403" in done["errorMessage"]


def test_a_key_server_that_can_not_be_reached_ends_the_job(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film

    def unreachable(_: ET.Element) -> None:
        raise ConnectionRefusedError("nobody listens")

    cloud.key_server.spoil = unreachable

    done = _run(cloud, job)

    assert done["errorCode"] == 1091
    assert "nobody listens" in done["errorMessage"]


def test_a_key_server_that_does_not_echo_the_speke_version_ends_the_job(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    cloud.key_server.headers = (("X-Speke-User-Agent", "fake"),)

    assert "X-Speke-Version" in _run(cloud, job)["errorMessage"]
