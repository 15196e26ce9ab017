"""Gives an account's owner all that playback keeps of the account."""

from __future__ import annotations

import os
from collections.abc import Sequence

import boto3

from kernel.account_data import exporting, of_account
from playback.downloads.store import shelves_key


def _keys(account_id: str, profile_ids: Sequence[str]) -> Sequence[str]:
    return [*of_account(account_id, profile_ids), shelves_key(account_id)]


handler = exporting(boto3.client("dynamodb"), os.environ["PLAYBACK_TABLE"], _keys)
