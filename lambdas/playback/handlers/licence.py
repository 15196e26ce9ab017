"""Answers players that ask for ClearKey licences."""

from __future__ import annotations

import os

from kernel.aws.json_client import DYNAMODB, KMS, SECRETS_MANAGER, AwsJson
from kernel.aws.secrets import SecretMacKeys
from kernel.clock import utc_now
from playback.kms import KmsDataKeys
from playback.routes import licence_handler
from playback.service import ContentKeys, Licences
from playback.settings import LicenceSettings
from playback.store import DynamoPlayback

_settings = LicenceSettings.from_environment(os.environ)

handler = licence_handler(
    Licences(
        licensing=DynamoPlayback(AwsJson(DYNAMODB, os.environ), _settings.table_name),
        content_keys=ContentKeys(KmsDataKeys(AwsJson(KMS, os.environ), _settings.vault_key_id)),
        mac_keys=SecretMacKeys(
            AwsJson(SECRETS_MANAGER, os.environ), _settings.ticket_secret, utc_now
        ),
        clock=utc_now,
    )
)
