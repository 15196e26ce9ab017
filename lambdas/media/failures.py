"""Why an execution stopped, for a person to read: from Step Functions' Error and Cause."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from media.domain import AssetStatus, Failure, IncompletePackageError

_SOURCE_FAULTS = {
    1020: "no_video",
    1030: "source_not_decodable",
    1075: "source_not_decodable",
    1076: "truncated",
}
"""MediaConvert's job errors that blame the input: no video, codec unsupported, malformed
container, end of file too early (MediaConvert user guide, error codes)."""

_TRY_AGAIN = "Try again; if it fails the same way, tell whoever runs this service the asset's id."
_CHECK_SOURCE = "Play the file from start to end; if it stops or stutters, export it again."


def explain(error: str, cause: str) -> tuple[AssetStatus, Failure]:
    """A failed execution in words, from Step Functions' Error and Cause.

    The cause is a job of MediaConvert or a Lambda error, both JSON, or anything at all.
    """
    details = _details(cause)
    job = details.get("Job", details)
    code = _number(job.get("ErrorCode", job.get("errorCode")))
    said = str(
        job.get("ErrorMessage") or job.get("errorMessage") or details.get("errorMessage") or ""
    )[:500]
    if code in _SOURCE_FAULTS:
        return AssetStatus.REFUSED, Failure(
            code=_SOURCE_FAULTS[code],
            message=_sentences(
                "The film could not be decoded to its end. MediaConvert says:", said
            ),
            what_to_do=_CHECK_SOURCE,
        )
    if code is not None:
        return AssetStatus.FAILED, Failure(
            code="transcode_failed",
            message=_sentences(f"Transcoding stopped with error {code}:", said),
            what_to_do=_TRY_AGAIN,
        )
    if error == "States.Timeout":
        return AssetStatus.FAILED, Failure(
            code="timeout", message="A step took longer than it may.", what_to_do=_TRY_AGAIN
        )
    if error == "IncompletePackageError":
        return AssetStatus.FAILED, Failure(
            code=IncompletePackageError.code, message=said, what_to_do=_TRY_AGAIN
        )
    return AssetStatus.FAILED, Failure(
        code="pipeline_error",
        message=_sentences(
            f"The pipeline stopped unexpectedly ({error or 'no error name'}).", said
        ),
        what_to_do=_TRY_AGAIN,
    )


def _sentences(ours: str, said: str) -> str:
    """Our words and a service's, which may end without a full stop before what follows them."""
    together = f"{ours} {said}".strip()
    return together if together.endswith((".", "!", "?")) else f"{together}."


def _details(cause: str) -> Mapping[str, Any]:
    try:
        parsed = json.loads(cause)
    except ValueError:
        return {"errorMessage": cause}
    return parsed if isinstance(parsed, dict) else {"errorMessage": cause}


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else None
