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
from identity.mfa.check import CodeCheck, OwnerCheck
from identity.mfa.store import DynamoFactors
from identity.oauth.clients import clients
from identity.oauth.store import DynamoGrants
from identity.passkeys.store import DynamoPasskeys
from identity.service import Admission
from kernel.clock import utc_now
from kernel.kms_seal import KmsSeal
from kernel.web.payload import answering

_dynamodb, _table = boto3.client("dynamodb"), settings.table_name()
_members, _limits = DynamoMembers(_dynamodb, _table), DynamoLimits(_dynamodb, _table)
_passwords = Argon2Passwords()
_codes = Codes(DynamoChallenges(_dynamodb, _table), _limits, utc_now)
_kms = boto3.client("kms")
_letters = Letters(KmsSeal(_kms, settings.mail_key()))
_announcements = DynamoAnnouncements(_dynamodb, _table)
_check = OwnerCheck(
    PasswordCheck(_members, _passwords, _limits, _announcements, utc_now),
    CodeCheck(
        DynamoFactors(_dynamodb, _table),
        KmsSeal(_kms, settings.factor_key()),
        _limits,
        _announcements,
        utc_now,
    ),
)
_accounts = Accounts(
    sign_up=SignUp(_members, _passwords, _codes, _letters, utc_now),
    recovery=Recovery(_members, _passwords, _codes, _letters, utc_now),
    upkeep=Upkeep(
        _members,
        DynamoPasskeys(_dynamodb, _table),
        _passwords,
        _check,
        _codes,
        _letters,
        utc_now,
    ),
    admission=Admission(
        DynamoGrants(_dynamodb, _table),
        _announcements,
        clients(settings.public_origin()),
        utc_now,
    ),
    issuer=settings.issuer(),
    public_origin=settings.public_origin(),
)
handler = answering(_accounts.answer)
