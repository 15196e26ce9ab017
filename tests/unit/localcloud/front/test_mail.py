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
