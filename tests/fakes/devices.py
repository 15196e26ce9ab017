"""An account's devices in memory; sessions are the families of `FakeGrants`."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from identity.devices.domain import Device, Household, Places, Session
from kernel.events import Event
from tests.fakes.identity import FakeAccounts, FakeGrants


@dataclass
class FakeDevices:
    grants: FakeGrants = field(default_factory=FakeGrants)
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    devices: dict[tuple[str, str], Device] = field(default_factory=dict)
    places_of: dict[str, Places] = field(default_factory=dict)
    plans: dict[str, int] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def of(self, account_id: str, now: datetime) -> Household:
        return Household(
            self.places(account_id),
            [device for (owner, _), device in self.devices.items() if owner == account_id],
            [
                Session(
                    family.family_id,
                    family.device_id,
                    family.client_id,
                    family.started_at,
                    family.rotation.at if family.rotation else family.started_at,
                )
                for family in self.grants.families.values()
                if family.account_id == account_id
                and family.family_id not in self.grants.revoked
                and family.expires_at > now
            ],
        )

    def places(self, account_id: str) -> Places:
        return self.places_of.get(account_id, Places())

    def seen(self, account_id: str, device_id: str, now: datetime) -> Device | None:
        with self.lock:
            known = self.devices.get((account_id, device_id))
            if known is None:
                return None
            seen = replace(known, last_seen=now.replace(microsecond=0))
            self.devices[account_id, device_id] = seen
            return seen

    def add(
        self, account_id: str, device: Device, places: Places, told: Sequence[Event], now: datetime
    ) -> bool:
        with self.lock:
            known = self.devices.get((account_id, device.device_id))
            current = self.places(account_id)
            if known is not None and known.is_registered:
                return False
            if device.is_registered:
                has_room = current.taken < places.most_taken(now)
                if account_id in self.gone or current.removals != places.removals or not has_room:
                    return False
                self.places_of[account_id] = replace(current, taken=current.taken + 1)
            self.devices[account_id, device.device_id] = device
            self.told += told
            return True

    def rename(
        self, account_id: str, device_id: str, name: str, told: Sequence[Event], now: datetime
    ) -> bool:
        known = self.devices.get((account_id, device_id))
        if known is not None:
            self.told += told
            self.devices[account_id, device_id] = replace(known, name=name)
        return known is not None

    def remove(
        self, account_id: str, device: Device, places: Places, told: Event, now: datetime
    ) -> bool:
        with self.lock:
            known = self.devices.get((account_id, device.device_id))
            current = self.places(account_id)
            if known is None or known.is_registered != device.is_registered:
                return False
            if device.is_registered:
                if current.removals != places.removals:
                    return False
                self.places_of[account_id] = replace(
                    current,
                    taken=current.taken - 1,
                    removed_at=(*places.lately(now), now),
                    removals=current.removals + 1,
                )
            del self.devices[account_id, device.device_id]
            self.told.append(told)
            return True

    def end_all(self, account_id: str, told: Event, now: datetime) -> None:
        account = self.accounts.accounts[account_id]
        self.accounts.accounts[account_id] = replace(account, sessions_from=now)
        self.told.append(told)

    def allow(self, account_id: str, devices: int, sequence: int) -> bool:
        if account_id in self.gone or self.plans.get(account_id, -1) >= sequence:
            return False
        self.plans[account_id] = sequence
        self.places_of[account_id] = replace(self.places(account_id), limit=devices)
        return True

    def forget(self, account_id: str, deleted_at: datetime) -> int:
        gone = [held for held in self.devices if held[0] == account_id]
        for held in gone:
            del self.devices[held]
        self.gone.add(account_id)
        self.places_of.pop(account_id, None)
        return len(gone)
