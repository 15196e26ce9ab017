from __future__ import annotations

import base64
import hashlib
import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.front import Front
from localcloud.wire import HttpRequest, HttpResponse

DISTRIBUTION = "arn:aws:cloudfront::123456789012:distribution/E1"
PART = b"p" * 5 * 1024 * 1024


def error_of(call: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def sha256(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def arn(bucket: str, key: str = "*") -> str:
    return f"arn:aws:s3:::{bucket}/{key}"


def test_a_denial_quotes_the_resource_as_s3_does(client_of: Any, bucket: str) -> None:
    code, message = error_of(client_of("s3").put_object, Bucket=bucket, Key="a", Body=b"")

    assert code == "AccessDenied"
    assert f'perform: s3:PutObject on resource: "{arn(bucket, "a")}" because no' in message


def test_who_may_not_list_does_not_learn_what_is_missing(
    client_of: Any, allow: Any, bucket: str
) -> None:
    reads = allow("s3:GetObject", arn(bucket))

    blind = client_of("s3", reads)
    sighted = client_of("s3", reads, allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"))

    assert error_of(blind.get_object, Bucket=bucket, Key="no")[0] == "AccessDenied"
    assert error_of(blind.head_object, Bucket=bucket, Key="no")[0] == "403"
    assert error_of(sighted.get_object, Bucket=bucket, Key="no")[0] == "NoSuchKey"


def test_listing_is_confined_by_prefix(client_of: Any, allow: Any, bucket: str) -> None:
    condition = {"StringLike": {"s3:prefix": ["m/*"]}}
    lister = client_of("s3", allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition=condition))

    assert lister.list_objects_v2(Bucket=bucket, Prefix="m/1")["KeyCount"] == 0
    assert error_of(lister.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"


def test_a_copy_needs_to_read_its_source(
    front: Front, client_of: Any, allow: Any, bucket: str
) -> None:
    front.client("s3").put_object(Bucket=bucket, Key="from/a", Body=b"x")
    source = {"Bucket": bucket, "Key": "from/a"}

    writer = client_of("s3", allow("s3:PutObject", arn(bucket)))
    both = client_of(
        "s3", allow("s3:PutObject", arn(bucket)), allow("s3:GetObject", arn(bucket, "from/*"))
    )

    assert (
        "s3:GetObject"
        in error_of(writer.copy_object, Bucket=bucket, Key="to", CopySource=source)[1]
    )
    both.copy_object(Bucket=bucket, Key="to", CopySource=source)


def test_deleting_many_refuses_each_object_by_itself(
    front: Front, client_of: Any, allow: Any, bucket: str
) -> None:
    admin = front.client("s3")
    for key in ("mine/a", "theirs/b"):
        admin.put_object(Bucket=bucket, Key=key, Body=b"x")
    deleter = client_of("s3", allow("s3:DeleteObject", arn(bucket, "mine/*")))

    answer = deleter.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "mine/a"}, {"Key": "theirs/b"}]}
    )

    assert [one["Key"] for one in answer["Deleted"]] == ["mine/a"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("theirs/b", "AccessDenied")]
    kept = admin.list_objects_v2(Bucket=bucket)["Contents"]
    assert [one["Key"] for one in kept] == ["theirs/b"]


@pytest.fixture
def key_arn(front: Front) -> str:
    return str(front.client("kms").create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def encrypted(front: Front, bucket: str, key_arn: str) -> str:
    rule = {
        "ApplyServerSideEncryptionByDefault": {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": key_arn,
        }
    }
    front.client("s3").put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
    )
    return bucket


def test_an_object_under_a_key_needs_the_key_through_s3_and_for_that_object(
    client_of: Any, allow: Any, encrypted: str, key_arn: str
) -> None:
    s3 = allow(["s3:PutObject", "s3:GetObject"], arn(encrypted))
    mine = {
        "StringEquals": {
            "kms:ViaService": "s3.eu-west-1.amazonaws.com",
            "kms:EncryptionContext:aws:s3:arn": arn(encrypted, "a"),
        }
    }
    keyless = client_of("s3", s3)
    keyed = client_of(
        "s3", s3, allow(["kms:Decrypt", "kms:GenerateDataKey"], key_arn, Condition=mine)
    )

    assert (
        "kms:GenerateDataKey"
        in error_of(keyless.put_object, Bucket=encrypted, Key="a", Body=b"x")[1]
    )
    keyed.put_object(Bucket=encrypted, Key="a", Body=b"x")
    assert keyed.get_object(Bucket=encrypted, Key="a")["Body"].read() == b"x"
    assert "kms:Decrypt" in error_of(keyless.get_object, Bucket=encrypted, Key="a")[1]
    assert error_of(keyed.put_object, Bucket=encrypted, Key="b", Body=b"x")[0] == "AccessDenied"


