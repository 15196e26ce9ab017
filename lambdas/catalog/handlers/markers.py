"""Lets staff say what of a title may be skipped."""

from __future__ import annotations

import boto3

from catalog import settings
from catalog.routes import staff_routes
from catalog.service import Catalogue
from catalog.store import DynamoTitles
from kernel.clock import utc_now
from kernel.web.payload import answering

_titles = DynamoTitles(boto3.client("dynamodb"), settings.table_name(), changes=True)
handler = answering(staff_routes(Catalogue(_titles, utc_now)))
