"""Room for the ids of multi-Region keys in moto's KMS ciphertexts."""

from __future__ import annotations

from typing import Any

import moto.kms.utils as kms_utils

from localcloud.iam.actions import KMS_KEY_ID_LENGTH
from localcloud.moto_seams.seam import replaced

_ORIGINAL_OPEN = kms_utils._deserialize_ciphertext_blob
_WHY = "ciphertexts have no room for a multi-Region key's id, so they never open again"


def _open_padded(ciphertext_blob: bytes) -> Any:
    """Ids shorter than the room for them are padded with zeros."""
    found = _ORIGINAL_OPEN(ciphertext_blob=ciphertext_blob)
    return found._replace(key_id=found.key_id.rstrip("\0"))


SEAMS = (
    replaced(kms_utils, "_deserialize_ciphertext_blob", _open_padded, _WHY, "6da0384bc064"),
    replaced(kms_utils, "KEY_ID_LEN", KMS_KEY_ID_LENGTH, _WHY, "76a50887d8f1"),
    replaced(
        kms_utils,
        "HEADER_LEN",
        KMS_KEY_ID_LENGTH + kms_utils.IV_LEN + kms_utils.TAG_LEN,
        _WHY,
        "a68b412c4282",
    ),
    replaced(
        kms_utils,
        "CIPHERTEXT_HEADER_FORMAT",
        f">{KMS_KEY_ID_LENGTH}s{kms_utils.IV_LEN}s{kms_utils.TAG_LEN}s",
        _WHY,
        "47b5ce0bc1ce",
    ),
)


def make_room_for_multi_region_ids() -> None:
    """Let KMS decrypt what a multi-Region key encrypted."""
    for seam in SEAMS:
        seam.install()
