"""What may be uploaded, and what identifies an upload's content."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Sequence

from kernel.errors import InvalidInputError
from kernel.maturity import OLDEST
from media.domain import MAX_SIZE_BYTES, Asset, Part
from media.episodes import EpisodeOf

MAX_SIGNED_PARTS = 100
"""Parts signed by one request: 1.6 GB of upload, an answer of about 150 KB."""

MAX_NAME_LENGTH = 200
MAX_FILE_NAME_LENGTH = 255
"""What file systems allow. File names are shown and never used as keys."""


MAX_NUMBER = 9_999
"""Of seasons and of episodes; the longest-running series count their episodes in one season."""

MAX_CAPTION_TRACKS = 20
"""Languages of one film; the largest services offer about as many."""

MAX_LABEL_LENGTH = 60
"""What fits into a menu."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?")
"""BCP 47 as far as MediaConvert takes it: language, script, region, no digits."""


_TURNS_TEXT = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""Embeddings, overrides and isolates of the bidirectional algorithm (UAX #9, section 2). Arabic
and Hebrew need none of them: their letters have a direction of their own."""

_INVISIBLE = frozenset({"Cf", "Cn", "Co", "Mn", "Zl", "Zp", "Zs"})
"""Unicode categories of what leaves no ink by itself."""


def checked_language(language: str) -> str:
    """A language tag such as `en`, `pt-BR` or `zh-Hant`."""
    if _LANGUAGE.fullmatch(language) is None:
        raise InvalidInputError(
            "language: write it as BCP 47 does, such as en, pt-BR or zh-Hant.", field="language"
        )
    return language


def checked_label(label: str) -> str:
    """A track's name for a menu; playlists quote it, so it holds no quotation mark."""
    text = _checked_text("label", label, MAX_LABEL_LENGTH)
    if '"' in text:
        raise InvalidInputError("label: must not contain a quotation mark.", field="label")
    return text


def checked_title(name: str) -> str:
    """A film's name without surrounding space; InvalidInputError when no name is left."""
    return _checked_text("name", name, MAX_NAME_LENGTH)


def checked_episode(episode: EpisodeOf) -> EpisodeOf:
    """A place in a series that there can be; InvalidInputError names the field at fault."""
    series = _checked_text("episode_of.series", episode.series, MAX_NAME_LENGTH)
    for name, number in (("season", episode.season), ("episode", episode.episode)):
        if not 1 <= number <= MAX_NUMBER:
            field = f"episode_of.{name}"
            raise InvalidInputError(
                f"{field}: count from 1; at most {MAX_NUMBER:,}.", field=field, limit=MAX_NUMBER
            )
    return EpisodeOf(series, episode.season, episode.episode)


def checked_maturity(maturity: int) -> int:
    """From which age a film may be watched; InvalidInputError for what is no such age."""
    if not 0 <= maturity <= OLDEST:
        raise InvalidInputError(
            f"maturity: an age from 0 to {OLDEST}.", field="maturity", limit=OLDEST
        )
    return maturity


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
        raise InvalidInputError(
            f"{field}: contains a control character; write it without.", field=field
        )
    # They turn the sentence round in which the text is shown: "gpm.exe" reads "exe.mpg".
    if not _TURNS_TEXT.isdisjoint(stripped):
        raise InvalidInputError(
            f"{field}: contains a character that turns the direction of other text; "
            "write it without.",
            field=field,
        )
    if all(unicodedata.category(character) in _INVISIBLE for character in stripped):
        raise InvalidInputError(f"{field}: must have a character that can be seen.", field=field)
    return stripped


def _is_unprintable(character: str) -> bool:
    code = ord(character)
    breaks_lines = code in (0x2028, 0x2029)
    return code < 0x20 or 0x7F <= code < 0xA0 or breaks_lines or 0xD800 <= code < 0xE000


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
