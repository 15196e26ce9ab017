"""Makes the list of breached passwords that sign-up refuses, from a file of them.

    python -m commands.breached_passwords passwords.txt lambdas/identity/accounts/data/breached.bin

The file has one password a line. Those too short to be chosen anyway are left out. The list holds
the first four bytes of each SHA-256, sorted, and no password.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable
from pathlib import Path

SHORTEST_CHARACTERS = 8
"""What sign-up accepts at all."""

PREFIX_BYTES = 4


def listing(passwords: Iterable[str]) -> bytes:
    """The list, each entry once."""
    chosen = {one.strip().lower() for one in passwords}
    prefixes = {
        hashlib.sha256(one.encode()).digest()[:PREFIX_BYTES]
        for one in chosen
        if len(one) >= SHORTEST_CHARACTERS
    }
    return b"".join(sorted(prefixes))


def main() -> None:
    """Read one file, write the other."""
    parser = argparse.ArgumentParser(description="Make the list of breached passwords.")
    parser.add_argument("passwords", type=Path)
    parser.add_argument("listing", type=Path)
    arguments = parser.parse_args()
    made = listing(arguments.passwords.read_text(encoding="utf-8").splitlines())
    arguments.listing.write_bytes(made)
    print(f"{len(made) // PREFIX_BYTES} passwords, {len(made)} bytes")


if __name__ == "__main__":
    main()
