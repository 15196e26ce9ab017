"""Serves the page on which owners take a copy of everything that is kept of them."""

from __future__ import annotations

import os

import boto3

from identity import settings
from identity.accounts.elsewhere import HttpElsewhere
from identity.accounts.export import Export
from identity.accounts.export_routes import export_page
from identity.accounts.letters import Letters
from identity.accounts.sign_in import PasswordCheck
from identity.accounts.store import DynamoAnnouncements, DynamoLimits, DynamoMembers
from identity.argon import Argon2Passwords
from identity.consent.store import DynamoConsents
from identity.devices.store import DynamoDevices
from identity.mfa.check import CodeCheck, OwnerCheck
from identity.mfa.store import DynamoFactors
from identity.oauth.kms import KmsSigner
from identity.passkeys.challenges import Challenges
from identity.passkeys.store import DynamoCeremonies, DynamoPasskeys
from kernel.aws.json_client import KMS, AwsJson
from kernel.clock import utc_now
from kernel.kms_seal import KmsSeal
from kernel.web.payload import answering

_dynamodb, _table = boto3.client("dynamodb"), settings.table_name()
_kms = boto3.client("kms")
_limits, _announcements = DynamoLimits(_dynamodb, _table), DynamoAnnouncements(_dynamodb, _table)
_letters = Letters(KmsSeal(_kms, settings.mail_key()))
_export = Export(
    check=OwnerCheck(
        PasswordCheck(
            DynamoMembers(_dynamodb, _table), Argon2Passwords(), _limits, _announcements, utc_now
        ),
        CodeCheck(
            DynamoFactors(_dynamodb, _table),
            KmsSeal(_kms, settings.factor_key()),
            _limits,
            _announcements,
            _letters,
            utc_now,
        ),
        Challenges(DynamoCeremonies(_dynamodb, _table), utc_now),
    ),
    passkeys=DynamoPasskeys(_dynamodb, _table),
    consents=DynamoConsents(_dynamodb, _table),
    devices=DynamoDevices(_dynamodb, _table),
    elsewhere=HttpElsewhere(settings.public_origin()),
    letters=_letters,
    announcements=_announcements,
    signer=KmsSigner(AwsJson(KMS, os.environ), settings.signing_key()),
    issuer=settings.issuer(),
    clock=utc_now,
)
handler = answering(export_page(_export, settings.issuer(), settings.public_origin()))
