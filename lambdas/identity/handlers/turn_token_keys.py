"""Makes the next wrapped token key in time; run by a schedule."""

from __future__ import annotations

import os

from identity import settings
from identity.oauth.ring_store import DynamoKeyRings
from identity.oauth.turning import Turning
from identity.oauth.wrapped import KmsWrapping, new_rsa_key
from kernel import log
from kernel.aws.dynamodb import dynamodb
from kernel.aws.json_client import KMS, AwsJson
from kernel.clock import utc_now

_turning = Turning(
    rings=DynamoKeyRings(dynamodb(os.environ), settings.table_name()),
    make=new_rsa_key,
    close=KmsWrapping(AwsJson(KMS, os.environ), str(settings.wrapping_key())).close,
    clock=utc_now,
)


def handler(_event: object, _context: object) -> dict[str, int]:
    """Turn the ring where it is due."""
    with log.handling("turn_token_keys", None):
        published = _turning.turn()
        log.note(published=published)
    return {"published": published}
