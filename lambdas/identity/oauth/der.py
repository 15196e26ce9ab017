"""Just enough DER (X.690) to read an RSA public key as KMS gives it.

Discovery and keys are fetched by every gateway and client; reading two integers by hand keeps a
16 MB cryptography library out of that function's cold start.
"""

from __future__ import annotations

from collections.abc import Iterator

_INTEGER, _BIT_STRING, _SEQUENCE = 0x02, 0x03, 0x30


class NotAnRsaKeyError(ValueError):
    """The bytes are not a SubjectPublicKeyInfo with an RSA key (RFC 8017 appendix A.1.1)."""


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element, in order."""
    position = 0
    while position < len(data):
        tag, length = data[position], data[position + 1]
        position += 2
        if length & 0x80:
            octets = length & 0x7F
            length = int.from_bytes(data[position : position + octets], "big")
            position += octets
        yield tag, data[position : position + length]
        position += length


def _expect(data: bytes, *tags: int) -> list[bytes]:
    found = list(_elements(data))
    if [tag for tag, _ in found] != list(tags):
        raise NotAnRsaKeyError("not an RSA public key in DER")
    return [content for _, content in found]


def rsa_public_numbers(subject_public_key_info: bytes) -> tuple[int, int]:
    """Modulus and public exponent; NotAnRsaKeyError for anything else."""
    try:
        (outer,) = _expect(subject_public_key_info, _SEQUENCE)
        _algorithm, bits = _expect(outer, _SEQUENCE, _BIT_STRING)
        (key,) = _expect(bits[1:], _SEQUENCE)
        modulus, exponent = _expect(key, _INTEGER, _INTEGER)
    except IndexError as error:
        raise NotAnRsaKeyError("not an RSA public key in DER") from error
    return int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
