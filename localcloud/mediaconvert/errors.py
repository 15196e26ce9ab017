"""How MediaConvert says no: to a request at once, and to a job while it runs."""

from __future__ import annotations


class RequestRefusedError(Exception):
    """The request is answered with one of the service's exceptions."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message


def bad_request(message: str) -> RequestRefusedError:
    """400: the request itself is at fault."""
    return RequestRefusedError("BadRequestException", 400, message)


def forbidden(message: str) -> RequestRefusedError:
    """403: the caller's credentials do not allow it."""
    return RequestRefusedError("ForbiddenException", 403, message)


def not_found(message: str) -> RequestRefusedError:
    """404: what was asked for does not exist."""
    return RequestRefusedError("NotFoundException", 404, message)


def conflict(message: str) -> RequestRefusedError:
    """409: the resource's present state does not allow it."""
    return RequestRefusedError("ConflictException", 409, message)


def unprocessable(message: str) -> RequestRefusedError:
    """422: the file was recognised but is malformed or corrupt (Probe only)."""
    return RequestRefusedError("UnprocessableEntityException", 422, message)


class JobFailedError(Exception):
    """A running job ends in status ERROR.

    Codes are those of the MediaConvert user guide, "Error codes"; the sentences are close to,
    not copies of, the service's.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class JobCancelledError(Exception):
    """The job was cancelled while one of its processes ran."""


INPUT_UNREADABLE = 1010
NO_VIDEO = 1020
NO_AUDIO = 1021
CAPTIONS_UNREADABLE = 1022
SETTINGS_UNSUPPORTED = 1040
SOURCE_READ = 1076
ENCRYPTION = 1091
ACCESS_DENIED = 1401
FILE_NOT_FOUND = 1404
ROLE_UNUSABLE = 1432
UNKNOWN = 1999
