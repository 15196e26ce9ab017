"""Takes the `aws-chunked` framing off a body and checks what signs or follows its chunks.

Source: Amazon S3 API reference, "Signature Calculations for the Authorization Header:
Transferring Payload in Multiple Chunks" and "… including trailing headers".
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"

_EMPTY = hashlib.sha256(b"").hexdigest()

Trailers = tuple[tuple[str, str], ...]


class MalformedChunksError(ValueError):
    """The body is not aws-chunked as its header says."""


class ChunkSignatureError(ValueError):
    """A chunk or the trailer was not signed by the holder of the key."""

    def __init__(self, provided: str, string_to_sign: str) -> None:
        super().__init__("a chunk's signature does not match")
        self.provided = provided
        self.string_to_sign = string_to_sign


@dataclass
class ChunkSigner:
    """Each chunk's signature covers the one before it, from the request's own on."""

    key: bytes
    timestamp: str
    scope: str
    seed: str

    def check_chunk(self, data: bytes, provided: str) -> None:
        """Raise ChunkSignatureError unless the chunk continues the chain."""
        digest = hashlib.sha256(data).hexdigest()
        self._check("AWS4-HMAC-SHA256-PAYLOAD", f"{_EMPTY}\n{digest}", provided)

    def check_trailer(self, trailer: bytes, provided: str) -> None:
        """Raise ChunkSignatureError unless the trailer ends the chain."""
        digest = hashlib.sha256(trailer).hexdigest()
        self._check("AWS4-HMAC-SHA256-TRAILER", digest, provided)

    def _check(self, algorithm: str, hashes: str, provided: str) -> None:
        text = f"{algorithm}\n{self.timestamp}\n{self.scope}\n{self.seed}\n{hashes}"
        expected = hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, provided):
            raise ChunkSignatureError(provided, text)
        self.seed = expected


def decode(body: bytes, form: str, signer: ChunkSigner) -> tuple[bytes, Trailers]:
    """The plain body and its trailers (lower-case names); `form` is x-amz-content-sha256."""
    if form not in (UNSIGNED_TRAILER, SIGNED, SIGNED_TRAILER):
        raise MalformedChunksError(f"unsupported x-amz-content-sha256 {form}")
    signed = form != UNSIGNED_TRAILER
    parts: list[bytes] = []
    position = 0
    while True:
        line_end = body.find(b"\r\n", position)
        if line_end < 0:
            raise MalformedChunksError("the body ends inside a chunk header")
        size, signature = _chunk_header(body[position:line_end])
        start = line_end + 2
        data = body[start : start + size]
        if len(data) != size:
            raise MalformedChunksError("the body ends inside a chunk")
        if signed:
            signer.check_chunk(data, signature)
        if size == 0:
            return b"".join(parts), _trailers(body[start:], form, signer)
        parts.append(data)
        position = start + size
        if body[position : position + 2] != b"\r\n":
            raise MalformedChunksError("a chunk is longer than its header says")
        position += 2


def _chunk_header(line: bytes) -> tuple[int, str]:
    size, _, extension = line.decode("latin-1").partition(";")
    try:
        return int(size, 16), extension.removeprefix("chunk-signature=")
    except ValueError as error:
        raise MalformedChunksError("a chunk header is not a hexadecimal size") from error


def _trailers(rest: bytes, form: str, signer: ChunkSigner) -> Trailers:
    pairs: list[tuple[str, str]] = []
    signature = ""
    for line in rest.decode("latin-1").replace("\r\n", "\n").split("\n"):
        if not line:
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise MalformedChunksError("a trailer has no value")
        if name.lower() == "x-amz-trailer-signature":
            signature = value.strip()
        else:
            pairs.append((name.strip().lower(), value.strip()))
    if form == SIGNED_TRAILER:
        text = "".join(f"{name}:{value}\n" for name, value in pairs)
        signer.check_trailer(text.encode("latin-1"), signature)
    return tuple(pairs)
