"""What players of each DRM system read to ask for a key: PSSH boxes and what they carry.

ISO/IEC 23001-7 (the box), Microsoft's PlayReady Header Specification, Widevine's DRM header.
"""

from __future__ import annotations

import base64
import uuid
from typing import Literal

Scheme = Literal["cenc", "cbcs"]

WIDEVINE = uuid.UUID("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed")
PLAYREADY = uuid.UUID("9a04f079-9840-4286-ab92-e65be0885f95")
FAIRPLAY = uuid.UUID("94ce86fb-07ff-4f43-adb8-93d2fa968ca2")

_RIGHTS_MANAGEMENT_HEADER = 1
"""The PlayReady record type of a header (specification, 2.1)."""

_PLAYREADY_VERSIONS: dict[Scheme, tuple[str, str]] = {
    "cenc": ("4.2.0.0", "AESCTR"),
    "cbcs": ("4.3.0.0", "AESCBC"),
}
"""Header version and algorithm: only 4.3 knows AESCBC."""

_WIDEVINE_AESCTR = b"\x08\x01"
"""Field 1 `algorithm` = 1, which headers of cenc have carried since before field 9 existed."""


def pssh_box(system_id: uuid.UUID, data: bytes) -> bytes:
    """A version 0 `pssh` box: every player reads it, and the data names the key ids."""
    body = b"pssh" + bytes(4) + system_id.bytes + len(data).to_bytes(4, "big") + data
    return (len(body) + 4).to_bytes(4, "big") + body


def widevine_data(kid: uuid.UUID, scheme: Scheme) -> bytes:
    """Widevine's protobuf message: repeated `key_id` = 2, `protection_scheme` = 9 as four CC."""
    key_id = b"\x12" + _varint(16) + kid.bytes
    protection_scheme = b"\x48" + _varint(int.from_bytes(scheme.encode(), "big"))
    return (_WIDEVINE_AESCTR if scheme == "cenc" else b"") + key_id + protection_scheme


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


def playready_object(kid: uuid.UUID, scheme: Scheme) -> bytes:
    """The PlayReady Object: one rights management header that names the key.

    Attributes stand in alphabetical order and every element has a closing tag, as the
    specification demands. No LA_URL: players get the licence address when they start.
    """
    version, algorithm = _PLAYREADY_VERSIONS[scheme]
    value = base64.b64encode(kid.bytes_le).decode()
    header = (
        '<WRMHEADER xmlns="http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader"'
        f' version="{version}"><DATA><PROTECTINFO><KIDS>'
        f'<KID ALGID="{algorithm}" VALUE="{value}"></KID>'
        "</KIDS></PROTECTINFO></DATA></WRMHEADER>"
    ).encode("utf-16-le")
    record = (
        _RIGHTS_MANAGEMENT_HEADER.to_bytes(2, "little") + len(header).to_bytes(2, "little") + header
    )
    return (len(record) + 6).to_bytes(4, "little") + (1).to_bytes(2, "little") + record
