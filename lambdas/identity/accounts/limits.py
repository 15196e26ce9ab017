"""How often something may be tried: the generic cell rate algorithm (ITU-T I.371, annex A).

One number per subject, the theoretical arrival time of its next attempt. Each attempt moves it by
`every`; an attempt is refused while it would run further ahead than `burst` of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Limit:
    """Some attempts at once, and one more each so often."""

    name: str
    every: timedelta
    burst: int

    @property
    def step_ms(self) -> int:
        """What one attempt costs."""
        return int(self.every.total_seconds() * 1000)

    @property
    def reach_ms(self) -> int:
        """How far ahead of now the arrival time may be after an attempt."""
        return self.step_ms * self.burst

    def retry_after_seconds(self, arrival_ms: int, now_ms: int) -> int:
        """How long to wait when that arrival time refuses an attempt; at least a second."""
        wait_ms = arrival_ms + self.step_ms - self.reach_ms - now_ms
        return max(1, math.ceil(wait_ms / 1000))

    def next_arrival_ms(self, arrival_ms: int, now_ms: int) -> int | None:
        """The arrival time after one more attempt; None when that is refused."""
        moved_ms = max(arrival_ms, now_ms) + self.step_ms
        return moved_ms if moved_ms <= now_ms + self.reach_ms else None


# Guesses: attempts that succeed are given back, so nobody who knows their password meets these.
# A guesser waits half a minute after 5, two minutes after 30, a quarter of an hour after 60.
SIGN_IN_FROM_HERE = Limit("sign-in-from-here", timedelta(seconds=30), 5)
"""One address from one place. Others stay able to sign in while somebody guesses elsewhere."""
SIGN_IN_FROM_HERE_LASTING = Limit("sign-in-from-here-lasting", timedelta(minutes=15), 60)
"""The same, for who goes on all day: 96 guesses of it. By place, too: counted for the address alone
it would keep the owner out. It comes before that, so that one place leaves the others theirs."""
SIGN_IN_BY_ADDRESS = Limit("sign-in-by-address", timedelta(minutes=2), 30)
"""One address from everywhere: 720 guesses a day are nothing against a password not in the list."""
SIGN_IN_BY_PLACE = Limit("sign-in-by-place", timedelta(seconds=2), 600)
"""All addresses from one place, which may be an office or a carrier with thousands behind it."""

# A browser that an account was signed in on before counts for itself (ADR 475).
SIGN_IN_BY_DEVICE = Limit("sign-in-by-device", timedelta(seconds=30), 5)
"""Passwords of one account on one device that it knows, whatever strangers try elsewhere."""
SIGN_IN_BY_DEVICE_LASTING = Limit("sign-in-by-device-lasting", timedelta(minutes=15), 60)
"""The same, for a stolen cookie: 96 guesses a day, as a stranger has from one place."""
SIGN_IN_BY_KNOWN_DEVICES = Limit("sign-in-by-known-devices", timedelta(seconds=30), 300)
"""All of them together: no one device can use it up, and having many cookies brings no more."""

SECOND_STEP_BY_ACCOUNT = Limit("second-step-by-account", timedelta(minutes=1), 10)
"""Codes of an app for one account, whose password the guesser has: 1,440 guesses a day of a
million codes, three of which are good at a time, take eight months."""
SECOND_STEP_BY_PLACE = Limit("second-step-by-place", timedelta(seconds=2), 600)
SECOND_STEP_BY_DEVICE = Limit("second-step-by-device", timedelta(minutes=2), 10)
"""Codes of one account on a device that it knows."""
SECOND_STEP_BY_KNOWN_DEVICES = Limit("second-step-by-known-devices", timedelta(minutes=1), 30)
"""All of them together: as slow in the long run as strangers are, and more than one device's."""

