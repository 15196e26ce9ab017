"""Shows staff the CDNs, and lets them drain one."""

from __future__ import annotations

import os

from kernel.aws.json_client import DYNAMODB, AwsJson
from playback.settings import SteeringSettings
from playback.steering.routes import desk_handler
from playback.steering.service import Desk
from playback.steering.store import DynamoStandings

_settings = SteeringSettings.from_environment(os.environ)

handler = desk_handler(
    Desk(
        cdns=_settings.cdns,
        standings=DynamoStandings(AwsJson(DYNAMODB, os.environ), _settings.table_name),
    )
)
