"""Holds the screens of plays whose players tell that somebody watches."""

from __future__ import annotations

import os

from kernel.aws.json_client import DYNAMODB, SECRETS_MANAGER, AwsJson
from kernel.aws.secrets import SecretMacKeys
from kernel.beacon_stream import reading_beacons
from kernel.clock import utc_now
from playback.heartbeats import heartbeats_of
from playback.store import DynamoPlayback

handler = reading_beacons(
    heartbeats_of(DynamoPlayback(AwsJson(DYNAMODB, os.environ), os.environ["PLAYBACK_TABLE"])),
    SecretMacKeys(AwsJson(SECRETS_MANAGER, os.environ), os.environ["TICKET_SECRET"], utc_now),
)
