"""Identities that may send mail."""

from __future__ import annotations

from localcloud.provision.rules import TAGS, USED, Accepted
from localcloud.provision.table import Context, Created, Properties, ResourceType


def _create_identity(context: Context, properties: Properties) -> Created:
    identity = properties["EmailIdentity"]
    # On AWS somebody has to confirm it; here it is taken as confirmed.
    context.client("sesv2").create_email_identity(EmailIdentity=identity)
    return Created(identity)


TYPES = (
    ResourceType(
        "AWS::SES::EmailIdentity",
        {
            "EmailIdentity": USED,
            "FeedbackAttributes": Accepted("nothing bounces here"),
            "Tags": TAGS,
        },
        _create_identity,
    ),
)
