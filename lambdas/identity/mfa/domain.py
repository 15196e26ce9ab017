"""Second factors: codes of an authenticator app (RFC 6238) and recovery codes.

Pure: time and randomness come in as arguments.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from identity.accounts.domain import CODE_ALPHABET
from identity.oauth.grants import digest
from kernel.errors import ConflictError, InvalidInputError, UnauthenticatedError
from kernel.sealed import Seal

TOTP = "totp"
"""The name of an authenticator app among an account's factors."""

SECRET_BYTES = 20
"""RFC 4226 section 4, R6: as long as SHA-1's digest."""

SECRET_MIN_BYTES = 16
"""RFC 4226 section 4, R6: the least that a secret made elsewhere may have."""

SECRET_MAX_BYTES = 64
"""SHA-1's block: HMAC hashes what is longer down to 20 bytes."""

DIGITS = 6
PERIOD_SECONDS = 30
"""What every authenticator app does when it is told nothing else."""

DRIFT_STEPS = 1
"""RFC 6238 section 5.2: one step for clocks that differ and people who type slowly."""

RECOVERY_CODES = 10
RECOVERY_CHARACTERS = 16
"""30^16 is 78 bits: whoever reads the digests cannot find the codes."""

PENDING_LIFE = timedelta(minutes=5)
"""Finding the phone and reading a code off it."""

SET_UP_LIFE = timedelta(minutes=15)
"""Installing an app first."""

PASSWORD = "pwd"  # noqa: S105 - an authentication method (RFC 8176)
PASSWORD_AND_CODE = "pwd otp mfa"  # noqa: S105 - as above
PASSWORD_AND_RECOVERY_CODE = "pwd mfa"  # noqa: S105 - as above

_DIGITS = re.compile(rf"\d{{{DIGITS}}}")
_SPACES = re.compile(r"[\s-]")


class WrongSecondCodeError(UnauthenticatedError):
    """The second step's code is neither the app's nor an unused recovery code."""

    code = "wrong_second_code"


class UsedCodeError(WrongSecondCodeError):
    """The app's code was right, and was taken before: by its owner, or by who looked on."""

    code = "used_code"


class StaleSignInError(UnauthenticatedError):
    """The password was given too long ago, or the account was changed since."""

    code = "stale_sign_in"


CHANGED = "The account was changed meanwhile. Start again."


class SecondStepNeededError(UnauthenticatedError):
    """The password is right; `secret` is what the page of the second step carries."""

    code = "second_step_needed"

    def __init__(self, secret: str) -> None:
        super().__init__("Enter a code from your authenticator app.")
        self.secret = secret


class TwoStepIsOnError(ConflictError):
    """There is an authenticator app already."""

    code = "two_step_is_on"


class TwoStepIsOffError(ConflictError):
    """There is no authenticator app."""

    code = "two_step_is_off"


@dataclass(frozen=True)
class Pending:
    """Somebody gave the right password and is to give a code."""

    digest: str
    """Of what the page carries and of what it is for: for anything else there is no such one."""
    account_id: str
    began: datetime
    expires_at: datetime
    sealed_secret: str = ""
    """Of the app that is being set up."""


@dataclass(frozen=True)
class AuthenticatorApp:
    """What an account's codes are made of."""

    sealed_secret: str
    last_step: int
    """The step of the last code that was taken: no code up to it is taken any more."""


def pending_digest(secret: str, purpose: str) -> str:
    """How a pending step is found: by its page's secret, for what it began with."""
    return digest(f"{secret}:{purpose}")


def seal_context(account_id: str) -> Mapping[str, str]:
    """What KMS binds an app's secret to: moved to another account, it does not open."""
    return {"purpose": TOTP, "account": account_id}


def sealed_secret(seal: Seal, account_id: str, secret: bytes) -> str:
    """An app's secret as it is stored, for that account alone."""
    return seal.close({"secret": base64.b32encode(secret).decode()}, seal_context(account_id))


def read_secret(text: str) -> bytes:
    """A secret as an operator hands it over: base32, grouped or not; InvalidInputError."""
    meant = _SPACES.sub("", text).upper().rstrip("=")
    try:
        secret = base64.b32decode(meant + "=" * (-len(meant) % 8))
    except ValueError:
        secret = b""
    if not SECRET_MIN_BYTES <= len(secret) <= SECRET_MAX_BYTES:
        raise InvalidInputError(
            f"A TOTP secret is base32 of {SECRET_MIN_BYTES} to {SECRET_MAX_BYTES} bytes.",
            field="totp_secret",
        )
    return secret


def step_at(now: datetime) -> int:
    """RFC 6238 section 4.2."""
    return int(now.timestamp()) // PERIOD_SECONDS


def code_at(secret: bytes, step: int) -> str:
    """RFC 4226 section 5.3."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: bytes, code: str, now: datetime) -> int | None:
    """The step whose code that is; None when it is none's around now."""
    current = step_at(now)
    around = range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1)
    matching = [step for step in around if hmac.compare_digest(code_at(secret, step), code)]
    return matching[-1] if matching else None


def typed_digits(code: str) -> str | None:
    """The app's code as it was meant, however it was grouped; None when it cannot be one."""
    meant = _SPACES.sub("", code)
    return meant if meant.isascii() and _DIGITS.fullmatch(meant) else None


def recovery_code(randomness: int) -> str:
    """A recovery code as it is shown: groups of four."""
    letters = []
    for _ in range(RECOVERY_CHARACTERS):
        randomness, index = divmod(randomness, len(CODE_ALPHABET))
        letters.append(CODE_ALPHABET[index])
    code = "".join(letters)
    return "-".join(code[at : at + 4] for at in range(0, RECOVERY_CHARACTERS, 4))


def recovery_digest(account_id: str, code: str) -> str:
    """How a recovery code is stored: bound to its account, and however it was typed."""
    typed = "".join(character for character in code.upper() if character in CODE_ALPHABET)
    return digest(f"{account_id}:{typed}")


def shown_secret(secret: bytes) -> str:
    """A secret as apps take it (RFC 4648 section 6)."""
    return base64.b32encode(secret).decode().rstrip("=")


def app_address(secret: bytes, email: str) -> str:
    """What an app's camera reads: the `otpauth` form that they have in common."""
    query = urlencode({"secret": shown_secret(secret), "issuer": "Marquee"})
    return f"otpauth://totp/Marquee:{quote(email, safe='@')}?{query}"
