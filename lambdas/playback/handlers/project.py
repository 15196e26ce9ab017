"""Keeps playback's read model from the events of other domains."""

from __future__ import annotations

import os

from kernel.aws.json_client import DYNAMODB, AwsJson
from playback.events import projection_handler
from playback.service import Projection
from playback.store import DynamoPlayback

handler = projection_handler(
    Projection(DynamoPlayback(AwsJson(DYNAMODB, os.environ), os.environ["PLAYBACK_TABLE"]))
)
