"""Takes the answer to whether an app that is not ours may use an account."""

from __future__ import annotations

import os

from identity import settings
from identity.accounts.store import DynamoAnnouncements
from identity.consent.routes import consent
from identity.consent.service import Deciding
from identity.consent.store import DynamoConsents
from identity.oauth.store import DynamoGrants
from identity.service import Admission
from identity.store import DynamoAccounts
from kernel.aws.dynamodb import dynamodb
from kernel.clock import utc_now
from kernel.web.payload import answering

_client, _table = dynamodb(os.environ), settings.table_name()
_consents = DynamoConsents(_client, _table)
_service = Deciding(
    accounts=DynamoAccounts(_client, _table),
    consents=_consents,
    admission=Admission(
        DynamoGrants(_client, _table),
        DynamoAnnouncements(_client, _table),
        settings.known_clients(),
        utc_now,
        _consents,
    ),
    clock=utc_now,
)
handler = answering(consent(_service, settings.issuer(), settings.public_origin()))
