"""Letters that come back, or that are called spam, are the last to their address for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.events.identity import PasswordChanged
from notifications.domain import UNDELIVERABLE_FOR
from notifications.routes import shown
from notifications.service import FeedbackDesk
from tests.unit.notifications.test_letters import FACTS, Office

TO = FACTS["to"]


def bounced(kind: str = "Permanent", **mail: Any) -> dict[str, Any]:
    return {
        "eventType": "Bounce",
        "mail": {"tags": {"account": ["acc_1"]}, **mail},
        "bounce": {"bounceType": kind, "bouncedRecipients": [{"emailAddress": TO.upper()}]},
    }


COMPLAINED = {
    "eventType": "Complaint",
    "mail": {},
    "complaint": {"complainedRecipients": [{"emailAddress": TO}]},
}


class Desk(Office):
    """The office that sends, and what it hears of what became of it."""

    def hears_back(self, detail: dict[str, Any]) -> None:
        FeedbackDesk(self.addresses, self.clock).heard(detail)

    def sends(self) -> int:
        before = len(self.post.messages)
        self.clock.pass_by(timedelta(seconds=1))
        self.hears(PasswordChanged.detail_type)
        return len(self.post.messages) - before


@pytest.fixture
def desk(now: datetime) -> Desk:
    return Desk(now)


@pytest.mark.parametrize(("detail", "why"), [(bounced(), "bounce"), (COMPLAINED, "complaint")])
def test_nothing_is_sent_where_letters_come_back_from_or_are_not_wanted(
    desk: Desk, detail: dict[str, Any], why: str
) -> None:
    assert desk.sends() == 1
    desk.hears_back(detail)

    assert desk.sends() == 0
    assert desk.addresses.undeliverable(TO, desk.clock()) == why


def test_after_a_month_it_is_tried_again(desk: Desk) -> None:
    desk.hears_back(bounced())
    desk.clock.pass_by(UNDELIVERABLE_FOR)

    assert desk.sends() == 1


@pytest.mark.parametrize(
    "detail", [bounced("Transient"), bounced("Undetermined"), {"eventType": "Delivery"}, {}]
)
def test_a_full_mailbox_or_good_news_change_nothing(desk: Desk, detail: dict[str, Any]) -> None:
    desk.hears_back(detail)

    assert desk.sends() == 1


def test_a_letter_that_is_not_sent_is_not_claimed_either(desk: Desk) -> None:
    desk.hears_back(bounced())

    desk.sends()

    assert desk.ledger.claims == {}


def test_staff_see_letters_the_newest_first_and_why_none_arrives() -> None:
    items = [
        {"sk": {"S": "LETTER#PasswordChanged#1000#password_changed#to"}, "sent": {"BOOL": True}},
        {"sk": {"S": "LETTER#NewDeviceSignedIn#2000#new_device#to"}},
        {"sk": {"S": "UNDELIVERABLE#0a"}, "kind": {"S": "bounce"}, "marked_at": {"N": "3"}},
    ]

    assert shown(items) == {
        "letters": [
            {"template": "new_device", "told_at": "1970-01-01T00:00:02+00:00", "sent": False},
            {"template": "password_changed", "told_at": "1970-01-01T00:00:01+00:00", "sent": True},
        ],
        "undeliverable": [{"kind": "bounce", "at": "1970-01-01T00:00:03+00:00"}],
    }
