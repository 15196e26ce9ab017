"""SES as functions meet it: whom they may send as, what is refused, and what was sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.front import Front
from localcloud.ses import Ses

IDENTITY = "arn:aws:ses:eu-west-1:123456789012:identity/"
SETS = "arn:aws:ses:eu-west-1:123456789012:configuration-set/"
SENDER = "Marquee <no-reply@mail.example>"


def content(**body: str) -> dict[str, Any]:
    parts = {kind: {"Data": text} for kind, text in body.items()}
    return {"Simple": {"Subject": {"Data": "Grüße"}, "Body": parts}}


@pytest.fixture
def ses(front: Front) -> Ses:
    front.client("sesv2").create_email_identity(EmailIdentity="mail.example")
    account = front.resources
    sender = Ses(
        lambda address: account.mail_identity(address, "eu-west-1") is not None, "eu-west-1"
    )
    front.register("ses", sender.handle)
    return sender


@pytest.fixture
def client(ses: Ses, client_of: Callable[..., Any], allow: Any) -> Any:
    return client_of("sesv2", allow("ses:SendEmail", f"{IDENTITY}mail.example"))


def send(client: Any, **changes: Any) -> Any:
    asked = {
        "FromEmailAddress": SENDER,
        "Destination": {"ToAddresses": ["ada@example.com"]},
        "Content": content(Text="Hallo", Html="<p>Hallo</p>"),
    }
    return client.send_email(**{**asked, **changes})


def refusal(client: Any, **changes: Any) -> str:
    with pytest.raises(ClientError) as refused:
        send(client, **changes)
    return str(refused.value.response["Error"]["Code"])


def test_both_parts_of_a_message_are_kept(client: Any, ses: Ses) -> None:
    message_id = send(client)["MessageId"]

    mail = ses.sent()[-1]
    assert (mail.message_id, mail.sender, mail.subject) == (message_id, SENDER, "Grüße")
    assert (mail.text, mail.html) == ("Hallo", "<p>Hallo</p>")
    assert mail.recipients == ("ada@example.com",)
    assert mail.sent_at


def test_a_role_sends_only_under_the_identity_it_was_granted(
    ses: Ses, client_of: Callable[..., Any], allow: Any
) -> None:
    other = client_of("sesv2", allow("ses:SendEmail", f"{IDENTITY}other.example"))

    assert refusal(other) == "AccessDeniedException"
    assert ses.sent() == ()


def test_an_address_of_its_own_comes_before_its_domain(
    front: Front, ses: Ses, client_of: Callable[..., Any], allow: Any
) -> None:
    front.client("sesv2").create_email_identity(EmailIdentity="news@mail.example")
    other = client_of("sesv2", allow("ses:SendEmail", f"{IDENTITY}news@mail.example"))

    send(other, FromEmailAddress="news@mail.example")

    assert refusal(other) == "AccessDeniedException"


def test_nobody_sends_as_whoever_was_not_verified(
    client_of: Callable[..., Any], allow: Any, ses: Ses
) -> None:
    anyone = client_of("sesv2", allow("ses:SendEmail"))

    assert refusal(anyone, FromEmailAddress="a@elsewhere.example") == "MessageRejected"


@pytest.mark.parametrize(
    "changes",
    [
        {"Destination": {}},
        {"Destination": {"ToAddresses": ["nobody"]}},
        {"Destination": {"ToAddresses": ["ädä@example.com"]}},
        {"Content": content()},
    ],
)
def test_a_message_that_cannot_be_sent_is_refused(client: Any, changes: dict[str, Any]) -> None:
    assert refusal(client, **changes) == "BadRequestException"


def test_what_is_not_sending_needs_a_right_that_nobody_stated(
    client_of: Callable[..., Any], allow: Any, ses: Ses
) -> None:
    with pytest.raises(ClientError) as refused:
        client_of("sesv2", allow("ses:*")).list_email_identities()

    assert json.dumps(refused.value.response["Error"]).count("ListEmailIdentities")


DEFAULT_BUS = "arn:aws:events:eu-west-1:123456789012:event-bus/default"


@pytest.fixture
def emitted() -> list[tuple[Any, ...]]:
    return []


@pytest.fixture
def told(front: Front, emitted: list[tuple[Any, ...]]) -> Any:
    """A client that may send, under a configuration set that tells of bounces alone."""
    ses = Ses(lambda _: True, "eu-west-1", emit=lambda *event: emitted.append(event))
    front.register("ses", ses.handle)
    client = front.client("sesv2")
    client.create_configuration_set(ConfigurationSetName="outcomes")
    client.create_configuration_set_event_destination(
        ConfigurationSetName="outcomes",
        EventDestinationName="bus",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["BOUNCE"],
            "EventBridgeDestination": {"EventBusArn": DEFAULT_BUS},
        },
    )
    return client


TAGS = [{"Name": "account", "Value": "acc_1"}]


@pytest.mark.parametrize("mailbox", ["bounce", "bounce+label", "suppressionlist"])
def test_a_letter_to_the_simulators_bounce_comes_back_on_the_bus(
    told: Any, emitted: list[tuple[Any, ...]], mailbox: str
) -> None:
    address = f"{mailbox}@simulator.amazonses.com"
    to = {"ToAddresses": [address]}
    sent = send(told, Destination=to, ConfigurationSetName="outcomes", EmailTags=TAGS)

    ((source, detail_type, detail, _),) = emitted
    assert (source, detail_type) == ("aws.ses", "Email Bounced")
    assert detail["bounce"]["bounceType"] == "Permanent"
    assert detail["bounce"]["bouncedRecipients"][0]["emailAddress"] == address
    assert detail["mail"]["messageId"] == sent["MessageId"]
    assert detail["mail"]["tags"]["account"] == ["acc_1"]


@pytest.mark.parametrize("mailbox", ["success", "ooto", "complaint"])
def test_what_the_configuration_set_does_not_ask_for_is_not_told(
    told: Any, emitted: list[tuple[Any, ...]], mailbox: str
) -> None:
    to = {"ToAddresses": [f"{mailbox}@simulator.amazonses.com"]}
    send(told, Destination=to, ConfigurationSetName="outcomes")
    send(told, Destination={"ToAddresses": ["bounce@simulator.amazonses.com"]})

    assert emitted == []


def test_a_configuration_set_that_is_not_there_is_said_to_be_so(told: Any) -> None:
    assert refusal(told, ConfigurationSetName="other") == "NotFoundException"


def test_a_message_under_a_configuration_set_needs_the_right_on_it(
    client: Any, front: Front, client_of: Callable[..., Any], allow: Any
) -> None:
    front.client("sesv2").create_configuration_set(ConfigurationSetName="outcomes")
    assert refusal(client, ConfigurationSetName="outcomes") == "AccessDeniedException"
    both = allow("ses:SendEmail", [f"{IDENTITY}mail.example", f"{SETS}outcomes"])

    assert send(client_of("sesv2", both), ConfigurationSetName="outcomes")["MessageId"]
