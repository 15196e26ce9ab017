"""Starts, renews and ends a member's plays."""

from __future__ import annotations

import os
from functools import cache

from kernel.aws.json_client import DYNAMODB, KMS, SECRETS_MANAGER, AwsJson
from kernel.aws.secrets import SecretMacKeys
from kernel.clock import utc_now
from playback.kms import KmsDataKeys
from playback.maturity import PinGrants
from playback.routes import session_handler
from playback.secret_store import SecretCookies, SecretOrigin
from playback.service import ContentKeys, Playback
from playback.settings import SessionSettings
from playback.store import DynamoPlayback

_settings = SessionSettings.from_environment(os.environ)
_secrets = AwsJson(SECRETS_MANAGER, os.environ)
_vault_key_id = _settings.vault_key_id

handler = session_handler(
    Playback(
        sessions=DynamoPlayback(AwsJson(DYNAMODB, os.environ), _settings.table_name),
        cookies=SecretCookies(_secrets, _settings.signing_secret, _settings.public_origin, utc_now),
        mac_keys=SecretMacKeys(_secrets, _settings.ticket_secret, utc_now),
        clock=utc_now,
        public_origin=_settings.public_origin,
        clearkey=None
        if _vault_key_id is None
        else ContentKeys(KmsDataKeys(AwsJson(KMS, os.environ), _vault_key_id)),
        vendors=_settings.vendors,
        other_cdns=_settings.other_cdns,
        pins=PinGrants(cache(lambda: SecretMacKeys(_secrets, _settings.pin_secret, utc_now))),
    ),
    origin=SecretOrigin(_secrets, _settings.origin_secret, utc_now),
    beacons_url=_settings.beacons_url,
)
