"""Exchanges codes, approvals and refresh tokens."""

from __future__ import annotations

import os

from identity import settings
from identity.accounts.letters import Letters
from identity.accounts.limits import TOKENS_REFUSED
from identity.accounts.store import DynamoAnnouncements, DynamoLimits
from identity.consent.store import DynamoConsents
from identity.devices.service import Registry
from identity.devices.store import DynamoDevices
from identity.oauth.device_store import DynamoDeviceGrants
from identity.oauth.devices import Polling
from identity.oauth.dpop import Proofs
from identity.oauth.es256 import OpenSslSignatures
from identity.oauth.kms import KmsSigner
from identity.oauth.proof_store import DynamoSeenProofs
from identity.oauth.refusals import Refusals
from identity.oauth.routes import token
from identity.oauth.store import DynamoGrants
from identity.oauth.tokens import Tokens
from identity.store import DynamoAccounts
from identity.token_keys import access_signers
from kernel.aws.dynamodb import dynamodb
from kernel.aws.json_client import KMS, AwsJson
from kernel.clock import utc_now
from kernel.kms_seal import JsonKmsSeal
from kernel.web.payload import answering

_dynamodb = dynamodb(os.environ)
_kms = AwsJson(KMS, os.environ)
_table = settings.table_name()
_signer = KmsSigner(_kms, settings.signing_key())
_limits = DynamoLimits(_dynamodb, _table)
_announcements = DynamoAnnouncements(_dynamodb, _table)
_service = Tokens(
    accounts=DynamoAccounts(_dynamodb, _table),
    grants=DynamoGrants(_dynamodb, _table),
    consents=DynamoConsents(_dynamodb, _table),
    devices=Polling(DynamoDeviceGrants(_dynamodb, _table), utc_now),
    proofs=Proofs(OpenSslSignatures(), DynamoSeenProofs(_dynamodb, _table), utc_now),
    announcements=_announcements,
    registry=Registry(
        DynamoDevices(_dynamodb, _table),
        Letters(JsonKmsSeal(_kms, settings.mail_key())),
        _limits,
        utc_now,
    ),
    limits=_limits,
    signer=_signer,
    access_signers=access_signers(_kms, _signer),
    clients=settings.known_clients(),
    issuer=settings.issuer(),
    clock=utc_now,
)
_refusals = Refusals(_limits, _announcements, TOKENS_REFUSED, utc_now)
handler = answering(token(_service, _refusals))
