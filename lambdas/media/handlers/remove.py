"""Removes the files of assets that were deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from kernel import log
from kernel.bus import listening
from kernel.events.media import AssetDeleted
from media import settings
from media.s3 import S3Files

_files = S3Files(boto3.client("s3"), settings.mezzanine_bucket(), settings.packaged_bucket())


def _remove(event: Mapping[str, Any]) -> None:
    deleted = AssetDeleted.from_detail(event["detail"])
    log.note(files=_files.remove(deleted.asset_id))


handler = listening(_remove)
