"""Token secrets and the vault's data keys, as AWS answers."""

from __future__ import annotations

from datetime import datetime, timedelta

import boto3
import pytest

from kernel.envelope import encryption_context
from playback.kms import KmsDataKeys
from playback.secret_store import REFRESH_INTERVAL, SecretMacKeys
from playback.tokens import MacKey

OLD, NEW = "an old token secret, long enough!", "a new token secret, long enough!!"

pytestmark = pytest.mark.usefixtures("aws")


def test_a_secret_that_never_rotated_is_the_only_one_accepted(now: datetime) -> None:
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="ticket", SecretString=OLD)["ARN"]

    keys = SecretMacKeys(client, arn, lambda: now)

    assert keys.current() == MacKey(OLD.encode())
    assert list(keys.accepted().values()) == [keys.current()]


def test_after_a_rotation_the_previous_secret_is_still_accepted(now: datetime) -> None:
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="ticket", SecretString=OLD)["ARN"]
    client.put_secret_value(SecretId=arn, SecretString=NEW)

    keys = SecretMacKeys(client, arn, lambda: now)

    assert keys.current() == MacKey(NEW.encode())
    assert {key.secret.decode() for key in keys.accepted().values()} == {OLD, NEW}


def test_a_rotation_is_seen_on_refresh_but_not_more_often_than_the_interval(
    now: datetime,
) -> None:
    moments = [now]
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="ticket", SecretString=OLD)["ARN"]
    keys = SecretMacKeys(client, arn, lambda: moments[-1])
    client.put_secret_value(SecretId=arn, SecretString=NEW)

    moments.append(now + REFRESH_INTERVAL - timedelta(seconds=1))
    keys.refresh()
    assert keys.current() == MacKey(OLD.encode())

    moments.append(now + REFRESH_INTERVAL)
    keys.refresh()
    assert keys.current() == MacKey(NEW.encode())


def test_a_data_key_does_not_open_for_another_content() -> None:
    client = boto3.client("kms")
    key_id = client.create_key()["KeyMetadata"]["Arn"]
    made = client.generate_data_key(
        KeyId=key_id, KeySpec="AES_256", EncryptionContext=encryption_context("ast_1")
    )
    data_keys = KmsDataKeys(client, key_id)

    assert data_keys.open("ast_1", made["CiphertextBlob"]) == made["Plaintext"]
    with pytest.raises(client.exceptions.InvalidCiphertextException):
        data_keys.open("ast_2", made["CiphertextBlob"])
