"""Serves the account pages: sign-up, recovery, and what owners change; hashes passwords."""

from __future__ import annotations

import boto3

from identity import settings
from identity.accounts.codes import Codes
from identity.accounts.letters import Letters
from identity.accounts.routes import Accounts
from identity.accounts.service import Recovery, SignUp, Upkeep
from identity.accounts.sign_in import PasswordCheck
from identity.accounts.store import (
    DynamoAnnouncements,
    DynamoChallenges,
    DynamoLimits,
    DynamoMembers,
)
from identity.argon import Argon2Passwords
from identity.consent.apps import Apps
from identity.consent.routes import AppRoutes
from identity.consent.store import DynamoConsents
from identity.devices.store import DynamoDevices
from identity.mfa.check import CodeCheck, OwnerCheck
from identity.mfa.store import DynamoFactors
from identity.oauth.store import DynamoGrants
from identity.passkeys.challenges import Challenges
from identity.passkeys.store import DynamoCeremonies
from identity.service import Admission
from identity.store import DynamoAccounts
from kernel.clock import utc_now
from kernel.kms_seal import KmsSeal
from kernel.web.payload import Event, Reply, answering

_dynamodb, _table = boto3.client("dynamodb"), settings.table_name()
_members, _limits = DynamoMembers(_dynamodb, _table), DynamoLimits(_dynamodb, _table)
_passwords = Argon2Passwords()
_announcements = DynamoAnnouncements(_dynamodb, _table)
_codes = Codes(_members, DynamoChallenges(_dynamodb, _table), _limits, _announcements, utc_now)
_kms = boto3.client("kms")
_letters = Letters(KmsSeal(_kms, settings.mail_key()))
_consents = DynamoConsents(_dynamodb, _table)
_challenges = Challenges(DynamoCeremonies(_dynamodb, _table), utc_now)
_check = OwnerCheck(
    PasswordCheck(_members, _passwords, _limits, _announcements, utc_now),
    CodeCheck(
        DynamoFactors(_dynamodb, _table),
        KmsSeal(_kms, settings.factor_key()),
        _limits,
        _announcements,
        _letters,
        utc_now,
    ),
    _challenges,
)
_accounts = Accounts(
    sign_up=SignUp(_members, _passwords, _codes, _letters, utc_now),
    recovery=Recovery(_members, _passwords, _codes, _letters, utc_now),
    upkeep=Upkeep(
        _members,
        _passwords,
        _check,
        _codes,
        _letters,
        utc_now,
    ),
    admission=Admission(
        DynamoGrants(_dynamodb, _table),
        _announcements,
        settings.known_clients(),
        utc_now,
        _consents,
    ),
    issuer=settings.issuer(),
    public_origin=settings.public_origin(),
)
_apps = AppRoutes(
    Apps(
        _check,
        DynamoAccounts(_dynamodb, _table),
        _challenges,
        _consents,
        DynamoDevices(_dynamodb, _table),
        DynamoGrants(_dynamodb, _table),
        utc_now,
    ),
    {name: client.name for name, client in settings.known_clients().items()},
    settings.issuer(),
    settings.public_origin(),
)


def _route(event: Event) -> Reply:
    is_of_apps = str(event["rawPath"]).startswith("/account/apps")
    return _apps.answer(event) if is_of_apps else _accounts.answer(event)


handler = answering(_route)
