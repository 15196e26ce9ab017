"""Judges the CDNs, once a minute: by what they answer, and by what viewers met there."""

from __future__ import annotations

import os

from kernel import log
from kernel.aws.json_client import DYNAMODB, AwsJson
from kernel.clock import utc_now
from playback.settings import SteeringSettings
from playback.steering.probe import HttpProbe
from playback.steering.service import Judge
from playback.steering.store import DynamoStandings, DynamoWindows

_settings = SteeringSettings.from_environment(os.environ)
_dynamodb = AwsJson(DYNAMODB, os.environ)

_judge = Judge(
    cdns=_settings.cdns,
    standings=DynamoStandings(_dynamodb, _settings.table_name),
    windows=DynamoWindows(_dynamodb, _settings.table_name),
    probe=HttpProbe(),
    clock=utc_now,
)


def handler(_event: object, _context: object) -> None:
    """Judge them; the line says what has come of it."""
    with log.handling("cdns_judged", None):
        standing = _judge.judge()
        log.note(order=standing.order, down=sorted(standing.down), drained=sorted(standing.drained))
