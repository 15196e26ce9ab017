"""Tells steered players which CDNs have their film, and in which order to turn to them."""

from __future__ import annotations

import os

from kernel.aws.json_client import DYNAMODB, SECRETS_MANAGER, AwsJson
from kernel.aws.secrets import SecretMacKeys
from kernel.clock import utc_now
from playback.settings import SteeringSettings
from playback.steering.routes import steering_handler
from playback.steering.s3 import S3Manifests
from playback.steering.service import Steering
from playback.steering.store import DynamoStandings

_settings = SteeringSettings.from_environment(os.environ)

handler = steering_handler(
    Steering(
        cdns=_settings.cdns,
        standings=DynamoStandings(AwsJson(DYNAMODB, os.environ), _settings.table_name),
        manifests=S3Manifests(os.environ["PACKAGED_BUCKET"], os.environ),
        mac_keys=SecretMacKeys(
            AwsJson(SECRETS_MANAGER, os.environ), os.environ["TICKET_SECRET"], utc_now
        ),
        clock=utc_now,
    )
)
