"""Shows staff the accounts of members, blocks them, and takes off lost second steps."""

from __future__ import annotations

import boto3

from identity import settings
from identity.accounts.letters import Letters
from identity.devices.store import DynamoDevices
from identity.oauth.store import DynamoGrants
from identity.staff.routes import routes
from identity.staff.service import StaffDesk
from identity.staff.store import DynamoBlocks, DynamoSecondSteps
from identity.store import DynamoAccounts
from kernel.clock import utc_now
from kernel.kms_seal import KmsSeal
from kernel.web.payload import answering

_dynamodb, _table = boto3.client("dynamodb"), settings.table_name()
_desk = StaffDesk(
    accounts=DynamoAccounts(_dynamodb, _table),
    devices=DynamoDevices(_dynamodb, _table),
    grants=DynamoGrants(_dynamodb, _table),
    blocks=DynamoBlocks(_dynamodb, _table),
    second_steps=DynamoSecondSteps(_dynamodb, _table),
    letters=Letters(KmsSeal(boto3.client("kms"), settings.mail_key())),
    clock=utc_now,
)
handler = answering(routes(_desk))
