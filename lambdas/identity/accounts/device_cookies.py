"""Which browsers an account was signed in on, by a cookie that they keep (OWASP, "Slow Down Online
Guessing Attacks with Device Cookies").

A mark says that an account was signed in to on a device, by a MAC that only we can make. It signs
nobody in: it says whose attempts are counted together, so that strangers who guess do not delay a
browser that is known, and one that was stolen guesses no more than its own share.

Pure: time and randomness come in as arguments.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from identity.domain import Account

MARK_LIFE = timedelta(days=400)
"""As long as a browser keeps a cookie at most (RFC 6265bis section 5.5)."""

MOST_MARKS = 5
"""Accounts that one browser is known to, the latest first: a household's, not an office's."""

DEVICE_BYTES = 16
"""Of chance, in a device's id: nobody is known by another's."""

_BETWEEN = "~"
_MARK = re.compile(r"(\d{1,12})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})", re.ASCII)
_PURPOSE = "marquee device cookie 1"


@dataclass(frozen=True)
class _Mark:
    """One of a cookie's, before it is believed."""

    expires_at: int
    device: str
    mac: str

    def __str__(self) -> str:
        return f"{self.expires_at}.{self.device}.{self.mac}"


def known_device(account: Account | None, cookie: str, now: datetime) -> str:
    """The device of the account that a cookie speaks of; empty for a stranger's: no cookie, one of
    another account's, an old or a forged one. As much work without an account as with one."""
    known = ""
    for mark in _marks(cookie):
        expected = _mac(account, mark.device, mark.expires_at)
        is_ours = hmac.compare_digest(expected, mark.mac)
        if is_ours and _can_mark(account) and now.timestamp() < mark.expires_at:
            known = known or mark.device
    return known


def renewed_cookie(account: Account, cookie: str, chance: str, now: datetime) -> str:
    """The cookie after a sign-in: the device stays who it was, or is `chance` from now on. What
    others signed in on the same browser stays beside it."""
    before = known_device(account, cookie, now)
    device, expires_at = before or chance, int((now + MARK_LIFE).timestamp())
    mark = _Mark(expires_at, device, _mac(account, device, expires_at))
    others = [each for each in _marks(cookie) if not before or each.device != before]
    return _BETWEEN.join(map(str, [mark, *others][:MOST_MARKS]))


def _marks(cookie: str) -> list[_Mark]:
    found = (_MARK.fullmatch(part) for part in cookie.split(_BETWEEN, MOST_MARKS)[:MOST_MARKS])
    return [_Mark(int(each[1]), each[2], each[3]) for each in found if each is not None]


def _can_mark(account: Account | None) -> bool:
    return account is not None and bool(account.password_hash)


def _mac(account: Account | None, device: str, expires_at: int) -> str:
    """Keyed by the hash of the account's password, with the salt in it: nobody has that who
    could not guess at leisure, and another password makes a stranger of every browser."""
    account_id, key = ("", "") if account is None else (account.account_id, account.password_hash)
    text = "\n".join((_PURPOSE, account_id, device, str(expires_at)))
    mac = hmac.digest(key.encode(), text.encode(), "sha256")
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