def test_an_upload_under_a_key_must_be_able_to_decrypt(
    client_of: Any, allow: Any, encrypted: str, key_arn: str
) -> None:
    uploader = client_of(
        "s3", allow("s3:PutObject", arn(encrypted)), allow("kms:GenerateDataKey", key_arn)
    )
    upload = uploader.create_multipart_upload(Bucket=encrypted, Key="a")["UploadId"]

    _, message = error_of(
        uploader.upload_part, Bucket=encrypted, Key="a", UploadId=upload, PartNumber=1, Body=b"x"
    )

    assert "kms:Decrypt" in message


@pytest.fixture
def edge_reads(front: Front, bucket: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": arn(bucket),
        "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:cloudfront::123456789012:*"}},
    }
    front.client("s3").put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    front.client("s3").put_object(Bucket=bucket, Key="m/a.mpd", Body=b"<MPD/>")
    return bucket


def test_the_edge_reads_by_the_bucket_policy(front: Front, edge_reads: str) -> None:
    def read(source: str | None, key: str) -> HttpResponse:
        edge = front.identities.service("cloudfront.amazonaws.com", source)
        return front.handle_as(
            HttpRequest("GET", f"/{key}", host=f"{edge_reads}.s3.eu-west-1.amazonaws.com"), edge
        )

    assert read(DISTRIBUTION, "m/a.mpd").body == b"<MPD/>"
    assert read(None, "m/a.mpd").status == 403
    assert read(DISTRIBUTION, "m/missing").status == 403


def test_a_callback_hears_of_each_object_once(front: Front, bucket: str) -> None:
    heard: list[tuple[str, str, int, str, str]] = []
    front.on_object_created(lambda *event: heard.append(event) if event[0] == bucket else None)
    s3 = front.client("s3")

    s3.put_object(Bucket=bucket, Key="put", Body=b"hello")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "put"})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"p")
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key="parts",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    error_of(s3.get_object, Bucket=bucket, Key="missing")

    etag = hashlib.md5(b"hello").hexdigest()  # noqa: S324 - S3's ETag
    assert heard[0] == (bucket, "put", 5, etag, "ObjectCreated:Put")
    assert [(event[1], event[4]) for event in heard] == [
        ("put", "ObjectCreated:Put"),
        ("copy", "ObjectCreated:Copy"),
        ("parts", "ObjectCreated:CompleteMultipartUpload"),
    ]


