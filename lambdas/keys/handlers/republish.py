"""Publishes every content's wrapped keys again, for readers that are rebuilt."""

from __future__ import annotations

import os

import boto3

from kernel.clock import utc_now
from kernel.republish import republishing
from keys.store import DynamoVault

_vault = DynamoVault(boto3.client("dynamodb"), os.environ["KEYS_TABLE"], utc_now)

handler = republishing(_vault.page, _vault.tell_again)
