"""Gives an account's owner all that billing keeps of the account."""

from __future__ import annotations

import boto3

from billing import settings
from kernel.account_data import exporting, of_account

handler = exporting(boto3.client("dynamodb"), settings.table_name(), of_account)
