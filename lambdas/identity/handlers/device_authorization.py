"""Gives a device the codes that somebody lets it in by."""

from __future__ import annotations

import os

from identity import settings
from identity.accounts.store import DynamoAnnouncements, DynamoLimits
from identity.oauth.device_store import DynamoDeviceGrants
from identity.oauth.devices import DeviceAuthorization
from identity.oauth.routes import device_authorization
from kernel.aws.dynamodb import dynamodb
from kernel.clock import utc_now
from kernel.web.payload import answering

_dynamodb = dynamodb(os.environ)
_table = settings.table_name()
_service = DeviceAuthorization(
    devices=DynamoDeviceGrants(_dynamodb, _table),
    limits=DynamoLimits(_dynamodb, _table),
    announcements=DynamoAnnouncements(_dynamodb, _table),
    clients=settings.known_clients(),
    issuer=settings.issuer(),
    clock=utc_now,
)
handler = answering(device_authorization(_service))
