"""Shows the code that an authenticator app would show: the second step of staff.

    python -m commands.code        of the staff account in DATA_DIR/ready.json

MARQUEE_TOTP_SECRET, the key that an app was set up with, names another one. Each code is taken
once: after a command that signed in, wait for the next.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping

from commands.service_api import CommandError, find_service
from commands.totp import PERIOD_SECONDS, code_at


def shown(secret: str, now: float) -> str:
    """The code at a moment, in seconds since 1970, and how long it is shown."""
    step, age = divmod(int(now), PERIOD_SECONDS)
    code = code_at(secret, step)
    return f"{code[:3]} {code[3:]}  for {PERIOD_SECONDS - age} s"


def secret_in(environment: Mapping[str, str]) -> str:
    """What the codes are made of; CommandError when nothing says it."""
    secret = environment.get("MARQUEE_TOTP_SECRET") or find_service(environment).totp_secret
    if not secret:
        raise CommandError("no key of an app: set MARQUEE_TOTP_SECRET")
    return secret


def main() -> int:
    """The command; 0 when a code was shown."""
    try:
        print(shown(secret_in(os.environ), time.time()))
    except (CommandError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
