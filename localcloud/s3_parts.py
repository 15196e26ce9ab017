"""What S3 answers to ListParts: pages by part number, checksums with them.

Moto counts its pages by position, and so loses parts where numbers are missing.
Source: Amazon S3 API reference, ListParts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

MOST_PARTS = 1_000
"""In one answer, whatever is asked for."""


def page(query: Mapping[str, str], bucket: str, key: str, upload: Any) -> bytes:
    """The parts of moto's upload after the marker."""
    marker = int(query.get("part-number-marker") or 0)
    most = min(int(query.get("max-parts") or MOST_PARTS), MOST_PARTS)
    algorithm = str(upload.metadata.get("x-amz-checksum-algorithm") or "").upper()
    after = [
        number
        for number in sorted(upload.parts)
        # A part is there once its checksum is, which is kept a moment after moto has the bytes.
        if number > marker and (not algorithm or upload.parts[number].checksum_value)
    ]
    shown = after[:most]
    fields = {
        "Bucket": bucket,
        "Key": key,
        "UploadId": upload.id,
        "StorageClass": "STANDARD",
        "PartNumberMarker": marker,
        "NextPartNumberMarker": shown[-1] if shown else 0,
        "MaxParts": most,
        "IsTruncated": str(len(after) > len(shown)).lower(),
    }
    if algorithm:
        fields["ChecksumAlgorithm"] = algorithm
        fields["ChecksumType"] = upload.metadata.get("x-amz-checksum-type") or "COMPOSITE"
    written = "".join(_parts(upload, shown, algorithm))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ListPartsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"{_elements(fields)}{written}</ListPartsResult>"
    ).encode()


def _parts(upload: Any, numbers: list[int], algorithm: str) -> Iterator[str]:
    for number in numbers:
        part = upload.parts[number]
        fields = {
            "PartNumber": number,
            "LastModified": part.last_modified_ISO8601,
            "ETag": part.etag,
            "Size": part.size,
        }
        if algorithm:
            fields[f"Checksum{algorithm}"] = part.checksum_value
        yield f"<Part>{_elements(fields)}</Part>"


def _elements(fields: Mapping[str, object]) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())
