"""Answers players that ask for licences of vendors' DRM."""

from __future__ import annotations

import os

from kernel.aws.json_client import DYNAMODB, KMS, SECRETS_MANAGER, AwsJson
from kernel.aws.secrets import SecretMacKeys
from kernel.clock import utc_now
from playback.kms import KmsDataKeys
from playback.routes import vendor_licence_handler
from playback.service import ContentKeys, Licences
from playback.settings import LicenceSettings, VendorSettings
from playback.store import DynamoPlayback
from playback.vendor_licences import VendorLicences
from playback.vendors import vendors_by

_settings = LicenceSettings.from_environment(os.environ)
_vendors = VendorSettings.from_environment(os.environ)
_secrets = AwsJson(SECRETS_MANAGER, os.environ)
_content_keys = ContentKeys(KmsDataKeys(AwsJson(KMS, os.environ), _settings.vault_key_id))

handler = vendor_licence_handler(
    VendorLicences(
        Licences(
            licensing=DynamoPlayback(AwsJson(DYNAMODB, os.environ), _settings.table_name),
            content_keys=_content_keys,
            mac_keys=SecretMacKeys(_secrets, _settings.ticket_secret, utc_now),
            clock=utc_now,
        ),
        _content_keys,
        vendors_by(_vendors.urls, _vendors.secrets, _secrets, utc_now),
        utc_now,
    )
)
