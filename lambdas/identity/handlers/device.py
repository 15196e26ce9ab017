"""Serves the page where a device's code is entered and decided about."""

from __future__ import annotations

import os

from identity import settings
from identity.accounts.store import DynamoAnnouncements, DynamoLimits
from identity.oauth.device_routes import DevicePages
from identity.oauth.device_store import DynamoDeviceGrants, DynamoTickets
from identity.oauth.devices import DevicePage
from identity.oauth.store import DynamoGrants
from identity.store import DynamoAccounts
from kernel.aws.dynamodb import dynamodb
from kernel.clock import utc_now
from kernel.web.payload import answering

_dynamodb = dynamodb(os.environ)
_table = settings.table_name()
_service = DevicePage(
    accounts=DynamoAccounts(_dynamodb, _table),
    codes=DynamoGrants(_dynamodb, _table),
    devices=DynamoDeviceGrants(_dynamodb, _table),
    tickets=DynamoTickets(_dynamodb, _table),
    limits=DynamoLimits(_dynamodb, _table),
    announcements=DynamoAnnouncements(_dynamodb, _table),
    issuer=settings.issuer(),
    clock=utc_now,
)
_names = {name: client.name for name, client in settings.known_clients().items()}
handler = answering(DevicePages(_service, settings.issuer(), _names, utc_now).answer)
