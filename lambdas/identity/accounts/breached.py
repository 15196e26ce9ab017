"""Whether a password is among the most common of past breaches.

The list is a sorted file of the first four bytes of each SHA-256: 46 KB for 11,611 passwords, and
one other password in 370,000 is taken for one of them, which costs its owner another idea.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

PREFIX_BYTES = 4


@cache
def _prefixes() -> bytes:
    return files("identity.accounts").joinpath("data", "breached.bin").read_bytes()


def count() -> int:
    """How many passwords are listed."""
    return len(_prefixes()) // PREFIX_BYTES


def is_breached(password: str) -> bool:
    """Whether it is listed, however its letters are cased."""
    wanted = hashlib.sha256(password.lower().encode()).digest()[:PREFIX_BYTES]
    listed = _prefixes()
    low, high = 0, count()
    while low < high:
        middle = (low + high) // 2
        if listed[middle * PREFIX_BYTES : (middle + 1) * PREFIX_BYTES] < wanted:
            low = middle + 1
        else:
            high = middle
    return listed[low * PREFIX_BYTES : (low + 1) * PREFIX_BYTES] == wanted
