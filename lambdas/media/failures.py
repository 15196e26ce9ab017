"""Why an execution stopped, for a person to read: from what Step Functions says of it.

Services and functions name their errors for programmers. Here each name gets a sentence and a
way out; what was said besides is for the log, but for MediaConvert's words on the film itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from media.domain import AssetStatus, Failure, IncompletePackageError

MAX_QUOTED = 300
"""Characters of a service's own words: a sentence or two, not its whole log."""

_TRY_AGAIN = "Try again; if it fails the same way, tell whoever runs this service the asset's id."
_LATER = "Try again in a few minutes; if it fails for an hour, tell whoever runs this service."
_TELL = "Tell whoever runs this service the asset's id; once it is mended, try again."
_CHECK_SOURCE = "Play the file from start to end; if it stops or stutters, export it again."


@dataclass(frozen=True)
class _Words:
    """What is said of one kind of failure."""

    code: str
    message: str
    what_to_do: str
    status: AssetStatus = AssetStatus.FAILED
    quotes: bool = False
    """Whether the service's own sentence follows: it tells staff something of their film."""


def _source(code: str, message: str, what_to_do: str = _CHECK_SOURCE) -> _Words:
    return _Words(code, message, what_to_do, AssetStatus.REFUSED, quotes=True)


_UNDECODABLE = "The film could not be decoded. MediaConvert says:"
_NOT_READ = _Words(
    "storage_refused", "Transcoding was not allowed to read or write its files.", _TELL
)
_ROLE = _Words("role_refused", "Transcoding could not take on its role.", _TELL)
_KEYS = _Words("keys_unavailable", "The film could not be encrypted: no keys came.", _LATER)

_JOB_FAILURES: Mapping[int, _Words] = {
    1020: _source("no_video", "The film has no picture. MediaConvert says:"),
    1022: _source(
        "captions_unreadable",
        "Captions of the film could not be read. MediaConvert says:",
        "Mend the captions file and upload the film again with it.",
    ),
    1030: _source("source_not_decodable", _UNDECODABLE),
    1075: _source("source_not_decodable", _UNDECODABLE),
    1076: _source("truncated", "The film could not be decoded to its end. MediaConvert says:"),
    1091: _KEYS,
    1092: _KEYS,
    1093: _KEYS,
    1401: _NOT_READ,
    1404: _Words(
        "source_missing",
        "The uploaded file was not there any more when it was to be read.",
        "Upload the film again, and delete this entry.",
    ),
    1432: _ROLE,
    1433: _ROLE,
    1434: _NOT_READ,
    **dict.fromkeys((3400, 3401, 3403, 3404, 3408), _NOT_READ),
}
"""MediaConvert's job errors that have one meaning (MediaConvert user guide, error codes)."""

_TIMEOUT = _Words("timeout", "A step took longer than it may.", _TRY_AGAIN)
_CRASH = _Words("crashed", "A step broke off in the middle, more than once.", _TRY_AGAIN)
_BUSY = _Words("busy", "A service that the pipeline needs takes no more work just now.", _LATER)
_UNAVAILABLE = _Words(
    "unavailable", "A service that the pipeline needs did not answer, several times.", _LATER
)
_NOT_ALLOWED = _Words(
    "not_allowed", "A step of the pipeline was not allowed to do its work.", _TELL
)

