"""Keeps what progress knows of titles from the catalogue's events."""

from __future__ import annotations

import boto3

from kernel.bus import listening
from progress import settings
from progress.events import titles_of
from progress.title_store import DynamoTitles

handler = listening(titles_of(DynamoTitles(boto3.client("dynamodb"), settings.table_name())))
