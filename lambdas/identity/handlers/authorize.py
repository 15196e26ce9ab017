"""Serves the sign-in page and takes its form; the function that hashes passwords."""

from __future__ import annotations

import os

from identity import settings
from identity.accounts.sign_in import PasswordCheck
from identity.accounts.store import DynamoAnnouncements, DynamoLimits, DynamoMembers
from identity.argon import Argon2Passwords
from identity.consent.store import DynamoConsents
from identity.mfa.store import DynamoPendingSteps
from identity.oauth.store import DynamoGrants
from identity.routes import authorize
from identity.service import Admission, Authorization
from kernel.aws.dynamodb import dynamodb
from kernel.clock import utc_now
from kernel.web.payload import answering

_client, _table = dynamodb(os.environ), settings.table_name()
_announcements = DynamoAnnouncements(_client, _table)
_service = Authorization(
    check=PasswordCheck(
        DynamoMembers(_client, _table),
        Argon2Passwords(),
        DynamoLimits(_client, _table),
        _announcements,
        utc_now,
    ),
    pending=DynamoPendingSteps(_client, _table),
    admission=Admission(
        DynamoGrants(_client, _table),
        _announcements,
        settings.known_clients(),
        utc_now,
        DynamoConsents(_client, _table),
    ),
    clock=utc_now,
)
handler = answering(authorize(_service, settings.issuer(), settings.public_origin()))