_STEP_FAILURES: Mapping[str, _Words] = {
    "States.Timeout": _TIMEOUT,
    "States.HeartbeatTimeout": _TIMEOUT,
    "Sandbox.Timedout": _TIMEOUT,
    "Lambda.ClientExecutionTimeoutException": _TIMEOUT,
    "Lambda.Unknown": _CRASH,
    "Runtime.ExitError": _CRASH,
    "Runtime.OutOfMemory": _CRASH,
    "Lambda.TooManyRequestsException": _BUSY,
    "MediaConvert.TooManyRequestsException": _BUSY,
    "MediaConvert.ServiceQuotaExceededException": _BUSY,
    "Lambda.ServiceException": _UNAVAILABLE,
    "Lambda.AWSLambdaException": _UNAVAILABLE,
    "Lambda.SdkClientException": _UNAVAILABLE,
    "MediaConvert.InternalServerErrorException": _UNAVAILABLE,
    "MediaConvert.SdkClientException": _UNAVAILABLE,
    "UnavailableError": _UNAVAILABLE,
    "MediaConvert.ForbiddenException": _NOT_ALLOWED,
    "MediaConvert.AccessDeniedException": _NOT_ALLOWED,
    "Lambda.AccessDeniedException": _NOT_ALLOWED,
    "States.Permissions": _NOT_ALLOWED,
    "MediaConvert.BadRequestException": _Words(
        "job_refused", "MediaConvert does not take the job that was planned for this film.", _TELL
    ),
    "States.DataLimitExceeded": _Words(
        "too_large", "What the steps tell each other of this film grew too large.", _TELL
    ),
    "IncompletePackageError": _Words(
        IncompletePackageError.code, "The packaged film is not whole:", _TRY_AGAIN, quotes=True
    ),
}
"""By the error's name: Step Functions' own, a service's, or that of an exception of ours."""

_ENDINGS: Mapping[str, _Words] = {
    "ABORTED": _Words(
        "stopped", "The run was stopped by somebody who operates this service.", _TRY_AGAIN
    ),
    "TIMED_OUT": _Words("timeout", "The run as a whole took longer than it may.", _TRY_AGAIN),
    "FAILED": _Words(
        "pipeline_error", "The run failed, and could not even note down why.", _TRY_AGAIN
    ),
}
"""By the status that Step Functions gives an execution which it has ended itself."""


def explain(error: str, cause: str) -> tuple[AssetStatus, Failure]:
    """A failed step in words, from Step Functions' Error and Cause.

    The cause is a job of MediaConvert or a Lambda error, both JSON, or anything at all.
    """
    said = said_by(cause)
    number = _job_error(cause)
    if number is not None:
        words = _JOB_FAILURES.get(number) or _Words(
            "transcode_failed",
            f"Transcoding stopped with error {number}:",
            _TRY_AGAIN,
            quotes=True,
        )
    else:
        words = _STEP_FAILURES.get(error) or _Words(
            "pipeline_error",
            f"A step of the pipeline failed unexpectedly ({error or 'no error name'}).",
            _TRY_AGAIN,
        )
    message = _sentences(words.message, said) if words.quotes else words.message
    return words.status, Failure(words.code, message, words.what_to_do)


def explain_ending(status: str) -> Failure:
    """An execution that ended without a word of its own, by its status."""
    words = _ENDINGS.get(status, _ENDINGS["FAILED"])
    return Failure(words.code, words.message, words.what_to_do)


def said_by(cause: str) -> str:
    """A service's or a function's own words, in one line of bounded length; no stack trace."""
    details = _details(cause)
    job = details.get("Job", details)
    said = job.get("ErrorMessage") or job.get("errorMessage") or details.get("errorMessage") or ""
    line = " ".join(str(said).split())
    return line if len(line) <= MAX_QUOTED else f"{line[: MAX_QUOTED - 1].rstrip()}…"


def _job_error(cause: str) -> int | None:
    details = _details(cause)
    job = details.get("Job", details)
    return _number(job.get("ErrorCode", job.get("errorCode")))


def _sentences(ours: str, said: str) -> str:
    """Our words and a service's, which may end without a full stop before what follows them."""
    together = f"{ours} {said}".strip()
    return together if together.endswith((".", "!", "?", "…")) else f"{together.rstrip(':')}."


def _details(cause: str) -> Mapping[str, Any]:
    try:
        parsed = json.loads(cause)
    except ValueError:
        return {"errorMessage": cause}
    return parsed if isinstance(parsed, dict) else {"errorMessage": cause}


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else None