class Upload:
    """A multipart upload with SHA-256 checksums and presigned parts, as the service makes them."""

    def __init__(self, front: Front, bucket: str) -> None:
        self.s3 = front.client("s3")
        self.place = {"Bucket": bucket, "Key": "uploads/ast_1/source"}
        created = self.s3.create_multipart_upload(**self.place, ChecksumAlgorithm="SHA256")
        assert created["ChecksumAlgorithm"] == "SHA256"
        self.place["UploadId"] = created["UploadId"]

    def put(self, number: int, body: bytes, *, checksum: str | None = None) -> Any:
        parameters = {**self.place, "PartNumber": number}
        checksum = checksum or sha256(body)
        url = self.s3.generate_presigned_url(
            "upload_part", Params={**parameters, "ChecksumSHA256": checksum}, ExpiresIn=60
        )
        headers = {"x-amz-checksum-sha256": checksum}
        request = urllib.request.Request(url, data=body, method="PUT", headers=headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            assert response.headers["x-amz-checksum-sha256"] == checksum
            return response.headers["ETag"]

    def complete(self, parts: list[dict[str, Any]], **more: Any) -> Any:
        return self.s3.complete_multipart_upload(
            **self.place, MultipartUpload={"Parts": parts}, **more
        )


@pytest.fixture
def upload(front: Front, bucket: str) -> Upload:
    return Upload(front, bucket)


def part(number: int, etag: str, body: bytes) -> dict[str, Any]:
    return {"PartNumber": number, "ETag": etag, "ChecksumSHA256": sha256(body)}


def composite(*bodies: bytes) -> str:
    digests = b"".join(hashlib.sha256(body).digest() for body in bodies)
    return f"{sha256(digests)}-{len(bodies)}"


def test_presigned_parts_make_an_object_with_a_composite_checksum(upload: Upload) -> None:
    parts = [part(1, upload.put(1, PART), PART), part(2, upload.put(2, b"end"), b"end")]
    listed = upload.s3.list_parts(**upload.place)["Parts"]

    done = upload.complete(parts)
    again = upload.complete(parts)
    head = upload.s3.head_object(
        Bucket=upload.place["Bucket"], Key=upload.place["Key"], ChecksumMode="ENABLED"
    )

    assert done["ChecksumSHA256"] == composite(PART, b"end")
    assert done["ChecksumType"] == "COMPOSITE"
    assert again["ETag"] == done["ETag"]
    assert head["ChecksumSHA256"] == composite(PART, b"end")
    assert head["ContentLength"] == len(PART) + 3
    assert [one["ChecksumSHA256"] for one in listed] == [sha256(PART), sha256(b"end")]


def test_a_browsers_question_before_a_signed_part_is_answered_by_the_buckets_rules_alone(
    upload: Upload,
) -> None:
    rule = {"AllowedOrigins": ["https://watch.example"], "AllowedMethods": ["PUT"]}
    upload.s3.put_bucket_cors(
        Bucket=upload.place["Bucket"],
        CORSConfiguration={"CORSRules": [{**rule, "AllowedHeaders": ["x-amz-checksum-sha256"]}]},
    )
    parameters = {**upload.place, "PartNumber": 1, "ChecksumSHA256": sha256(b"x")}
    url = upload.s3.generate_presigned_url("upload_part", Params=parameters, ExpiresIn=60)

    def ask(origin: str) -> Any:
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "x-amz-checksum-sha256",
        }
        return urllib.request.Request(url, method="OPTIONS", headers=headers)

    with urllib.request.urlopen(ask("https://watch.example"), timeout=30) as granted:
        assert granted.headers["access-control-allow-origin"] == "https://watch.example"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(ask("https://evil.example"), timeout=30)
    assert refused.value.code == 403
    assert b"CORSResponse" in refused.value.read()


def test_parts_are_listed_by_number_page_by_page_whichever_are_missing(upload: Upload) -> None:
    for number in (5, 2, 9):
        upload.put(number, b"part %d" % number)

    pages = upload.s3.get_paginator("list_parts").paginate(
        **upload.place, PaginationConfig={"PageSize": 2}
    )
    listed = [
        (part["PartNumber"], part["Size"], part["ChecksumSHA256"])
        for page in pages
        for part in page["Parts"]
    ]

    assert listed == [(n, 6, sha256(b"part %d" % n)) for n in (2, 5, 9)]
    assert upload.s3.list_parts(**upload.place)["ChecksumType"] == "COMPOSITE"


def test_an_upload_without_parts_lists_none(upload: Upload) -> None:
    assert "Parts" not in upload.s3.list_parts(**upload.place)


def test_a_part_whose_checksum_is_wrong_is_refused(upload: Upload) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        upload.put(1, b"damaged", checksum=sha256(b"meant"))

    assert caught.value.code == 400
    assert b"<Code>BadDigest</Code>" in caught.value.read()


def test_a_part_without_a_checksum_is_refused(upload: Upload) -> None:
    url = upload.s3.generate_presigned_url(
        "upload_part", Params={**upload.place, "PartNumber": 1}, ExpiresIn=60
    )
    request = urllib.request.Request(url, data=b"x", method="PUT")

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)

    assert b"expected checksum Type: sha256, actual checksum Type: null" in caught.value.read()


def test_completion_must_state_every_parts_checksum(upload: Upload) -> None:
    etag = upload.put(1, b"only")

    code, message = error_of(upload.complete, [{"PartNumber": 1, "ETag": etag}])

    assert code == "InvalidRequest"
    assert "missing for part 1" in message


def test_completion_with_another_checksum_is_refused(upload: Upload) -> None:
    etag = upload.put(1, b"only")

    assert error_of(upload.complete, [part(1, etag, b"other")])[0] == "InvalidPart"


def test_completion_with_a_wrong_composite_is_refused(upload: Upload) -> None:
    etag = upload.put(1, b"only")

    code, _ = error_of(
        upload.complete, [part(1, etag, b"only")], ChecksumSHA256=sha256(b"something")
    )

    assert code == "BadDigest"


