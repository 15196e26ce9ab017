"""Serves the account's page of passkeys; hashes passwords, and verifies what was made."""

from __future__ import annotations

import boto3

from identity import settings
from identity.accounts.letters import Letters
from identity.accounts.sign_in import PasswordCheck
from identity.accounts.store import DynamoAnnouncements, DynamoLimits, DynamoMembers
from identity.argon import Argon2Passwords
from identity.mfa.check import CodeCheck, OwnerCheck
from identity.mfa.store import DynamoFactors
from identity.passkeys.challenges import Challenges
from identity.passkeys.fido import FidoVerifier
from identity.passkeys.routes import AccountRoutes
from identity.passkeys.service import OwnPasskeys
from identity.passkeys.store import DynamoCeremonies, DynamoPasskeys
from identity.store import DynamoAccounts
from kernel.clock import utc_now
from kernel.kms_seal import KmsSeal
from kernel.web.payload import answering

_client, _table, _kms = boto3.client("dynamodb"), settings.table_name(), boto3.client("kms")
_members, _limits = DynamoMembers(_client, _table), DynamoLimits(_client, _table)
_announcements = DynamoAnnouncements(_client, _table)
_letters = Letters(KmsSeal(_kms, settings.mail_key()))
_challenges = Challenges(DynamoCeremonies(_client, _table), utc_now)
_service = OwnPasskeys(
    owners=OwnerCheck(
        PasswordCheck(_members, Argon2Passwords(), _limits, _announcements, utc_now),
        CodeCheck(
            DynamoFactors(_client, _table),
            KmsSeal(_kms, settings.factor_key()),
            _limits,
            _announcements,
            _letters,
            utc_now,
        ),
        _challenges,
    ),
    accounts=DynamoAccounts(_client, _table),
    passkeys=DynamoPasskeys(_client, _table),
    challenges=_challenges,
    verifier=FidoVerifier(settings.passkey_domain(), settings.issuer()),
    letters=_letters,
    rp_id=settings.passkey_domain(),
    clock=utc_now,
)
_routes = AccountRoutes(_service, settings.issuer(), settings.public_origin())
handler = answering(_routes.answer)
