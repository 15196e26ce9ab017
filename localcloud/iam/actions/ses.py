"""The permissions of SES."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parseaddr

from localcloud.iam.actions.call import Call, UnmappedActionError
from localcloud.iam.conditions import ContextValue
from localcloud.iam.policy import Access


def messages(call: Call) -> Iterator[Access]:
    """What an operation needs: sending is a right on the identity that the sender falls under."""
    if call.operation.name != "SendEmail":
        raise UnmappedActionError(call.operation)
    name, address = parseaddr(call.text("FromEmailAddress"))
    destination = call.parameters.get("Destination") or {}
    context: dict[str, ContextValue] = {
        "ses:apiversion": "2",
        "ses:fromaddress": address,
        "ses:recipients": tuple(each for some in destination.values() for each in some),
    }
    if name:
        context["ses:fromdisplayname"] = name
    identity = call.scope.account.mail_identity(address, call.scope.region) or address
    yield Access("ses:SendEmail", call.scope.arn("ses", f"identity/{identity}"), context)
    if told := call.text("ConfigurationSetName"):
        # A message that names one needs the right on it, too.
        yield Access("ses:SendEmail", call.scope.arn("ses", f"configuration-set/{told}"), context)
