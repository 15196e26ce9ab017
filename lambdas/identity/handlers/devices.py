"""Shows members their devices, and signs them out."""

from __future__ import annotations

import boto3

from identity import settings
from identity.devices.routes import routes
from identity.devices.service import DeviceList
from identity.devices.store import DynamoDevices
from identity.oauth.store import DynamoGrants
from identity.store import DynamoAccounts
from kernel.clock import utc_now
from kernel.web.payload import answering

_dynamodb, _table = boto3.client("dynamodb"), settings.table_name()
_service = DeviceList(
    accounts=DynamoAccounts(_dynamodb, _table),
    grants=DynamoGrants(_dynamodb, _table),
    devices=DynamoDevices(_dynamodb, _table),
    clock=utc_now,
)
handler = answering(routes(_service, utc_now))
