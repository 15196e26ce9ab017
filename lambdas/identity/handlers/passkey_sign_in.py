"""Signs people in by passkeys, and confirms changes of accounts: verifies what was signed."""

from __future__ import annotations

import os

from identity import settings
from identity.accounts.store import DynamoAnnouncements, DynamoLimits
from identity.confirmation.routes import ConfirmationRoutes
from identity.confirmation.service import Confirming
from identity.consent.store import DynamoConsents
from identity.oauth.store import DynamoGrants
from identity.passkeys.challenges import Challenges
from identity.passkeys.check import PasskeyCheck
from identity.passkeys.fido import FidoVerifier
from identity.passkeys.routes import SignInRoutes
from identity.passkeys.service import PasskeySignIn
from identity.passkeys.store import DynamoCeremonies, DynamoPasskeys
from identity.service import Admission
from identity.store import DynamoAccounts
from kernel.aws.dynamodb import dynamodb
from kernel.clock import utc_now
from kernel.web.payload import Event, Reply, answering

_client, _table = dynamodb(os.environ), settings.table_name()
_announcements = DynamoAnnouncements(_client, _table)
_admission = Admission(
    DynamoGrants(_client, _table),
    _announcements,
    settings.known_clients(),
    utc_now,
    DynamoConsents(_client, _table),
)
_check = PasskeyCheck(
    accounts=DynamoAccounts(_client, _table),
    passkeys=DynamoPasskeys(_client, _table),
    challenges=Challenges(DynamoCeremonies(_client, _table), utc_now),
    verifier=FidoVerifier(settings.passkey_domain(), settings.issuer()),
    announcements=_announcements,
    limits=DynamoLimits(_client, _table),
    rp_id=settings.passkey_domain(),
    clock=utc_now,
)
_sites = (settings.issuer(), settings.public_origin())
_signs_in = SignInRoutes(PasskeySignIn(_check, _admission), *_sites)
_confirms = ConfirmationRoutes(Confirming(_check), *_sites)


def _route(event: Event) -> Reply:
    is_of_a_change = str(event["rawPath"]).startswith("/account/confirm")
    return _confirms.answer(event) if is_of_a_change else _signs_in.answer(event)


handler = answering(_route)
