"""What does hashing a password cost: our Argon2id against OWASP's other recommended functions?

Whoever stole the hashes pays for each guess what we pay for each sign-in, so the cost is not to be
small: it is to fit the function, and its memory is to be what a guesser's hardware has least of.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from parts.harness import LAMBDAS, say, say_conditions, say_limit, say_ratio

sys.path.insert(0, str(LAMBDAS))

PASSWORD = "a few plain words"  # noqa: S105 - somebody's
PBKDF2_ROUNDS = 600_000
"""OWASP, Password Storage Cheat Sheet: PBKDF2-HMAC-SHA256."""
SCRYPT = {"n": 2**17, "r": 8, "p": 1, "maxmem": 2**28}
"""The same page: scrypt, 128 MiB."""

REPEATS = 5
ROUNDS = 4

FUNCTION_MB = 1024
"""What the functions have that hash (stacks/identity.py)."""
MB_OF_A_PROCESSOR = 1769
"""Lambda: a function with this much memory has one whole processor."""
LONGEST_MS = 250.0
"""What a person who presses the button does not take for slow, beside a network and two reads."""
LARGEST_MB = 64.0
"""Of a function's memory: one request is handled at a time."""


def ours() -> None:
    """As the sign-in function does."""
    from identity.argon import Argon2Passwords

    Argon2Passwords().hash(PASSWORD)


def pbkdf2() -> None:
    """What FIPS 140 allows."""
    hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), os.urandom(16), PBKDF2_ROUNDS)


def scrypt() -> None:
    """What there was before Argon2."""
    hashlib.scrypt(PASSWORD.encode(), salt=os.urandom(16), **SCRYPT)


def nothing() -> None:
    """What a process takes anyway, our library with it."""
    import argon2  # noqa: F401


FUNCTIONS: dict[str, Callable[[], None]] = {
    function.__name__: function for function in (ours, pbkdf2, scrypt, nothing)
}


def milliseconds(work: Callable[[], None]) -> float:
    """Processor time of one hash."""
    begun = time.process_time()
    for _ in range(ROUNDS):
        work()
    return (time.process_time() - begun) / ROUNDS * 1e3


def ours_milliseconds() -> float:
    """Processor time of one of ours, by a hasher that is there already."""
    from identity.argon import Argon2Passwords

    passwords = Argon2Passwords()
    return milliseconds(lambda: passwords.hash(PASSWORD) and None)


def own_peak_mb() -> float:
    """Of this process since it began: `getrusage` would count its parent's before."""
    (line,) = (
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    )
    return int(line.split()[1]) / 1024


def peak_mb(name: str) -> float:
    """The most memory that a process of its own ever had, for one hash of that kind."""
    answer = subprocess.run(
        [sys.executable, __file__, name], check=True, capture_output=True, text=True
    )
    return float(answer.stdout)


def main() -> None:
    say("Hashing a password (Argon2id against PBKDF2 and scrypt as OWASP recommends them)")
    rounds = [
        (ours_milliseconds(), milliseconds(pbkdf2), milliseconds(scrypt)) for _ in range(REPEATS)
    ]
    mine, fips, before = (statistics.median(column) for column in zip(*rounds, strict=True))
    say_ratio("one hash, PBKDF2 600,000", mine, fips, "ms", "target ≤ 0.50")
    say_ratio("one hash, scrypt 128 MiB", mine, before, "ms", "target ≤ 0.50")
    idle = peak_mb("nothing")
    memory = {name: peak_mb(name) - idle for name in ("ours", "scrypt")}
    say_ratio("memory, scrypt 128 MiB", memory["ours"], memory["scrypt"], "MB", "target ≤ 0.50")
    on_lambda = mine * MB_OF_A_PROCESSOR / FUNCTION_MB
    say_limit(f"one hash, at {FUNCTION_MB} MB of Lambda", on_lambda, LONGEST_MS, "ms")
    say_limit("memory of one hash", memory["ours"], LARGEST_MB, "MB")
    say_conditions(f"median of {REPEATS}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        FUNCTIONS[sys.argv[1]]()
        print(own_peak_mb())
    else:
        main()
