"""Why a request cannot be attributed to anybody, one class per cause."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


class SignatureError(Exception):
    """The request cannot be attributed to anybody."""


class MissingSignatureError(SignatureError):
    """The request carries no signature at all."""


class MalformedSignatureError(SignatureError):
    """The signature's own fields are incomplete or cannot be read."""

    def __init__(self, message: str, *, access_key_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.access_key_id = access_key_id


class WrongScopeError(SignatureError):
    """The credential scope names another service, region or day."""

    def __init__(self, part: str, given: str, expected: str) -> None:
        super().__init__(f"the {part} '{given}' is wrong; expecting '{expected}'")
        self.part = part
        self.given = given
        self.expected = expected


class UnknownAccessKeyError(SignatureError):
    """Nobody holds this access key id."""

    def __init__(self, access_key_id: str) -> None:
        super().__init__(f"unknown access key {access_key_id}")
        self.access_key_id = access_key_id


class InvalidSessionTokenError(SignatureError):
    """The session token is missing or is not the one issued with the key."""

    def __init__(self, given: str | None) -> None:
        super().__init__("the session token does not belong to the access key")
        self.given = given


class ExpiredCredentialsError(SignatureError):
    """The session behind the key has ended."""


class ClockSkewError(SignatureError):
    """The request was signed too long ago or too far in the future."""

    def __init__(self, signed_at: datetime, now: datetime) -> None:
        super().__init__(f"signed at {signed_at.isoformat()}, now {now.isoformat()}")
        self.signed_at = signed_at
        self.now = now


class ExpiredPresignedUrlError(SignatureError):
    """The presigned URL outlived its X-Amz-Expires."""

    def __init__(self, expires: int, expired_at: datetime, now: datetime) -> None:
        super().__init__(f"expired at {expired_at.isoformat()}")
        self.expires = expires
        self.expired_at = expired_at
        self.now = now


class UnsignedHeadersError(SignatureError):
    """Headers that must be signed were not."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        super().__init__(f"not signed: {', '.join(self.names)}")


class PayloadMismatchError(SignatureError):
    """The body is not the one whose hash was signed."""

    def __init__(self, claimed: str, computed: str) -> None:
        super().__init__("the payload hash does not match the body")
        self.claimed = claimed
        self.computed = computed


class WrongSignatureError(SignatureError):
    """The signature is not what the secret makes of this request."""

    def __init__(
        self, access_key_id: str, provided: str, string_to_sign: str, canonical_request: str
    ) -> None:
        super().__init__("the signature does not match")
        self.access_key_id = access_key_id
        self.provided = provided
        self.string_to_sign = string_to_sign
        self.canonical_request = canonical_request
