from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.backends import get_backend

from localcloud.moto_seams import make_room_for_multi_region_ids
from localcloud.registry import Registry, Resource
from localcloud.state import State, StateFormatError

REGION = "eu-west-1"
ACCOUNT = "123456789012"


class Run:
    """One run of a local cloud: moto's backends, a registry, and the state on top."""

    def __init__(self, data_dir: Path, name: str, **state: Any) -> None:
        self.name = name
        self.registry = Registry()
        self.clients: dict[str, Any] = {}
        self.state = State(data_dir, self.registry, self.client, **state)

    def client(self, service: str) -> Any:
        if service not in self.clients:
            make: Any = boto3.client
            config = Config(account_id_endpoint_mode="disabled")
            self.clients[service] = make(service, region_name=REGION, config=config)
        return self.clients[service]

    def add(
        self,
        cfn_type: str,
        logical_id: str,
        physical_id: str,
        attributes: dict[str, str] | None = None,
        **properties: Any,
    ) -> None:
        self.registry.add(
            Resource("media", logical_id, cfn_type, physical_id, attributes or {}, properties)
        )

    def table(self, logical_id: str = "Titles", *, expires: bool = False) -> str:
        """A table whose physical name is this run's own."""
        name = f"{logical_id}-{self.name}"
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        dynamodb = self.client("dynamodb")
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        if expires:
            dynamodb.update_time_to_live(
                TableName=name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
            )
        self.add("AWS::DynamoDB::GlobalTable", logical_id, name)
        return name

    def put(self, table: str, key: str, **attributes: Any) -> None:
        item = {"pk": {"S": key}, "sk": {"S": "A"}, **attributes}
        self.client("dynamodb").put_item(TableName=table, Item=item)

    def items(self, table: str) -> dict[str, dict[str, Any]]:
        answer = self.client("dynamodb").scan(TableName=table)
        return {item["pk"]["S"]: item for item in answer["Items"]}

    def stream(self, table: str) -> list[str]:
        """The keys of the stream's records."""
        shard: Any = get_backend("dynamodb")[ACCOUNT][REGION].tables[table].stream_shard
        return [one.record["dynamodb"]["Keys"]["pk"]["S"] for one in shard.items]

    def bucket(self, *, versioned: bool = False) -> str:
        name = f"packaged-{self.name}"
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        self.add("AWS::S3::Bucket", "Packaged", name)
        return name

    def key(self, logical_id: str = "Vault", **arguments: Any) -> str:
        """A KMS key as the provisioner makes it; its id."""
        kms = self.client("kms")
        created = kms.create_key(**arguments)["KeyMetadata"]["KeyId"]
        key_id = self.state.adopt_key("media", logical_id, created)
        arn = kms.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]
        self.add("AWS::KMS::Key", logical_id, key_id, {"Arn": arn, "KeyId": key_id})
        return key_id

    def secret(self, value: str, **properties: Any) -> str:
        client = self.client("secretsmanager")
        arn = client.create_secret(Name=f"signing-{self.name}", SecretString=value)["ARN"]
        self.add("AWS::SecretsManager::Secret", "Signing", arn, **properties)
        return str(arn)

    def parameter(self, value: str, name: str = "/marquee/origin") -> None:
        self.client("ssm").put_parameter(Name=name, Value=value, Type="String")
        self.add("AWS::SSM::Parameter", "Origin", name, Value=value, Type="String")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    make_room_for_multi_region_ids()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Begins a run in empty backends, as a new process would."""
    running: list[Any] = []

    def begin(name: str, **state: Any) -> Run:
        if running:
            running.pop().stop()
        mock = mock_aws()
        mock.start()
        running.append(mock)
        return Run(tmp_path, name, **state)

    yield begin
    running.pop().stop()


def test_items_come_back_in_a_table_of_another_name(start: Callable[..., Run]) -> None:
    first = start("one")
    table = first.table()
    first.state.restore()
    everything = {
        "text": {"S": "Bünny"},
        "number": {"N": "1.50"},
        "raw": {"B": b"\x00\xff"},
        "flag": {"BOOL": True},
        "nothing": {"NULL": True},
        "set": {"SS": ["a", "b"]},
        "numbers": {"NS": ["1", "2"]},
        "raws": {"BS": [b"\x01"]},
        "list": {"L": [{"S": "x"}, {"M": {"deep": {"L": [{"N": "3"}, {"B": b"\x02"}]}}}]},
        "map": {"M": {"a": {"M": {"b": {"S": "c"}}}, "empty": {"L": []}}},
    }
    first.put(table, "a", **everything)
    expected = first.items(table)
    first.state.stop()

    second = start("two")
    again = second.table()
    second.state.restore()

    assert again != table
    assert second.items(again) == expected
    answer = second.client("dynamodb").update_item(
        TableName=again,
        Key={"pk": {"S": "a"}, "sk": {"S": "A"}},
        UpdateExpression="SET #n = #n + :one",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeNames={"#n": "number"},
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="ALL_NEW",
    )
    assert float(answer["Attributes"]["number"]["N"]) == 2.5


def test_restored_items_make_no_stream_records(start: Callable[..., Run]) -> None:
    first = start("one")
    first.state.restore()
    first.put(first.table(), "a")
    first.state.stop()

    second = start("two")
    table = second.table()
    second.state.restore()

    assert list(second.items(table)) == ["a"]
    assert second.stream(table) == []


def test_records_that_no_function_dealt_with_are_delivered_by_the_next_run(
    start: Callable[..., Run],
) -> None:
    positions: dict[str, list[dict[str, str]]] = {}
    first = start("one", positions=lambda: positions)
    table = first.table()
    first.state.restore()
    for key in "abc":
        first.put(table, key)
    shard_of_first: Any = get_backend("dynamodb")[ACCOUNT][REGION].tables[table].stream_shard
    done = shard_of_first.items[0].record["dynamodb"]["SequenceNumber"]
    stream_arn = first.client("dynamodb").describe_table(TableName=table)["Table"]
    positions[stream_arn["LatestStreamArn"]] = [{shard_of_first.id: done}]
    first.state.stop()

    second = start("two", positions=lambda: positions)
    table = second.table()
    second.state.restore()
    second.put(table, "d")

    assert second.stream(table) == ["b", "c", "d"]
    streams = second.client("dynamodbstreams")
    arn = second.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
    assert numbers == sorted(set(numbers))
    assert records[0]["dynamodb"]["NewImage"]["pk"] == {"S": "b"}


def test_expired_items_stay_away(start: Callable[..., Run]) -> None:
    first = start("one")
    table = first.table(expires=True)
    first.state.restore()
    now = int(time.time())
    first.put(table, "old", expires_at={"N": str(now - 10)})
    first.put(table, "new", expires_at={"N": str(now + 1000)})
    first.put(table, "always")
    first.state.stop()

    second = start("two")
    table = second.table(expires=True)
    second.state.restore()

    assert sorted(second.items(table)) == ["always", "new"]


def test_deleted_items_and_objects_do_not_come_back(start: Callable[..., Run]) -> None:
    first = start("one")
    table, bucket = first.table(), first.bucket()
    first.state.restore()
    first.put(table, "a")
    first.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    first.state.save()
    first.client("dynamodb").delete_item(TableName=table, Key={"pk": {"S": "a"}, "sk": {"S": "A"}})
    first.client("s3").delete_object(Bucket=bucket, Key="k")
    first.state.stop()

    second = start("two")
    table, bucket = second.table(), second.bucket()
    second.state.restore()

    assert second.items(table) == {}
    assert "Contents" not in second.client("s3").list_objects_v2(Bucket=bucket)


def test_objects_come_back_whole(start: Callable[..., Run]) -> None:
    first = start("one")
    bucket = first.bucket()
    first.state.restore()
    s3 = first.client("s3")
    s3.put_object(
        Bucket=bucket,
        Key="m/ast_1/ü.mpd",
        Body=b"<MPD/>",
        ContentType="application/dash+xml",
        CacheControl="max-age=31536000",
        Metadata={"Asset": "ast_1"},
        Tagging="kind=manifest",
        ChecksumAlgorithm="SHA256",
    )
    s3.put_object(Bucket=bucket, Key="same", Body=b"<MPD/>")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big", ContentType="video/mp4")
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(
                Bucket=bucket,
                Key="big",
                UploadId=upload["UploadId"],
                PartNumber=number,
                Body=bytes([number]) * (5 * 1024 * 1024),
            )["ETag"],
        }
        for number in (1, 2)
    ]
    s3.complete_multipart_upload(
        Bucket=bucket, Key="big", UploadId=upload["UploadId"], MultipartUpload={"Parts": parts}
    )
    before = {key: described(s3, bucket, key) for key in ("m/ast_1/ü.mpd", "same", "big")}
    first.state.stop()

    second = start("two")
    bucket = second.bucket()
    second.state.restore()

    s3 = second.client("s3")
    assert {key: described(s3, bucket, key) for key in before} == before
    assert before["big"]["ETag"].endswith('-2"')
    tags = s3.get_object_tagging(Bucket=bucket, Key="m/ast_1/ü.mpd")["TagSet"]
    assert tags == [{"Key": "kind", "Value": "manifest"}]


def described(s3: Any, bucket: str, key: str) -> dict[str, Any]:
    answer = s3.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    body = answer.pop("Body").read()
    answer.pop("ResponseMetadata")
    return {**answer, "body": body}


def test_versions_and_delete_markers_come_back(start: Callable[..., Run]) -> None:
    first = start("one")
    bucket = first.bucket(versioned=True)
    first.state.restore()
    s3 = first.client("s3")
    versions = [
        s3.put_object(Bucket=bucket, Key="k", Body=body)["VersionId"] for body in (b"1", b"2")
    ]
    s3.delete_object(Bucket=bucket, Key="k")
    s3.put_object(Bucket=bucket, Key="other", Body=b"3")
    first.state.stop()

    second = start("two")
    bucket = second.bucket(versioned=True)
    second.state.restore()

    s3 = second.client("s3")
    bodies = [
        s3.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read()
        for version in versions
    ]
    assert bodies == [b"1", b"2"]
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")
    listed = s3.list_object_versions(Bucket=bucket)
    assert [marker["Key"] for marker in listed["DeleteMarkers"]] == ["k"]


def test_unchanged_content_is_not_written_again(start: Callable[..., Run], tmp_path: Path) -> None:
    run = start("one")
    table, bucket = run.table(), run.bucket()
    run.state.restore()
    run.put(table, "a")
    run.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    run.state.save()

    def inodes() -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in tmp_path.rglob("*") if path.is_file()}

    before = inodes()
    run.state.save()
    unchanged = inodes()
    run.client("s3").put_object(Bucket=bucket, Key="k", Body=b"y")
    run.state.save()

    assert unchanged == before
    assert len(inodes()) == len(before)
    assert inodes() != before


def test_a_ciphertext_of_a_run_before_still_opens(start: Callable[..., Run]) -> None:
    first = start("one")
    key_id = first.key(MultiRegion=True, Tags=[{"TagKey": "a", "TagValue": "b"}])
    first.state.restore()
    context = {"contentId": "ast_1"}
    sealed = first.client("kms").generate_data_key(
        KeyId=key_id, KeySpec="AES_128", EncryptionContext=context
    )
    first.state.stop()

    second = start("two")
    again = second.key(MultiRegion=True, Tags=[{"TagKey": "a", "TagValue": "b"}])
    kms = second.client("kms")
    kms.create_alias(AliasName="alias/vault", TargetKeyId=again)
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)

    assert again == key_id == second.state.key_id_for("media", "Vault")
    assert key_id.startswith("mrk-")
    assert opened["Plaintext"] == sealed["Plaintext"]
    assert opened["KeyId"] == f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key_id}"
    described_key = kms.describe_key(KeyId="alias/vault")["KeyMetadata"]
    assert described_key["KeyId"] == key_id
    assert described_key["MultiRegionConfiguration"]["PrimaryKey"]["Arn"] == opened["KeyId"]
    assert kms.list_resource_tags(KeyId=key_id)["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
    assert len(kms.list_keys()["Keys"]) == 1


@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"), ("ECC_NIST_P256", "ECDSA_SHA_256")],
)
def test_a_signature_of_a_run_before_still_verifies(
    start: Callable[..., Run], spec: str, algorithm: str
) -> None:
    arguments = {"KeySpec": spec, "KeyUsage": "SIGN_VERIFY"}
    first = start("one")
    key_id = first.key(**arguments)
    first.state.restore()
    kms = first.client("kms")
    message = {"Message": b"token", "MessageType": "RAW", "SigningAlgorithm": algorithm}
    signature = kms.sign(KeyId=key_id, **message)["Signature"]
    public_key = kms.get_public_key(KeyId=key_id)["PublicKey"]
    first.state.stop()

    second = start("two")
    again = second.key(**arguments)
    kms = second.client("kms")

    assert kms.get_public_key(KeyId=again)["PublicKey"] == public_key
    assert kms.verify(KeyId=again, Signature=signature, **message)["SignatureValid"]


def test_a_key_of_another_kind_is_a_new_key(start: Callable[..., Run]) -> None:
    first = start("one")
    key_id = first.key()
    first.state.restore()
    first.state.stop()

    second = start("two")

    assert second.key(MultiRegion=True) != key_id


def test_secrets_come_back_with_their_versions(start: Callable[..., Run]) -> None:
    first = start("one")
    arn = first.secret("generated once", GenerateSecretString={})
    first.state.restore()
    first.client("secretsmanager").put_secret_value(SecretId=arn, SecretString="set later")
    first.state.stop()

    second = start("two")
    arn = second.secret("generated again", GenerateSecretString={})
    second.state.restore()

    client = second.client("secretsmanager")
    assert client.get_secret_value(SecretId=arn)["SecretString"] == "set later"
    previous = client.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == "generated once"


def test_a_secret_that_the_template_changed_is_the_templates(start: Callable[..., Run]) -> None:
    first = start("one")
    first.secret("a", SecretString="a")
    first.state.restore()
    first.state.stop()

    second = start("two")
    arn = second.secret("b", SecretString="b")
    second.state.restore()

    client = second.client("secretsmanager")
    assert client.get_secret_value(SecretId=arn)["SecretString"] == "b"


def test_parameters_set_after_the_deployment_come_back(start: Callable[..., Run]) -> None:
    first = start("one")
    first.parameter("unset")
    first.state.restore()
    ssm = first.client("ssm")
    ssm.put_parameter(Name="/marquee/origin", Value="https://x", Overwrite=True)
    ssm.put_parameter(Name="/marquee/extra", Value="hidden", Type="SecureString")
    first.state.stop()

    second = start("two")
    second.parameter("unset")
    second.state.restore()

    ssm = second.client("ssm")
    assert ssm.get_parameter(Name="/marquee/origin")["Parameter"]["Value"] == "https://x"
    extra = ssm.get_parameter(Name="/marquee/extra", WithDecryption=True)["Parameter"]
    assert (extra["Value"], extra["Type"]) == ("hidden", "SecureString")


def test_a_parameter_that_the_template_changed_is_the_templates(start: Callable[..., Run]) -> None:
    first = start("one")
    first.parameter("unset")
    first.state.restore()
    first.client("ssm").put_parameter(Name="/marquee/origin", Value="x", Overwrite=True)
    first.state.stop()

    second = start("two")
    second.parameter("new in the template")
    second.state.restore()

    value = second.client("ssm").get_parameter(Name="/marquee/origin")["Parameter"]["Value"]
    assert value == "new in the template"


def test_what_the_template_left_out_for_a_run_is_still_there_after_it(
    start: Callable[..., Run],
) -> None:
    first = start("one")
    table = first.table()
    bucket, key_id = first.bucket(), first.key()
    first.state.restore()
    first.put(table, "a")
    first.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    first.state.stop()

    without = start("two")
    without.state.restore()
    without.state.stop()
    third = start("three")
    table, bucket = third.table(), third.bucket()
    again = third.key()
    third.state.restore()

    assert list(third.items(table)) == ["a"]
    assert third.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert again == key_id


def test_a_cloud_that_did_not_come_up_overwrites_nothing(start: Callable[..., Run]) -> None:
    first = start("one")
    table = first.table()
    first.state.restore()
    first.put(table, "a")
    first.state.stop()

    failed = start("two")
    failed.table()
    failed.state.stop()
    third = start("three")
    table = third.table()
    third.state.restore()

    assert list(third.items(table)) == ["a"]


def content_of(path: Path) -> bytes:
    """What a file holds; nothing of one that a later snapshot removed meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def test_the_state_is_saved_again_and_again(start: Callable[..., Run], tmp_path: Path) -> None:
    run = start("one", interval=timedelta(milliseconds=10))
    table = run.table()
    run.state.restore()
    run.state.start()

    run.put(table, "film_42")

    deadline = time.monotonic() + 20
    while not any(b"film_42" in content_of(path) for path in tmp_path.rglob("*.jsonl")):
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
    run.state.stop()


def test_a_disk_that_takes_no_more_leaves_the_snapshot_before(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start("one")
    table = first.table()
    first.state.restore()
    first.put(table, "a")
    first.state.save()
    first.put(table, "b")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("localcloud.state.files.os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        first.state.save()
    monkeypatch.undo()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    second = start("two")
    table = second.table()
    second.state.restore()

    assert list(second.items(table)) == ["a"]


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (json.dumps({"format": 2}), "a newer version of the local cloud"),
        (json.dumps({"format": 0}), "an older or another version of the local cloud"),
        ("{broken", "format unreadable"),
    ],
)
def test_a_folder_of_another_version_is_refused_with_what_to_do(
    tmp_path: Path, index: str, words: str
) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "index.json").write_text(index)

    with pytest.raises(StateFormatError, match=words) as refused:
        State(tmp_path, Registry(), lambda _: None)

    assert "Use another DATA_DIR" in str(refused.value)
    assert (folder / "index.json").read_text() == index


def test_nobody_else_may_read_the_folder(start: Callable[..., Run], tmp_path: Path) -> None:
    start("one")

    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
