"""Serves the pages on which owners turn the second step on and off; hashes passwords."""

from __future__ import annotations

from functools import partial

import boto3

from identity import settings
from identity.accounts.letters import Letters
from identity.accounts.sign_in import PasswordCheck
from identity.accounts.store import DynamoAnnouncements, DynamoLimits, DynamoMembers
from identity.argon import Argon2Passwords
from identity.mfa.check import CodeCheck, OwnerCheck
from identity.mfa.routes import TwoStepPages
from identity.mfa.service import TwoStep
from identity.mfa.store import DynamoFactors, DynamoPendingSteps
from identity.oauth.qr import qr_svg
from identity.passkeys.challenges import Challenges
from identity.passkeys.store import DynamoCeremonies
from kernel.clock import utc_now
from kernel.kms_seal import KmsSeal
from kernel.web.payload import answering

_dynamodb, _table = boto3.client("dynamodb"), settings.table_name()
_kms = boto3.client("kms")
_members, _limits = DynamoMembers(_dynamodb, _table), DynamoLimits(_dynamodb, _table)
_announcements = DynamoAnnouncements(_dynamodb, _table)
_factors = DynamoFactors(_dynamodb, _table)
_seal = KmsSeal(_kms, settings.factor_key())
_letters = Letters(KmsSeal(_kms, settings.mail_key()))
_service = TwoStep(
    accounts=_members,
    pending=DynamoPendingSteps(_dynamodb, _table),
    factors=_factors,
    owners=OwnerCheck(
        PasswordCheck(_members, Argon2Passwords(), _limits, _announcements, utc_now),
        CodeCheck(_factors, _seal, _limits, _announcements, _letters, utc_now),
        Challenges(DynamoCeremonies(_dynamodb, _table), utc_now),
    ),
    seal=_seal,
    letters=_letters,
    clock=utc_now,
)
_drawn = partial(qr_svg, title="Scan with an authenticator app")
handler = answering(
    TwoStepPages(_service, _drawn, settings.issuer(), settings.public_origin()).answer
)
