"""Keeps which plays have ended, so that nothing later is believed of them."""

from __future__ import annotations

import boto3

from kernel.bus import listening
from progress import settings
from progress.events import ends_of
from progress.play_ends import DynamoPlayEnds

handler = listening(ends_of(DynamoPlayEnds(boto3.client("dynamodb"), settings.table_name())))
