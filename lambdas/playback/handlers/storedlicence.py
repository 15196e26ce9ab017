"""Answers devices that store licences of vendors' DRM, and give them back."""

from __future__ import annotations

import os

from kernel.aws.json_client import DYNAMODB, KMS, SECRETS_MANAGER, AwsJson
from kernel.clock import utc_now
from playback.downloads.licences import StoredLicences
from playback.downloads.routes import stored_licence_handler
from playback.downloads.store import DynamoShelves
from playback.kms import KmsDataKeys
from playback.secret_store import SecretOrigin
from playback.service import ContentKeys
from playback.settings import StoredLicenceSettings, VendorSettings
from playback.store import DynamoPlayback
from playback.vendors import vendors_by

_settings = StoredLicenceSettings.from_environment(os.environ)
_vendors = VendorSettings.from_environment(os.environ)
_secrets = AwsJson(SECRETS_MANAGER, os.environ)
_dynamodb = AwsJson(DYNAMODB, os.environ)

handler = stored_licence_handler(
    StoredLicences(
        facts=DynamoPlayback(_dynamodb, _settings.table_name),
        shelves=DynamoShelves(_dynamodb, _settings.table_name),
        content_keys=ContentKeys(KmsDataKeys(AwsJson(KMS, os.environ), _settings.vault_key_id)),
        vendors=vendors_by(_vendors.urls, _vendors.secrets, _secrets, utc_now),
        clock=utc_now,
    ),
    origin=SecretOrigin(_secrets, _settings.origin_secret, utc_now),
)
