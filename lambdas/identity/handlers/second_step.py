"""Takes the code that follows the password."""

from __future__ import annotations

import boto3

from identity import settings
from identity.accounts.letters import Letters
from identity.accounts.store import DynamoAnnouncements, DynamoLimits
from identity.consent.store import DynamoConsents
from identity.mfa.check import CodeCheck
from identity.mfa.routes import second_step
from identity.mfa.service import SecondStep
from identity.mfa.store import DynamoFactors, DynamoPendingSteps
from identity.oauth.store import DynamoGrants
from identity.service import Admission
from identity.store import DynamoAccounts
from kernel.clock import utc_now
from kernel.kms_seal import KmsSeal
from kernel.web.payload import answering

_dynamodb, _table = boto3.client("dynamodb"), settings.table_name()
_kms = boto3.client("kms")
_announcements = DynamoAnnouncements(_dynamodb, _table)
_service = SecondStep(
    accounts=DynamoAccounts(_dynamodb, _table),
    pending=DynamoPendingSteps(_dynamodb, _table),
    codes=CodeCheck(
        DynamoFactors(_dynamodb, _table),
        KmsSeal(_kms, settings.factor_key()),
        DynamoLimits(_dynamodb, _table),
        _announcements,
        Letters(KmsSeal(_kms, settings.mail_key())),
        utc_now,
    ),
    admission=Admission(
        DynamoGrants(_dynamodb, _table),
        _announcements,
        settings.known_clients(),
        utc_now,
        DynamoConsents(_dynamodb, _table),
    ),
    clock=utc_now,
)
handler = answering(second_step(_service, settings.issuer(), settings.public_origin()))
