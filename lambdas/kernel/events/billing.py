"""What billing tells: which plan an account has, and what that plan allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class SubscriptionChanged(Event):
    """An account has a plan from now on; told for every account, the first time when it comes.

    The limits travel with the plan's name, so that no reader knows the plans themselves. An
    account of which nothing was told yet has the smallest limits its reader can live with.
    """

    detail_type: ClassVar[str] = "SubscriptionChanged"

    account_id: str
    plan: str
    """Its stable name: basic, standard or premium, or house for accounts that operators made."""
    streams: int
    """Plays at the same time."""
    devices: int
    """Devices that may be signed in."""
    downloads: int
    """Titles that may be kept on a device; 0 for none."""
    quality: int
    """Height in pixels of the tallest picture."""
    by: str = ""
    """The member of staff who set it; empty where nobody did: the first plan, one told again."""

    @property
    def subject(self) -> str:
        """The account."""
        return self.account_id
