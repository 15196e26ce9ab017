"""Keeping an account's devices: registering at a sign-in, and what their owner does with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from identity.accounts.domain import TooManyAttemptsError
from identity.accounts.letters import Letters
from identity.accounts.ports import Limits
from identity.devices.domain import (
    NEW_DEVICE_LETTERS,
    STEP_UP_LIFE,
    Device,
    DeviceNotFoundError,
    Household,
    Introduced,
    Places,
    Session,
    SignedOutError,
    StepUpRequiredError,
    checked_name,
)
from identity.devices.ports import Devices
from identity.domain import Account
from identity.oauth.ports import Grants
from identity.ports import Accounts
from kernel.clock import Clock, epoch_milliseconds
from kernel.errors import UnavailableError
from kernel.events import Event
from kernel.events.identity import (
    DeviceRegistered,
    DeviceRemoved,
    DeviceRenamed,
    NewDeviceSignedIn,
    SignedOutEverywhere,
)
from kernel.ids import time_of

TRIES = 5
"""How often a change that met another one of the same account is looked at again."""


@dataclass(frozen=True)
class Registry:
    """Notes where an account is signed in, and gives devices their places."""

    devices: Devices
    letters: Letters
    limits: Limits
    clock: Clock

    def signed_in(self, account: Account, device_id: str, introduced: Introduced) -> Device:
        """The device of a sign-in. One that is new is registered if there is a place, and its
        owner hears of it, unless it is the account's first."""
        return self._seen(account, device_id, introduced, is_sign_in=True)

    def renewed(self, account: Account, device_id: str, introduced: Introduced) -> Device:
        """The device of a sign-in that had no place so far: it may have one now."""
        return self._seen(account, device_id, introduced, is_sign_in=False)

    def _seen(
        self, account: Account, device_id: str, introduced: Introduced, *, is_sign_in: bool
    ) -> Device:
        now = self.clock()
        letter: list[Event] | None = None
        for attempt in range(TRIES + 1):
            known = self.devices.seen(account.account_id, device_id, now)
            if known is not None and known.is_registered:
                return known
            places = self.devices.places(account.account_id)
            # After many tries without a place: the next renewal looks for one again.
            has_room = places.has_room(now) and attempt < TRIES
            if known is not None and not has_room:
                return known
            device = known or introduced.device(device_id, now)
            if letter is None:
                tells = is_sign_in and known is None and places != Places(places.limit)
                letter = self._letter(account, device, now) if tells else []
            told = list(letter)
            if has_room:
                device = device.registered()
                told.append(
                    DeviceRegistered(
                        sequence=epoch_milliseconds(now),
                        account_id=account.account_id,
                        device_id=device_id,
                        name=device.name,
                    )
                )
            if self.devices.add(account.account_id, device, places, told, now):
                return device
        raise UnavailableError("Too many devices are signing in at once. Try again.")

    def _letter(self, account: Account, device: Device, now: datetime) -> list[Event]:
        try:
            self.limits.take(NEW_DEVICE_LETTERS, account.account_id, now)
        except TooManyAttemptsError:
            return []
        facts = {"to": account.email, "device": device.name, "when": f"{now:%Y-%m-%d %H:%M} UTC"}
        return [
            self.letters.write(NewDeviceSignedIn, account.account_id, account.language, facts, now)
        ]


@dataclass(frozen=True)
class Caller:
    """Who asks, by the claims of their access token."""

    account_id: str
    device_id: str
    session_id: str
    methods: str = ""
    """How its owner was known at this sign-in (RFC 8176); empty on a TV that a phone let in."""
    signed_in_at: datetime | None = None

    def check_is_fresh(self, now: datetime) -> None:
        """StepUpRequiredError unless somebody signed in here a moment ago."""
        at = self.signed_in_at
        if not self.methods or at is None or now - at >= STEP_UP_LIFE:
            raise StepUpRequiredError(
                "Sign in once more to do this: your last time is too long ago."
            )


