"""Fetches a job's content keys from its SPEKE v2.0 key server.

It decides what is asked for and when an answer is good enough; how the request reaches the
server, and with which signature, is the injected provider's affair.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Sequence
from typing import Final

from localcloud.wire import HttpResponse

from .cpix import IV_BYTES, AnswerError, ContentKey, KeyRequest, Systems, build_request, read_answer
from .encryption_contract import track_types
from .errors import ENCRYPTION, JobFailedError
from .plan import Encryption

SPEKE_VERSION: Final = "2.0"
USER_AGENT: Final = "AWS Elemental MediaConvert"
REQUEST_HEADERS: Final = (
    ("Content-Type", "application/xml"),
    ("X-Speke-Version", SPEKE_VERSION),
    ("X-Speke-User-Agent", USER_AGENT),
)
_KIDS: Final = uuid.UUID("5c1a3f0e-6d0b-4f0e-9a53-0f6f6d0c7a11")
"""SPEKE wants a KID to stay the same for the same content and key, so it is derived from both."""

KeyProvider = Callable[[str, str, Sequence[tuple[str, str]], bytes], HttpResponse]
"""POSTs `(url, role ARN to sign with, headers, body)` and gives back the key server's answer."""


def fetch_keys(
    encryption: Encryption, role_arn: str, provider: KeyProvider
) -> tuple[ContentKey, ...]:
    """One key for each track type of the job's presets; JobFailedError 1091 when there is none."""
    systems = Systems(encryption.dash_systems, encryption.hls_systems)
    asked = [
        KeyRequest(
            kid=uuid.uuid5(_KIDS, f"{encryption.resource_id}/{track_type.name}"),
            iv=encryption.constant_iv or secrets.token_bytes(IV_BYTES),
            track_type=track_type,
        )
        for track_type in track_types(encryption.video_preset, encryption.audio_preset)
    ]
    body = build_request(encryption.resource_id, encryption.scheme, asked, systems)
    try:
        answer = provider(encryption.url, role_arn, REQUEST_HEADERS, body)
    except OSError as error:
        raise _failed(f"{encryption.url} can not be reached: {error}") from error
    _check_transport(answer)
    try:
        return read_answer(answer.body, encryption.resource_id, encryption.scheme, asked, systems)
    except AnswerError as error:
        raise _failed(str(error)) from error


def _check_transport(answer: HttpResponse) -> None:
    if answer.status != 200:
        detail = answer.body.decode(errors="replace").strip()[:300]
        raise _failed(f"status {answer.status}: {detail}")
    if answer.header("X-Speke-Version") != SPEKE_VERSION:
        raise _failed(f"X-Speke-Version is {answer.header('X-Speke-Version')}")
    if not answer.header("X-Speke-User-Agent"):
        raise _failed("X-Speke-User-Agent is missing")


def _failed(reason: str) -> JobFailedError:
    return JobFailedError(ENCRYPTION, f"Unable to get keys from the key server: {reason}")
