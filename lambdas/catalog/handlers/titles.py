"""Serves the catalogue to members."""

from __future__ import annotations

import boto3

from catalog import settings
from catalog.routes import routes
from catalog.service import Catalogue
from catalog.store import DynamoTitles, ShelfCache
from kernel.clock import utc_now
from kernel.web.payload import answering

_titles = DynamoTitles(boto3.client("dynamodb"), settings.table_name())
handler = answering(routes(Catalogue(ShelfCache(_titles, utc_now), utc_now)))
