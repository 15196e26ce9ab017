"""What may be uploaded, and what identifies an upload's content."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from kernel.errors import InvalidInputError
from media.domain import MAX_SIZE_BYTES, Asset, Part

MAX_SIGNED_PARTS = 100
"""Parts signed by one request: 1.6 GB of upload, an answer of about 150 KB."""

MAX_NAME_LENGTH = 200
MAX_FILE_NAME_LENGTH = 255
"""What file systems allow. File names are shown and never used as keys."""


def checked_title(name: str) -> str:
    """A film's name without surrounding space; InvalidInputError when no name is left."""
    return _checked_text("name", name, MAX_NAME_LENGTH)


def checked_file_name(file_name: str) -> str:
    """A file's name as the uploader's machine had it, for people to read."""
    return _checked_text("file_name", file_name, MAX_FILE_NAME_LENGTH)


def checked_size(size_bytes: int) -> int:
    """A size that can be uploaded."""
    if size_bytes < 1:
        raise InvalidInputError("size_bytes: the file is empty.", field="size_bytes")
    if size_bytes > MAX_SIZE_BYTES:
        raise InvalidInputError(
            f"size_bytes: at most {MAX_SIZE_BYTES:,} bytes can be uploaded.",
            field="size_bytes",
            limit=MAX_SIZE_BYTES,
        )
    return size_bytes


def _checked_text(field: str, text: str, limit: int) -> str:
    stripped = text.strip()
    if not stripped:
        raise InvalidInputError(f"{field}: must not be empty.", field=field)
    if len(stripped) > limit:
        raise InvalidInputError(
            f"{field}: at most {limit} characters, not {len(stripped):,}.", field=field, limit=limit
        )
    # Surrogates cannot be stored as UTF-8, control characters break logs and terminals.
    if any(_is_unprintable(character) for character in stripped):
        raise InvalidInputError(f"{field}: contains a control character.", field=field)
    return stripped


def _is_unprintable(character: str) -> bool:
    code = ord(character)
    return code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000


def checked_part_numbers(asset: Asset, numbers: Sequence[int]) -> Sequence[int]:
    """Part numbers to sign; InvalidInputError for one that the file does not have."""
    if len(numbers) > MAX_SIGNED_PARTS:
        raise InvalidInputError(
            f"parts: at most {MAX_SIGNED_PARTS} at a time.", field="parts", limit=MAX_SIGNED_PARTS
        )
    for number in numbers:
        if not 1 <= number <= asset.part_count:
            raise InvalidInputError(
                f"parts: there is no part {number}; this file has {asset.part_count}.",
                field="parts",
            )
    return numbers


def checked_parts(asset: Asset, parts: Sequence[Part]) -> Sequence[Part]:
    """All parts in order; InvalidInputError when one is missing or listed twice."""
    ordered = sorted(parts, key=lambda part: part.part_number)
    if [part.part_number for part in ordered] != list(range(1, asset.part_count + 1)):
        raise InvalidInputError(
            f"parts: list each of the parts 1 to {asset.part_count} once.", field="parts"
        )
    return ordered


def composite_checksum(parts: Sequence[Part]) -> str:
    """S3's composite SHA-256: the digest of the parts' digests, and their number.

    The parts must be in order. S3 user guide, "Checking object integrity", composite checksums.
    """
    digests = b"".join(base64.b64decode(part.sha256, validate=True) for part in parts)
    whole = base64.b64encode(hashlib.sha256(digests).digest()).decode("ascii")
    return f"{whole}-{len(parts)}"
