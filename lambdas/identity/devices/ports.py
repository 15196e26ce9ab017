"""What keeping an account's devices needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from identity.devices.domain import Device, Household, Places
from kernel.events import Event


class Devices(Protocol):
    """Devices by account, changed together with what is told of the change."""

    def of(self, account_id: str, now: datetime) -> Household:
        """All of the account's devices and the sessions that have not ended."""

    def places(self, account_id: str) -> Places:
        """How many the account may have, and has."""

    def seen(self, account_id: str, device_id: str, now: datetime) -> Device | None:
        """The device, noted to have been seen now; None when the account does not have it."""

    def add(
        self, account_id: str, device: Device, places: Places, told: Sequence[Event], now: datetime
    ) -> bool:
        """Record a device, in one of those places if it is registered; False when places or
        device were changed meanwhile."""

    def rename(
        self, account_id: str, device_id: str, name: str, told: Sequence[Event], now: datetime
    ) -> bool:
        """Another name; False when the account does not have the device."""

    def remove(
        self, account_id: str, device: Device, places: Places, told: Event, now: datetime
    ) -> bool:
        """Forget a device; False when places or device were changed meanwhile."""

    def end_all(self, account_id: str, told: Event, now: datetime) -> None:
        """End every sign-in that began before now."""

    def allow(self, account_id: str, devices: int, sequence: int) -> bool:
        """How many the account's plan allows; False when a later plan is known, or the account
        is gone."""

    def forget(self, account_id: str, deleted_at: datetime) -> int:
        """Keep nothing of a deleted account's devices but that it is gone, for `REMEMBERED_GONE`;
        how many devices and sign-ins were deleted."""
