"""Answers encryptors: SPEKE v2.0 behind the AWS_IAM route of the `keys` API."""

from __future__ import annotations

import os
import secrets

import boto3

from kernel.clock import utc_now
from keys.kms import KmsDataKeys
from keys.routes import speke_handler
from keys.service import KeyServer
from keys.settings import Settings
from keys.store import DynamoVault

_settings = Settings.from_environment(os.environ)

handler = speke_handler(
    KeyServer(
        vault=DynamoVault(boto3.client("dynamodb"), _settings.table_name, utc_now),
        data_keys=KmsDataKeys(boto3.client("kms"), _settings.vault_key_id),
        clock=utc_now,
        random_bytes=secrets.token_bytes,
    )
)
