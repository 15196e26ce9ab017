"""Gives an account's owner all that playback keeps of the account."""

from __future__ import annotations

import os

import boto3

from kernel.account_data import exporting, of_account

handler = exporting(boto3.client("dynamodb"), os.environ["PLAYBACK_TABLE"], of_account)
