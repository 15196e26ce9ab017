"""Keeps profiles and lets sessions into them; hashes PINs."""

from __future__ import annotations

import os
from functools import cache

import boto3

from identity import settings
from identity.accounts.sign_in import PasswordCheck
from identity.accounts.store import DynamoAnnouncements, DynamoLimits, DynamoMembers
from identity.argon import Argon2Passwords
from identity.oauth.store import DynamoGrants
from identity.profiles.routes import routes
from identity.profiles.service import Profiles
from kernel.aws.json_client import SECRETS_MANAGER, AwsJson
from kernel.aws.secrets import SecretMacKeys
from kernel.clock import utc_now
from kernel.web.payload import answering

_dynamodb, _table = boto3.client("dynamodb"), settings.table_name()
_members, _limits = DynamoMembers(_dynamodb, _table), DynamoLimits(_dynamodb, _table)
_passwords = Argon2Passwords()
_announcements = DynamoAnnouncements(_dynamodb, _table)
_profiles = Profiles(
    members=_members,
    grants=DynamoGrants(_dynamodb, _table),
    passwords=_passwords,
    check=PasswordCheck(_members, _passwords, _limits, _announcements, utc_now),
    limits=_limits,
    clock=utc_now,
    pin_keys=cache(
        lambda: SecretMacKeys(
            AwsJson(SECRETS_MANAGER, os.environ), os.environ["PIN_SECRET"], utc_now
        )
    ),
)
handler = answering(routes(_profiles))