@dataclass(frozen=True)
class DeviceList:
    """What owners see of their devices, and do with them.

    An access token outlives its sign-in by minutes. Here that is not good enough: whoever was
    signed out must not sign others out. So each request asks whether its own sign-in still holds.
    """

    accounts: Accounts
    grants: Grants
    devices: Devices
    clock: Clock

    def seen(self, caller: Caller) -> Household:
        """The account's devices and sessions; SignedOutError."""
        account = self.accounts.by_id(caller.account_id)
        found = self.devices.of(caller.account_id, self.clock())
        sessions = [
            each
            for each in found.sessions
            if account is not None and account.keeps(time_of(each.session_id))
        ]
        if all(each.session_id != caller.session_id for each in sessions):
            raise SignedOutError("This sign-in was ended. Sign in again.")
        known = {each.device_id for each in found.devices}
        # Nobody's sign-in is kept from its owner, whatever is known of its device.
        unknown = [
            Device(each.device_id, "Unknown device", "other", each.began, each.last_used)
            for each in sessions
            if each.device_id not in known
        ]
        return Household(found.places, [*found.devices, *unknown], sessions)

    def rename(self, caller: Caller, device_id: str, name: object) -> None:
        """Another name; DeviceNotFoundError."""
        chosen = checked_name(name)
        device = self.seen(caller).device(device_id)
        now = self.clock()
        told = DeviceRenamed(
            sequence=epoch_milliseconds(now),
            account_id=caller.account_id,
            device_id=device_id,
            name=chosen,
        )
        # One without a place is shown to nobody else.
        events = [told] if device.is_registered else []
        if not self.devices.rename(caller.account_id, device_id, chosen, events, now):
            raise DeviceNotFoundError("This account has no such device.")

    def sign_out(self, caller: Caller, device_id: str) -> None:
        """End all sign-ins on a device, which keeps its place."""
        household = self.seen(caller)
        household.device(device_id)
        self._end(caller, household.on(device_id))

    def remove(self, caller: Caller, device_id: str) -> None:
        """Sign a device out and forget it; its place is free, or will be (`Places`).

        StepUpRequiredError: the places that come back at once are few.
        """
        household = self.seen(caller)
        household.device(device_id)
        caller.check_is_fresh(self.clock())
        self._end(caller, household.on(device_id))
        self._take_off(caller.account_id, device_id)
        self._end_begun_meanwhile(caller, device_id)

    def sign_out_others(self, caller: Caller) -> None:
        """End all sign-ins but the caller's own; StepUpRequiredError, or a thief would be the one
        who stays."""
        sessions = self.seen(caller).sessions
        caller.check_is_fresh(self.clock())
        self._end(caller, [each for each in sessions if each.session_id != caller.session_id])

    def sign_out_everywhere(self, caller: Caller) -> None:
        """End all sign-ins, the caller's own and those that are just beginning too."""
        sessions = self.seen(caller).sessions
        now = self.clock()
        told = SignedOutEverywhere(
            sequence=epoch_milliseconds(now),
            account_id=caller.account_id,
            family_ids=[each.session_id for each in sessions],
        )
        self.devices.end_all(caller.account_id, told, now)

    def _take_off(self, account_id: str, device_id: str) -> None:
        """Forget a device. The moment that is told of is as late as can be: whoever hears of it
        takes what began on the device until then for ended."""
        for _ in range(TRIES):
            now = self.clock()
            household = self.devices.of(account_id, now)
            device = next((d for d in household.devices if d.device_id == device_id), None)
            told = DeviceRemoved(
                sequence=epoch_milliseconds(now), account_id=account_id, device_id=device_id
            )
            if device is None or self.devices.remove(
                account_id, device, household.places, told, now
            ):
                return
        raise UnavailableError("The devices are being changed elsewhere. Try again.")

    def _end_begun_meanwhile(self, caller: Caller, device_id: str) -> None:
        """End the sign-ins that found the device before it was forgotten, and began after its
        others were ended: they would keep a place that is no more.

        What begins later has found no device, and asks for a place of its own.
        """
        forgotten = self.clock()
        for _ in range(TRIES):
            left = [
                each
                for each in self.devices.of(caller.account_id, self.clock()).on(device_id)
                if time_of(each.session_id) <= forgotten
            ]
            if not left:
                return
            self._end(caller, left)
        raise UnavailableError("Somebody keeps signing in on this device. Try again.")

    def _end(self, caller: Caller, sessions: list[Session]) -> None:
        for each in sessions:
            self.grants.revoke(caller.account_id, each.session_id, self.clock())