def test_completion_with_another_size_than_is_there_is_refused(upload: Upload) -> None:
    parts = [part(1, upload.put(1, b"only"), b"only")]

    assert error_of(upload.complete, parts, MpuObjectSize=5)[0] == "InvalidRequest"
    assert upload.complete(parts, MpuObjectSize=4)["ETag"]


def test_an_upload_that_is_gone_is_said_so(upload: Upload) -> None:
    upload.s3.abort_multipart_upload(**upload.place)

    assert error_of(upload.complete, [part(1, "e", b"x")])[0] == "NoSuchUpload"


@pytest.fixture
def browser(front: Front, bucket: str) -> str:
    rule = {
        "AllowedOrigins": ["http://localhost:8080", "https://*.example.org"],
        "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["x-amz-*", "content-type"],
        "ExposeHeaders": ["ETag", "x-amz-checksum-sha256"],
        "MaxAgeSeconds": 600,
    }
    front.client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    return bucket


def preflight(front: Front, bucket: str, **headers: str) -> HttpResponse:
    asked = {
        "origin": "http://localhost:8080",
        "access-control-request-method": "PUT",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return front.handle(
        HttpRequest("OPTIONS", f"/{bucket}/k", headers=tuple(asked.items()), host="127.0.0.1")
    )


def test_a_preflight_is_granted_by_the_buckets_rule(front: Front, browser: str) -> None:
    answer = preflight(
        front, browser, access_control_request_headers="X-Amz-Checksum-Sha256, content-type"
    )

    assert answer.status == 200
    assert dict(answer.headers) == {
        "access-control-allow-origin": "http://localhost:8080",
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "x-amz-checksum-sha256, content-type",
        "access-control-expose-headers": "ETag, x-amz-checksum-sha256",
        "access-control-max-age": "600",
        "access-control-allow-credentials": "true",
        "vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://elsewhere"},
        {"access_control_request_method": "DELETE"},
        {"access_control_request_headers": "authorization"},
    ],
)
def test_a_preflight_outside_the_rules_is_forbidden(
    front: Front, browser: str, headers: dict[str, str]
) -> None:
    answer = preflight(front, browser, **headers)

    assert answer.status == 403
    assert b"<Code>AccessForbidden</Code>" in answer.body


def test_a_bucket_without_rules_has_no_cors(front: Front, bucket: str) -> None:
    assert b"CORS is not enabled for this bucket" in preflight(front, bucket).body


def test_answers_and_refusals_alike_carry_the_rules_headers(front: Front, browser: str) -> None:
    url = front.client("s3").generate_presigned_url(
        "put_object", Params={"Bucket": browser, "Key": "k"}, ExpiresIn=60
    )
    headers = {"Origin": "https://app.example.org"}

    request = urllib.request.Request(url, data=b"x", method="PUT", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        granted = response.headers
    broken = urllib.request.Request(url + "0", data=b"x", method="PUT", headers=headers)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(broken, timeout=10)

    assert granted["access-control-allow-origin"] == "https://app.example.org"
    assert granted["access-control-expose-headers"] == "ETag, x-amz-checksum-sha256"
    assert caught.value.headers["access-control-allow-origin"] == "https://app.example.org"


def test_a_stranger_to_the_rules_gets_no_cors_headers(front: Front, browser: str) -> None:
    request = HttpRequest(
        "GET", f"/{browser}/k", headers=(("origin", "http://elsewhere"),), host="127.0.0.1"
    )

    answer = front.handle_as(request, front.identities.admin_principal)

    assert answer.header("access-control-allow-origin") is None


@pytest.mark.parametrize(
    "key", ["a b.txt", "a+b%25.txt", "ünï/ço.de", "a//b", "q?x=1&y=2", "~'()*!"]
)
def test_keys_of_all_kinds_are_signed_stored_and_found(front: Front, bucket: str, key: str) -> None:
    s3 = front.client("s3")

    s3.put_object(Bucket=bucket, Key=key, Body=b"x", Metadata={"my_key": "v"})

    stored = s3.get_object(Bucket=bucket, Key=key)
    assert (stored["Body"].read(), stored["Metadata"]) == (b"x", {"my_key": "v"})
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Key"] == key


def test_a_part_of_an_object_can_be_read(front: Front, bucket: str) -> None:
    s3 = front.client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")

    answer = s3.get_object(Bucket=bucket, Key="a", Range="bytes=2-4")

    assert (answer["Body"].read(), answer["ContentRange"]) == (b"234", "bytes 2-4/10")
