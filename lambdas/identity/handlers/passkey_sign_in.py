"""Signs people in by passkeys; the function that verifies what authenticators signed."""

from __future__ import annotations

import os

from identity import settings
from identity.accounts.store import DynamoAnnouncements, DynamoLimits
from identity.consent.store import DynamoConsents
from identity.oauth.store import DynamoGrants
from identity.passkeys.fido import FidoVerifier
from identity.passkeys.routes import SignInRoutes
from identity.passkeys.service import Challenges, PasskeySignIn
from identity.passkeys.store import DynamoCeremonies, DynamoPasskeys
from identity.service import Admission
from identity.store import DynamoAccounts
from kernel.aws.dynamodb import dynamodb
from kernel.clock import utc_now
from kernel.web.payload import answering

_client, _table = dynamodb(os.environ), settings.table_name()
_announcements = DynamoAnnouncements(_client, _table)
_admission = Admission(
    DynamoGrants(_client, _table),
    _announcements,
    settings.known_clients(),
    utc_now,
    DynamoConsents(_client, _table),
)
_service = PasskeySignIn(
    accounts=DynamoAccounts(_client, _table),
    passkeys=DynamoPasskeys(_client, _table),
    challenges=Challenges(DynamoCeremonies(_client, _table), utc_now),
    verifier=FidoVerifier(settings.passkey_domain(), settings.issuer()),
    admission=_admission,
    announcements=_announcements,
    limits=DynamoLimits(_client, _table),
    rp_id=settings.passkey_domain(),
    clock=utc_now,
)
_routes = SignInRoutes(_service, settings.issuer(), settings.public_origin())
handler = answering(_routes.answer)
