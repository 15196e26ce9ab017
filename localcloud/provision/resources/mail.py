"""Identities that may send mail."""

from __future__ import annotations

from localcloud.provision.rules import TAGS, USED, Accepted
from localcloud.provision.table import Context, Created, Properties, ResourceType

_NAME_LIMIT = 64


def _create_identity(context: Context, properties: Properties) -> Created:
    identity = properties["EmailIdentity"]
    # On AWS somebody has to confirm it; here it is taken as confirmed.
    context.client("sesv2").create_email_identity(EmailIdentity=identity)
    return Created(identity)


def _create_configuration_set(context: Context, properties: Properties) -> Created:
    name = properties.get("Name") or context.name(_NAME_LIMIT)
    context.client("sesv2").create_configuration_set(ConfigurationSetName=name)
    return Created(name)


def _create_event_destination(context: Context, properties: Properties) -> Created:
    stated = properties["EventDestination"]
    name = stated.get("Name") or context.name(_NAME_LIMIT)
    context.client("sesv2").create_configuration_set_event_destination(
        ConfigurationSetName=properties["ConfigurationSetName"],
        EventDestinationName=name,
        EventDestination={
            "Enabled": stated["Enabled"],
            # CloudFormation has them as version 1 of the API does.
            "MatchingEventTypes": [kind.upper() for kind in stated["MatchingEventTypes"]],
            "EventBridgeDestination": stated["EventBridgeDestination"],
        },
    )
    return Created(name)


TYPES = (
    ResourceType(
        "AWS::SES::ConfigurationSet", {"Name": USED, "Tags": TAGS}, _create_configuration_set
    ),
    ResourceType(
        "AWS::SES::ConfigurationSetEventDestination",
        {
            "ConfigurationSetName": USED,
            "EventDestination": {
                "Name": USED,
                "Enabled": USED,
                "MatchingEventTypes": USED,
                "EventBridgeDestination": {"EventBusArn": USED},
            },
        },
        _create_event_destination,
    ),
    ResourceType(
        "AWS::SES::EmailIdentity",
        {
            "EmailIdentity": USED,
            "FeedbackAttributes": Accepted("no mailbox here reads what comes back"),
            "Tags": TAGS,
        },
        _create_identity,
    ),
)
