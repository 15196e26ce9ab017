"""The step that looks into the uploaded file, with its own right to read it."""

from __future__ import annotations

import boto3

from kernel.clock import utc_now
from media import settings, steps
from media.mediaconvert import MediaConvertSources
from media.pipeline import Pipeline
from media.store import DynamoAssets

_pipeline = Pipeline(assets=DynamoAssets(settings.table_name(), settings.region()), clock=utc_now)
_files = MediaConvertSources(boto3.client("mediaconvert"), boto3.client("s3"))

handler = steps.dispatch({"probe": steps.probe(_pipeline, _files)})
