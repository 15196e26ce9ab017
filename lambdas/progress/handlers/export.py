"""Gives an account's owner all that progress keeps of the account."""

from __future__ import annotations

import boto3

from kernel.account_data import exporting, of_profiles
from progress import settings

handler = exporting(boto3.client("dynamodb"), settings.table_name(), of_profiles)
