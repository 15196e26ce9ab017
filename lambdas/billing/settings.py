"""What a deployment tells billing's functions."""

from __future__ import annotations

import os


def table_name() -> str:
    """The domain's table."""
    return os.environ["TABLE_NAME"]
