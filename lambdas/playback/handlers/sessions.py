"""Starts, renews and ends a member's plays."""

from __future__ import annotations

import logging
import os

import boto3

from kernel.clock import utc_now
from playback.routes import session_handler
from playback.secret_store import SecretCookies, SecretMacKeys, SecretOrigin
from playback.service import Playback
from playback.settings import SessionSettings
from playback.store import DynamoPlayback

logging.getLogger("playback").setLevel(logging.INFO)
_settings = SessionSettings.from_environment(os.environ)
_secrets = boto3.client("secretsmanager")

handler = session_handler(
    Playback(
        sessions=DynamoPlayback(boto3.client("dynamodb"), _settings.table_name),
        cookies=SecretCookies(_secrets, _settings.signing_secret, _settings.public_origin, utc_now),
        mac_keys=SecretMacKeys(_secrets, _settings.ticket_secret, utc_now),
        clock=utc_now,
        clearkey=_settings.clearkey,
    ),
    origin=SecretOrigin(_secrets, _settings.origin_secret, utc_now),
)
