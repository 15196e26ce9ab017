"""Answers players that ask for ClearKey licences; the only function that opens the vault."""

from __future__ import annotations

import logging
import os

import boto3

from kernel.clock import utc_now
from playback.kms import KmsDataKeys
from playback.routes import licence_handler
from playback.secret_store import SecretMacKeys
from playback.service import Licences
from playback.settings import LicenceSettings
from playback.store import DynamoPlayback

logging.getLogger("playback").setLevel(logging.INFO)
_settings = LicenceSettings.from_environment(os.environ)

handler = licence_handler(
    Licences(
        licensing=DynamoPlayback(boto3.client("dynamodb"), _settings.table_name),
        data_keys=KmsDataKeys(boto3.client("kms"), _settings.vault_key_id),
        mac_keys=SecretMacKeys(boto3.client("secretsmanager"), _settings.ticket_secret, utc_now),
        clock=utc_now,
    )
)
