"""Keeps the edge's store in order, once a day and whenever an operator asks."""

from __future__ import annotations

import dataclasses
import os

from kernel import log
from kernel.aws.json_client import SECRETS_MANAGER, AwsJson
from kernel.clock import utc_now
from playback.deny_list import Keeper
from playback.key_value_store import CloudFrontKeyValueStore
from playback.secret_store import TokenSecrets

_keeper = Keeper(
    CloudFrontKeyValueStore(os.environ["EDGE_STORE"], os.environ),
    TokenSecrets(AwsJson(SECRETS_MANAGER, os.environ), os.environ["TICKET_SECRET"]),
    utc_now,
)


def handler(_event: object, _context: object) -> dict[str, int]:
    """Keep it; how much of what is in it."""
    with log.handling("edge_store_kept", None):
        kept = dataclasses.asdict(_keeper.keep())
        log.note(**kept)
    return kept
