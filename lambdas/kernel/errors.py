"""The one tree of errors a person may be shown; nothing here knows HTTP or AWS.

A domain subclasses the branch that says what kind of refusal it is and carries its facts:

    class TooManyStreamsError(Refused):
        code = "too_many_streams"
"""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """A refusal that reads as a sentence: what happened and, where there is one, the way out."""

    code: ClassVar[str] = "error"
    """Stable, machine-readable; clients choose their words by it."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class InvalidInputError(DomainError):
    """What was sent cannot be accepted as it is; `facts["field"]` names the culprit."""

    code = "invalid_input"


class UnauthenticatedError(DomainError):
    """Nobody, or nobody we can believe, is asking."""

    code = "unauthenticated"


class RefusedError(DomainError):
    """We know who asks, and the answer is no."""

    code = "refused"


class NotFoundError(DomainError):
    """There is no such thing, or none that the caller may know of."""

    code = "not_found"


class GoneError(DomainError):
    """It was there and never will be again: whoever asks regularly may stop."""

    code = "gone"


class ConflictError(DomainError):
    """It clashes with what already happened."""

    code = "conflict"


class TooManyRequestsError(DomainError):
    """Asked too often; `facts["retry_after_seconds"]` says when to come back."""

    code = "too_many_requests"


class UnavailableError(DomainError):
    """Something we depend on does not answer; the same request may succeed later."""

    code = "unavailable"
