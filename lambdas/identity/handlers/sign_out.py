"""Ends sign-ins: revocation for clients, logout for people."""

from __future__ import annotations

import os

from identity import settings
from identity.accounts.limits import REVOCATIONS_IN_VAIN
from identity.accounts.store import DynamoAnnouncements, DynamoLimits
from identity.oauth.device_routes import logout
from identity.oauth.refusals import Refusals
from identity.oauth.routes import revoke
from identity.oauth.sessions import SigningOut, TokenReader
from identity.oauth.store import DynamoGrants
from identity.token_keys import key_set
from kernel.aws.dynamodb import dynamodb
from kernel.aws.json_client import KMS, AwsJson
from kernel.clock import utc_now
from kernel.web.payload import Event, Reply, answering

_keys = key_set(AwsJson(KMS, os.environ))
_dynamodb, _table = dynamodb(os.environ), settings.table_name()
_service = SigningOut(
    grants=DynamoGrants(_dynamodb, _table),
    reader=TokenReader(_keys, settings.issuer(), utc_now),
    clients=settings.known_clients(),
    clock=utc_now,
)
_in_vain = Refusals(
    DynamoLimits(_dynamodb, _table),
    DynamoAnnouncements(_dynamodb, _table),
    REVOCATIONS_IN_VAIN,
    utc_now,
)
_ROUTES = {
    "/revoke": revoke(_service, _in_vain),
    "/logout": logout(_service, settings.issuer()),
}


def _route(event: Event) -> Reply:
    return _ROUTES[event["rawPath"]](event)


handler = answering(_route)
