"""What a deployment tells the functions of notifications."""

from __future__ import annotations

import os


def table_name() -> str:
    """The domain's table."""
    return os.environ["TABLE_NAME"]


def mail_key() -> str:
    """The KMS key under which events are sealed, by ARN."""
    return os.environ["MAIL_KEY"]


def sender() -> str:
    """Whom letters come from, with a name."""
    return os.environ["SENDER"]


def public_origin() -> str:
    """Where the web app lives."""
    return os.environ["PUBLIC_ORIGIN"]


def issuer() -> str:
    """Where people sign in and look after their accounts."""
    return os.environ["ISSUER"]


def configuration_set() -> str:
    """The configuration set of SES that letters are sent under."""
    return os.environ["CONFIGURATION_SET"]
