"""Token secrets and the vault's data keys, as AWS answers."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kernel.aws.json_client import KMS, SECRETS_MANAGER, AwsError
from kernel.aws.secrets import MAKING_LIFE, REFRESH_INTERVAL, SecretMacKeys
from kernel.envelope import encryption_context
from kernel.tokens import MacKey
from playback.edge_access import EdgeGrant
from playback.kms import KmsDataKeys
from playback.secret_store import (
    SIGNING_KEY_LIFE,
    SecretCookies,
    SecretOrigin,
    TokenSecrets,
)
from tests.contract.conftest import JsonClient

OLD, NEW = "an old token secret, long enough!", "a new token secret, long enough!!"


def test_a_secret_that_never_rotated_is_the_only_one_accepted(
    aws_json: JsonClient, now: datetime
) -> None:
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="ticket", SecretString=OLD)["ARN"]

    keys = SecretMacKeys(aws_json(SECRETS_MANAGER), arn, lambda: now)

    assert keys.current() == MacKey(OLD.encode())
    assert list(keys.accepted().values()) == [keys.current()]


def test_after_a_rotation_the_previous_secret_is_still_accepted(
    aws_json: JsonClient, now: datetime
) -> None:
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="ticket", SecretString=OLD)["ARN"]
    client.put_secret_value(SecretId=arn, SecretString=NEW)

    keys = SecretMacKeys(aws_json(SECRETS_MANAGER), arn, lambda: now)

    assert keys.current() == MacKey(NEW.encode())
    assert {key.secret.decode() for key in keys.accepted().values()} == {OLD, NEW}


def test_a_rotation_is_seen_on_refresh_but_not_more_often_than_the_interval(
    aws_json: JsonClient, now: datetime
) -> None:
    moments = [now]
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="ticket", SecretString=OLD)["ARN"]
    keys = SecretMacKeys(aws_json(SECRETS_MANAGER), arn, lambda: moments[-1])
    client.put_secret_value(SecretId=arn, SecretString=NEW)

    moments.append(now + REFRESH_INTERVAL - timedelta(seconds=1))
    keys.refresh()
    assert keys.current() == MacKey(OLD.encode())

    moments.append(now + REFRESH_INTERVAL)
    keys.refresh()
    assert keys.current() == MacKey(NEW.encode())


def test_the_edge_is_believed_before_during_and_after_a_rotation(
    aws_json: JsonClient, now: datetime
) -> None:
    moments = [now]
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="origin", SecretString=OLD)["ARN"]
    origin = SecretOrigin(aws_json(SECRETS_MANAGER), arn, lambda: moments[-1])
    client.put_secret_value(SecretId=arn, SecretString=NEW)

    moments.append(now + REFRESH_INTERVAL)

    assert origin.accepts(OLD)
    assert origin.accepts(NEW)
    assert origin.accepts(OLD)
    assert not origin.accepts("a guess")


def test_a_new_signing_key_is_used_with_its_own_id_after_a_while(
    aws_json: JsonClient, now: datetime
) -> None:
    def pair(key_pair_id: str) -> str:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return json.dumps({"key_pair_id": key_pair_id, "private_key": pem})

    def key_pair_id() -> str:
        opened = cookies.cookies(EdgeGrant("ses_1", "m/ast_1/v1", None, now))
        (found,) = (cookie for cookie in opened if cookie.startswith("CloudFront-Key-Pair-Id="))
        return found.split(";")[0].split("=")[1]

    moments = [now]
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="signing", SecretString=pair("KOLD"))["ARN"]
    cookies = SecretCookies(
        aws_json(SECRETS_MANAGER), arn, "https://watch.example.com", lambda: moments[-1]
    )
    client.put_secret_value(SecretId=arn, SecretString=pair("KNEW"))

    assert key_pair_id() == "KOLD"
    moments.append(now + SIGNING_KEY_LIFE)
    assert key_pair_id() == "KNEW"


def test_tokens_are_made_with_a_new_secret_after_a_while_without_being_told(
    aws_json: JsonClient, now: datetime
) -> None:
    moments = [now]
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="ticket", SecretString=OLD)["ARN"]
    keys = SecretMacKeys(aws_json(SECRETS_MANAGER), arn, lambda: moments[-1])
    client.put_secret_value(SecretId=arn, SecretString=NEW)

    assert keys.current() == MacKey(OLD.encode())
    moments.append(now + MAKING_LIFE)
    assert keys.current() == MacKey(NEW.encode())


def test_edges_hear_of_a_secret_before_it_is_the_current_one(aws_json: JsonClient) -> None:
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="ticket", SecretString=OLD)["ARN"]
    secrets = TokenSecrets(aws_json(SECRETS_MANAGER), arn)

    before = secrets.accepted()
    client.put_secret_value(SecretId=arn, SecretString=NEW, VersionStages=["AWSPENDING"])

    assert before == [MacKey(OLD.encode())]
    assert secrets.accepted() == [MacKey(OLD.encode()), MacKey(NEW.encode())]


def test_a_data_key_does_not_open_for_another_content(aws_json: JsonClient) -> None:
    client = boto3.client("kms")
    key_id = client.create_key()["KeyMetadata"]["Arn"]
    made = client.generate_data_key(
        KeyId=key_id, KeySpec="AES_256", EncryptionContext=encryption_context("ast_1")
    )
    data_keys = KmsDataKeys(aws_json(KMS), key_id)

    assert data_keys.open("ast_1", made["CiphertextBlob"]) == made["Plaintext"]
    with pytest.raises(AwsError) as refused:
        data_keys.open("ast_2", made["CiphertextBlob"])
    assert refused.value.code == "InvalidCiphertextException"