LETTERS_BY_ADDRESS = Limit("letters-by-address", timedelta(minutes=10), 3)
"""Codes to one address: nobody's mailbox is filled through us."""
LETTERS_BY_PLACE = Limit("letters-by-place", timedelta(seconds=10), 200)
LETTERS_BY_DEVICE = Limit("letters-by-device", timedelta(minutes=10), 3)
"""Codes to an account's own address that a device asks for which it knows."""

CODES_BY_PLACE = Limit("codes-by-place", timedelta(seconds=2), 600)
"""Codes that were entered; each challenge has its own few tries beside."""
CODES_BY_DEVICE = Limit("codes-by-device", timedelta(seconds=30), 20)
"""The same on a device that the account knows: the tries of its few letters."""

PINS_BY_DEVICE = Limit("pins-by-device", timedelta(minutes=15), 5)
"""PINs on one of the account's devices: a child who guesses on one leaves the others theirs."""
PINS_BY_PROFILE = Limit("pins-by-profile", timedelta(minutes=10), 10)
"""PINs of one profile on all devices: its 10,000 last a guesser 35 days on average."""
PINS_BY_ACCOUNT = Limit("pins-by-account", timedelta(minutes=5), 20)
"""The same for all profiles of one account together."""
PASSKEYS_BY_PLACE = Limit("passkeys-by-place", timedelta(seconds=2), 600)
"""Challenges for passkeys: each sign-in page that is opened asks for one."""
PASSKEYS_BY_ACCOUNT = Limit("passkeys-by-account", timedelta(minutes=1), 10)
"""Answers for one account's passkeys that prove nothing: no guess of a signature succeeds, but each
costs a verification and is told."""
PASSKEYS_BY_DEVICE = Limit("passkeys-by-device", timedelta(minutes=1), 10)
"""The same on a device that the account knows."""
CONFIRMATIONS_BY_PLACE = Limit("confirmations-by-place", timedelta(seconds=2), 600)
"""Confirmations that are none: nobody guesses 256 bits, but each costs a write and is told."""

DEVICES_BY_PLACE = Limit("devices-by-place", timedelta(seconds=10), 30)
"""Devices that ask to be let in: a household, or a shop full of TVs."""
USER_CODES_BY_PLACE = Limit("user-codes-by-place", timedelta(seconds=30), 10)
"""Codes of devices that nobody has: 30 guesses while a code lives, of 25 billion codes."""
USER_CODES_BY_ACCOUNT = Limit("user-codes-by-account", timedelta(seconds=30), 10)
"""The same for one account, from wherever: a guesser who has many places has few accounts."""
USER_CODES_BY_DEVICE = Limit("user-codes-by-device", timedelta(seconds=30), 10)
"""The same for one account on a device that it knows."""

# What OAuth endpoints refuse, by the place it goes to: nothing that is good is counted (ADR 455).
TOKENS_REFUSED = Limit("tokens-refused", timedelta(seconds=2), 600)
"""A carrier's thousands, all of whose sign-ins were ended at once, hear of it within minutes."""
REVOCATIONS_IN_VAIN = Limit("revocations-in-vain", timedelta(seconds=2), 300)
"""Tokens given back that were none: each costs a read and the check of a signature."""
RESOURCE_SERVERS_REFUSED = Limit("resource-servers-refused", timedelta(seconds=30), 20)
"""Whoever introspects has one secret, from one place, and has it right."""
USERINFO_REFUSED = Limit("userinfo-refused", timedelta(seconds=2), 300)

# What is good, and still not without end.
SIGN_INS_BY_ACCOUNT = Limit("sign-ins-by-account", timedelta(seconds=5), 300)
"""Sign-ins of one account, by whatever means; each makes a session and a device."""
RENEWALS_BY_SIGN_IN = Limit("renewals-by-sign-in", timedelta(seconds=10), 120)
"""Renewals of one sign-in, which is one device: it needs one each ten minutes, and one for each
profile that is chosen. Kept in the sign-in itself, which every renewal writes."""
USERINFO_BY_ACCOUNT = Limit("userinfo-by-account", timedelta(seconds=2), 120)
"""A client asks once for each sign-in."""
