"""What the key server tells: an asset has content keys, wrapped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypedDict

from kernel.events import Event


class WrappedKey(TypedDict):
    """One content key as it travels: never in the clear."""

    kid: str
    """Key id, a UUID in lower case."""
    track_type: str
    """SPEKE's name: SD, HD, UHD1, UHD2, STEREO_AUDIO or MULTICHANNEL_AUDIO."""
    wrapped_key: str
    """RFC 3394 key wrap under the asset's data key, base64."""


@dataclass(frozen=True, kw_only=True)
class ContentKeysIssued(Event):
    """All content keys of an asset, under one data key that KMS encrypted."""

    detail_type: ClassVar[str] = "ContentKeysIssued"

    content_id: str
    wrapped_data_key: str
    """KMS ciphertext, base64, with encryption context `{"contentId": content_id}`."""
    keys: list[WrappedKey]

    @property
    def subject(self) -> str:
        """The content."""
        return self.content_id
