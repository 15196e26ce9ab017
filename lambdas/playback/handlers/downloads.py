"""Lets members keep films on their devices."""

from __future__ import annotations

import os

from kernel.aws.json_client import DYNAMODB, KMS, SECRETS_MANAGER, AwsJson
from kernel.aws.secrets import SecretMacKeys
from kernel.clock import utc_now
from playback.downloads.routes import downloads_handler
from playback.downloads.service import Downloads
from playback.downloads.store import DynamoShelves
from playback.kms import KmsDataKeys
from playback.secret_store import SecretCookies, SecretOrigin
from playback.service import ContentKeys
from playback.settings import DownloadSettings
from playback.store import DynamoPlayback

_settings = DownloadSettings.from_environment(os.environ)
_secrets = AwsJson(SECRETS_MANAGER, os.environ)
_dynamodb = AwsJson(DYNAMODB, os.environ)
_vault_key_id = _settings.vault_key_id

handler = downloads_handler(
    Downloads(
        facts=DynamoPlayback(_dynamodb, _settings.table_name),
        shelves=DynamoShelves(_dynamodb, _settings.table_name),
        cookies=SecretCookies(_secrets, _settings.signing_secret, _settings.public_origin, utc_now),
        clock=utc_now,
        content_keys=None
        if _vault_key_id is None
        else ContentKeys(KmsDataKeys(AwsJson(KMS, os.environ), _vault_key_id)),
        mac_keys=SecretMacKeys(_secrets, _settings.ticket_secret, utc_now),
        vendors=_settings.vendors,
    ),
    origin=SecretOrigin(_secrets, _settings.origin_secret, utc_now),
)
