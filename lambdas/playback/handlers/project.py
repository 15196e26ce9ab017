"""Keeps playback's read model from the events of other domains, and ends plays by them."""

from __future__ import annotations

import os

from kernel.aws.json_client import DYNAMODB, AwsJson
from kernel.clock import utc_now
from playback.downloads.store import DynamoShelves
from playback.events import projection_handler
from playback.revocation import Revocation
from playback.service import Projection
from playback.store import DynamoPlayback

_dynamodb, _table_name = AwsJson(DYNAMODB, os.environ), os.environ["PLAYBACK_TABLE"]
_store = DynamoPlayback(_dynamodb, _table_name)

handler = projection_handler(
    Projection(_store),
    Revocation(_store, _store, utc_now),
    DynamoShelves(_dynamodb, _table_name),
)
