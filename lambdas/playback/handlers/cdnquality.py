"""Keeps what viewers meet at each CDN, as their players tell it."""

from __future__ import annotations

import os

from kernel.aws.json_client import DYNAMODB, SECRETS_MANAGER, AwsJson
from kernel.aws.secrets import SecretMacKeys
from kernel.clock import utc_now
from playback.settings import SteeringSettings
from playback.steering.events import quality_handler
from playback.steering.service import Listener
from playback.steering.store import DynamoWindows

_settings = SteeringSettings.from_environment(os.environ)
_mac_keys = SecretMacKeys(
    AwsJson(SECRETS_MANAGER, os.environ), os.environ["TICKET_SECRET"], utc_now
)

handler = quality_handler(
    Listener(
        cdns=_settings.cdns,
        windows=DynamoWindows(AwsJson(DYNAMODB, os.environ), _settings.table_name),
        mac_keys=_mac_keys,
    ),
    _mac_keys,
)
