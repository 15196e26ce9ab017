"""Steps that work on packaged files: poster, manifests, verify."""

from __future__ import annotations

import boto3

from kernel.clock import utc_now
from media import settings, steps
from media.pipeline import Pipeline
from media.s3 import S3PackagedFiles
from media.store import DynamoAssets

_pipeline = Pipeline(assets=DynamoAssets(settings.table_name(), settings.region()), clock=utc_now)
_files = S3PackagedFiles(boto3.client("s3"), settings.packaged_bucket())
_clearkey = settings.clearkey()

handler = steps.dispatch(
    {
        "poster": steps.poster(_pipeline, _files),
        "manifests": steps.manifests(_pipeline, _files, clearkey=_clearkey),
        "verify": steps.verify(_pipeline, _files, clearkey=_clearkey),
    }
)
