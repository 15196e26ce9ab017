from __future__ import annotations

import json
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel as BotocoreModel
from botocore.parsers import create_parser

from localcloud.mediaconvert.job_document import MODEL

URL = "s3://mezzanine/uploads/ast_1/source"


def _probe(cloud: Any, body: bytes | None) -> Any:
    if body is not None:
        cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = body
    return cloud.ask("POST", "probe", json.dumps({"inputFiles": [{"fileUrl": URL}]}).encode())


def test_a_film_is_described_in_the_services_own_shapes(cloud: Any, film: bytes) -> None:
    answer = _probe(cloud, film)

    assert answer.status == 200
    document = json.loads(answer.body)
    assert MODEL.faults("ProbeResponse", document) == []
    (result,) = document["probeResults"]
    assert result["metadata"]["fileSize"] == len(film)
    assert result["metadata"]["eTag"] == "etag-1"
    container = result["container"]
    assert container["format"] == "mp4"
    assert abs(container["duration"] - 5) < 0.1
    video, audio = container["tracks"]
    assert (video["index"], video["trackType"], video["codec"]) == (1, "video", "AVC")
    properties = video["videoProperties"]
    assert (properties["width"], properties["height"]) == (320, 180)
    assert properties["frameRate"] == {"numerator": 25, "denominator": 1}
    assert properties["displayAspectRatio"] == {"numerator": 16, "denominator": 9}
    assert properties["codecMetadata"]["scanType"] == "Progressive"
    assert (audio["codec"], audio["audioProperties"]["channels"]) == ("AAC", 2)
    assert audio["audioProperties"]["languageCode"] == "eng"
    assert result["trackMappings"] == [
        {"videoTrackIndexes": [1], "audioTrackIndexes": [2], "dataTrackIndexes": []}
    ]


def test_botocore_reads_the_answer(cloud: Any, film: bytes) -> None:
    model = BotocoreModel(Loader().load_service_model("mediaconvert", "service-2"))
    operation = model.operation_model("Probe")
    assert operation.output_shape is not None
    answer = _probe(cloud, film)

    parsed = create_parser("rest-json").parse(
        {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body},
        operation.output_shape,
    )

    assert parsed["ProbeResults"][0]["Container"]["Tracks"][0]["Codec"] == "AVC"


def test_a_text_is_a_bad_request(cloud: Any) -> None:
    answer = _probe(cloud, b"Good morning, this is no film\n" * 50)

    assert answer.status == 400
    assert answer.header("x-amzn-errortype") == "BadRequestException"


def test_an_empty_file_is_a_bad_request(cloud: Any) -> None:
    assert _probe(cloud, b"").status == 400


def test_a_film_that_ends_before_its_index_is_malformed(cloud: Any, film: bytes) -> None:
    answer = _probe(cloud, film[:600])

    assert answer.status == 422
    assert answer.header("x-amzn-errortype") == "UnprocessableEntityException"


def test_a_film_that_ends_after_its_index_is_described_as_if_it_were_whole(
    cloud: Any, film: bytes
) -> None:
    answer = _probe(cloud, film[: len(film) // 2])

    assert answer.status == 200
    assert json.loads(answer.body)["probeResults"][0]["container"]["duration"] > 4.9


def test_a_file_the_caller_may_not_read_is_forbidden(cloud: Any, film: bytes) -> None:
    cloud.s3.denied = {"mezzanine"}

    assert _probe(cloud, film).status == 403


def test_a_file_that_is_not_there_is_not_found(cloud: Any) -> None:
    assert _probe(cloud, None).status == 404


def test_a_document_the_model_does_not_allow_is_a_bad_request(cloud: Any) -> None:
    assert cloud.ask("POST", "probe", b'{"files": []}').status == 400
    assert cloud.ask("POST", "probe", b"{}").status == 400
