"""Uploads and packaged files behave alike in memory and in S3."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from botocore.stub import Stubber

from kernel.errors import UnavailableError
from media.domain import Capture, Part, PartsRefusedError, UploadGoneError
from media.ports import PackagedFiles, Uploads
from media.s3 import S3PackagedFiles, S3Uploads, signing_client
from tests.fakes.media import FakePackagedFiles, FakeUploads

KEY = "uploads/ast_01kz0000000000000000000000/source"
CONTENT = b"a short film"
SHA256 = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()


@pytest.fixture
def bucket(aws: None) -> str:
    boto3.client("s3").create_bucket(
        Bucket="films", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return "films"


@pytest.fixture(params=["memory", "s3"])
def uploads(request: pytest.FixtureRequest) -> Uploads:
    if request.param == "memory":
        return FakeUploads()
    bucket: str = request.getfixturevalue("bucket")
    return S3Uploads(signing_client(), bucket)


@pytest.fixture
def s3_uploads(bucket: str) -> S3Uploads:
    return S3Uploads(signing_client(), bucket)


def test_what_was_never_completed_is_not_there(uploads: Uploads) -> None:
    uploads.begin(KEY)

    assert not uploads.exists(KEY)


def test_captions_lie_beside_the_film_as_webvtt(s3_uploads: S3Uploads, bucket: str) -> None:
    s3_uploads.write_captions("uploads/ast_1/captions/en.vtt", "WEBVTT — ✓")

    found = boto3.client("s3").get_object(Bucket=bucket, Key="uploads/ast_1/captions/en.vtt")
    assert found["Body"].read().decode() == "WEBVTT — ✓"
    assert found["ContentType"] == "text/vtt"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("NoSuchUpload", UploadGoneError),
        ("InvalidPart", PartsRefusedError),
        ("BadDigest", PartsRefusedError),
        ("EntityTooSmall", PartsRefusedError),
        ("AccessDenied", UnavailableError),
        ("SlowDown", UnavailableError),
    ],
)
def test_s3s_refusals_become_ours(aws: None, code: str, error: type[Exception]) -> None:
    client = signing_client()
    with Stubber(client) as s3:
        s3.add_client_error("complete_multipart_upload", service_error_code=code)

        with pytest.raises(error):
            S3Uploads(client, "films").complete(KEY, "upload", [Part(1, '"e"', SHA256)], 1)


def test_a_part_sent_by_its_signed_url_makes_the_object(s3_uploads: S3Uploads) -> None:
    upload_id = s3_uploads.begin(KEY)
    url = s3_uploads.sign_part(KEY, upload_id, 1, SHA256)

    sent = requests.put(url, data=CONTENT, headers={"x-amz-checksum-sha256": SHA256}, timeout=10)
    part = Part(1, sent.headers["etag"], SHA256)
    s3_uploads.complete(KEY, upload_id, [part], len(CONTENT))

    assert s3_uploads.exists(KEY)
    stored = boto3.client("s3").get_object(Bucket="films", Key=KEY)
    assert stored["Body"].read() == CONTENT


def test_an_upload_that_is_under_way_has_the_parts_that_were_sent(aws: None) -> None:
    """By a stub: moto keeps no digest with a part."""
    client = signing_client()
    place = {"Bucket": "films", "Key": KEY, "UploadId": "upload"}
    first, second = (
        {"PartNumber": number, "ETag": f'"{number}"', "ChecksumSHA256": SHA256, "Size": 12}
        for number in (1, 7)
    )
    with Stubber(client) as s3:
        page = {"IsTruncated": True, "NextPartNumberMarker": 1, "Parts": [first]}
        s3.add_response("list_parts", page, place)
        more = {"IsTruncated": False, "Parts": [second]}
        s3.add_response("list_parts", more, {**place, "PartNumberMarker": 1})

        parts = S3Uploads(client, "films").parts(KEY, "upload")

    assert parts == [Part(1, '"1"', SHA256), Part(7, '"7"', SHA256)]


def test_nothing_was_sent_of_a_new_upload_and_one_that_is_gone_says_so(uploads: Uploads) -> None:
    upload_id = uploads.begin(KEY)
    assert list(uploads.parts(KEY, upload_id)) == []

    uploads.abort(KEY, upload_id)

    with pytest.raises(UploadGoneError):
        uploads.parts(KEY, upload_id)


def test_a_parts_url_is_sigv4_on_the_regional_host_and_covers_the_digest(
    s3_uploads: S3Uploads,
) -> None:
    url = urlsplit(s3_uploads.sign_part(KEY, "upload", 7, SHA256))
    query = parse_qs(url.query)

    assert url.hostname == "films.s3.eu-west-1.amazonaws.com"
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-amz-checksum-sha256"]
    assert query["partNumber"] == ["7"]
    assert query["X-Amz-Expires"] == ["3600"]
    # The client's own default checksum would contradict the one that is signed.
    assert not any("crc32" in name.lower() for name in query)


@pytest.fixture(params=["memory", "s3"])
def packaged(request: pytest.FixtureRequest) -> PackagedFiles:
    if request.param == "memory":
        return FakePackagedFiles()
    bucket: str = request.getfixturevalue("bucket")
    return S3PackagedFiles(boto3.client("s3"), bucket)


def test_a_folder_lists_its_own_files_with_their_sizes(packaged: PackagedFiles) -> None:
    packaged.write_text("m/a/v1/main.mpd", "<MPD/>", "application/dash+xml")
    packaged.write_text("m/a/v10/main.mpd", "other", "application/dash+xml")

    assert packaged.sizes("m/a/v1") == {"main.mpd": 6}
    assert packaged.sizes("m/none") == {}


def test_text_comes_back_as_it_was_written(packaged: PackagedFiles) -> None:
    packaged.write_text("m/a/v1/x.m3u8", "#EXTM3U — ünïcode", "application/vnd.apple.mpegurl")

    assert packaged.read_text("m/a/v1/x.m3u8") == "#EXTM3U — ünïcode"


def test_captures_are_the_pictures_of_a_folder(packaged: PackagedFiles) -> None:
    packaged.write_text("work/a/v1/frame.0000000.jpg", "picture", "image/jpeg")
    packaged.write_text("work/a/v1/report.csv", "numbers", "text/csv")

    assert list(packaged.captures("work/a/v1")) == [Capture("work/a/v1/frame.0000000.jpg", 7)]


def test_a_poster_is_cached_for_ever_and_typed(bucket: str) -> None:
    s3 = boto3.client("s3")
    files = S3PackagedFiles(s3, bucket)
    s3.put_object(Bucket=bucket, Key="work/frame.jpg", Body=b"jpeg", ContentType="binary/x")

    files.copy_picture(Capture("work/frame.jpg", 4), "art/a/v1/poster.jpg")

    stored = s3.get_object(Bucket=bucket, Key="art/a/v1/poster.jpg")
    assert stored["ContentType"] == "image/jpeg"
    assert stored["CacheControl"] == "public, max-age=31536000, immutable"
    assert stored["Body"].read() == b"jpeg"
