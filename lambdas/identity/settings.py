"""What a deployment tells the identity functions; a missing one stops the function at start."""

from __future__ import annotations

import os


def table_name() -> str:
    """The domain's table."""
    return os.environ["TABLE_NAME"]


def issuer() -> str:
    """The issuer that tokens and discovery name."""
    return os.environ["ISSUER"]


def public_origin() -> str:
    """Where the web app lives: scheme, host and port."""
    return os.environ["PUBLIC_ORIGIN"]


def signing_key() -> str:
    """The KMS key that signs tokens, by ARN."""
    return os.environ["SIGNING_KEY"]


def published_keys() -> list[str]:
    """The KMS keys whose tokens are good, by ARN: the one that signs, and others in a rotation."""
    return os.environ["PUBLISHED_KEYS"].split(",")
