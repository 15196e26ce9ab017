"""Answers players that ask for licences of vendors' DRM."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from kernel.aws.json_client import DYNAMODB, KMS, SECRETS_MANAGER, AwsJson
from kernel.aws.secrets import SecretMacKeys
from kernel.clock import utc_now
from playback.devices import Drm
from playback.kms import KmsDataKeys
from playback.ports import LicenceVendor
from playback.routes import vendor_licence_handler
from playback.service import ContentKeys, Licences
from playback.settings import LicenceSettings, VendorSettings
from playback.store import DynamoPlayback
from playback.vendor_http import VendorHttp
from playback.vendor_licences import VendorLicences
from playback.vendors import (
    Credentials,
    FairPlayVendor,
    PlayReadyVendor,
    VendorSecret,
    WidevineVendor,
)

_ADAPTERS: Mapping[Drm, Callable[[VendorHttp, Credentials], LicenceVendor]] = {
    "widevine": WidevineVendor,
    "playready": PlayReadyVendor,
    "fairplay": FairPlayVendor,
}

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
        {
            drm: _ADAPTERS[drm](
                VendorHttp(url), VendorSecret(_secrets, _vendors.secrets[drm], utc_now)
            )
            for drm, url in _vendors.urls.items()
        },
        utc_now,
    )
)
