"""Keeps the places that players' beacons tell."""

from __future__ import annotations

import os

import boto3

from kernel.aws.json_client import SECRETS_MANAGER, AwsJson
from kernel.aws.secrets import SecretMacKeys
from kernel.beacon_stream import reading_beacons
from kernel.clock import utc_now
from progress import settings
from progress.events import beacons_of
from progress.play_ends import DynamoPlayEnds
from progress.service import PlaceKeeper
from progress.store import DynamoResumePoints

_dynamodb, _table_name = boto3.client("dynamodb"), settings.table_name()

handler = reading_beacons(
    beacons_of(
        PlaceKeeper(DynamoResumePoints(_dynamodb, _table_name), utc_now),
        DynamoPlayEnds(_dynamodb, _table_name),
    ),
    SecretMacKeys(AwsJson(SECRETS_MANAGER, os.environ), os.environ["TICKET_SECRET"], utc_now),
)
