"""Keeps playback's read model from the events of other domains."""

from __future__ import annotations

import os

import boto3

from playback.events import projection_handler
from playback.service import Projection
from playback.store import DynamoPlayback

handler = projection_handler(
    Projection(DynamoPlayback(boto3.client("dynamodb"), os.environ["PLAYBACK_TABLE"]))
)
