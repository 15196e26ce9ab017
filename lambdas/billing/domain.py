"""Plans and who has them. Pure: time comes in as an argument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from kernel.clock import epoch_milliseconds
from kernel.errors import InvalidInputError, NotFoundError
from kernel.events.billing import SubscriptionChanged

REMEMBERED_GONE = timedelta(days=14)
"""How long a deleted account's id stays, so that what is told late does not bring it back: by the
privacy notice nothing stays longer. Events are tried again for 24 hours."""


class UnknownAccountError(NotFoundError):
    """There can be no such account, or it was deleted."""

    code = "account_not_found"


@dataclass(frozen=True)
class Plan:
    """What an account may do."""

    name: str
    streams: int
    """Plays at the same time."""
    devices: int
    """Devices that may be signed in."""
    downloads: int
    """Titles that may be kept on a device."""
    quality: int
    """Height in pixels of the tallest picture: what a key's class can hold back, not less."""


PLANS: Mapping[str, Plan] = MappingProxyType(
    {
        plan.name: plan
        for plan in (
            Plan("basic", streams=1, devices=3, downloads=0, quality=1080),
            Plan("standard", streams=2, devices=6, downloads=15, quality=1080),
            Plan("premium", streams=4, devices=10, downloads=30, quality=2160),
        )
    }
)
"""From the smallest to the largest. Prices come with payments."""

SMALLEST = PLANS["basic"]
"""What every account has from the first moment: nobody is let in to nothing."""


HOUSE = Plan("house", streams=50, devices=1000, downloads=50, quality=2160)
"""Of the accounts that operators make: staff, demonstrations and tests. Nobody else can have it."""

KEPT_PLANS: Mapping[str, Plan] = MappingProxyType({**PLANS, HOUSE.name: HOUSE})
"""All that an account may have."""


def plan_named(name: object) -> Plan:
    """A plan by its name; InvalidInputError lists the plans there are."""
    plan = PLANS.get(name) if isinstance(name, str) else None
    if plan is None:
        raise InvalidInputError(f"The plan must be one of {', '.join(PLANS)}.", field="plan")
    return plan


@dataclass(frozen=True)
class Subscription:
    """An account's plan since some moment."""

    account_id: str
    plan: Plan
    since: datetime

    @property
    def sequence(self) -> int:
        """Orders the changes of one account."""
        return epoch_milliseconds(self.since)

    def told(self, now: datetime, by: str = "") -> SubscriptionChanged:
        """What the other domains hear of it now; `by` is the account of who set it."""
        return SubscriptionChanged(
            sequence=epoch_milliseconds(now),
            account_id=self.account_id,
            plan=self.plan.name,
            streams=self.plan.streams,
            devices=self.plan.devices,
            downloads=self.plan.downloads,
            quality=self.plan.quality,
            by=by,
        )
