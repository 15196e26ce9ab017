"""Uploads and assets over HTTP."""

from __future__ import annotations

import boto3

from kernel.clock import utc_now
from kernel.ids import new_id, new_ulid
from kernel.web.http_app import lambda_handler
from media import settings
from media.api import create_app
from media.s3 import S3Uploads, signing_client
from media.service import Ingest
from media.stepfunctions import StepFunctionsExecutions
from media.store import DynamoAssets

handler = lambda_handler(
    create_app(
        Ingest(
            assets=DynamoAssets(settings.table_name(), settings.region()),
            uploads=S3Uploads(signing_client(), settings.mezzanine_bucket()),
            executions=StepFunctionsExecutions(
                boto3.client("stepfunctions"), settings.state_machine_arn()
            ),
            clock=utc_now,
            new_asset_id=lambda: new_id("ast", utc_now()),
            new_attempt=lambda: new_ulid(utc_now()),
        )
    )
)
