"""Puts the key server's PSSH boxes into an initialization segment (ISO/IEC 14496-12, 23001-7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_HEADER = 8
"""Size and type of a box, four bytes each."""


def with_pssh(init_segment: bytes, boxes: Sequence[bytes]) -> bytes:
    """The same segment with exactly `boxes` as the PSSH boxes of its movie box."""
    written = b""
    for kind, box in _boxes(init_segment):
        if kind != b"moov":
            written += box
            continue
        inside = b"".join(child for name, child in _boxes(box[_HEADER:]) if name != b"pssh")
        content = inside + b"".join(boxes)
        written += (_HEADER + len(content)).to_bytes(4, "big") + b"moov" + content
    return written


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < _HEADER or at + size > len(data):
            raise ValueError(f"no whole box at byte {at}")
        yield data[at + 4 : at + 8], data[at : at + size]
        at += size
