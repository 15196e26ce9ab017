"""What manifests say about a key, per DRM system: everything a CPIX DRMSystem may ask for.

Shapes: SPEKE API v2.0, standard payload components, and the MediaPackage user guide,
"Implementing SPEKE v2.0". One frozen row per system; no caller asks which system it has.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from keys.pssh import FAIRPLAY, PLAYREADY, WIDEVINE, Scheme, playready_object, pssh_box
from keys.pssh import widevine_data as widevine_payload

Playlist = Literal["media", "master"]

_TAGS: dict[Playlist, str] = {"media": "#EXT-X-KEY", "master": "#EXT-X-SESSION-KEY"}
_METHODS: dict[Scheme, str] = {"cbcs": "SAMPLE-AES", "cenc": "SAMPLE-AES-CTR"}


@dataclass(frozen=True)
class SignalledKey:
    """The public half of a content key: enough to ask a licence for it."""

    content_id: str
    kid: uuid.UUID
    iv: bytes
    scheme: Scheme


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass(frozen=True)
class DrmSystem:
    """How one DRM system signals a key."""

    system_id: uuid.UUID
    schemes: frozenset[Scheme]
    """The protection schemes that its devices decrypt."""
    payload: Callable[[SignalledKey], bytes]
    """What its PSSH box carries."""
    hls_attributes: Callable[[SignalledKey, bytes], str]
    """Of an EXT-X-KEY, after METHOD; given the key and the PSSH box."""
    dash_extra: Callable[[SignalledKey], str] = lambda _key: ""
    """What a DASH ContentProtection holds beside `cenc:pssh`."""
    has_protection_header: bool = False
    """Whether Smooth Streaming knows the system."""

    def pssh(self, key: SignalledKey) -> bytes:
        """The PSSH box."""
        return pssh_box(self.system_id, self.payload(key))

    def content_protection(self, key: SignalledKey) -> str:
        """The children of a DASH ContentProtection element; its box is byte for byte `pssh`."""
        box = _base64(self.pssh(key))
        element = f'<cenc:pssh xmlns:cenc="urn:mpeg:cenc:2013">{box}</cenc:pssh>'
        return element + self.dash_extra(key)

    def hls_tag(self, key: SignalledKey, playlist: Playlist) -> str:
        """The tag of a media or master playlist: alike in all but their name."""
        attributes = self.hls_attributes(key, self.pssh(key))
        return f"{_TAGS[playlist]}:METHOD={_METHODS[key.scheme]},{attributes}"


def _widevine_hls(key: SignalledKey, box: bytes) -> str:
    return (
        f'URI="data:text/plain;base64,{_base64(box)}",KEYID=0x{key.kid.hex},'
        f'KEYFORMAT="urn:uuid:{WIDEVINE}",KEYFORMATVERSIONS="1"'
    )


def _playready_hls(key: SignalledKey, _box: bytes) -> str:
    header = _base64(playready_object(key.kid, key.scheme))
    return (
        'KEYFORMAT="com.microsoft.playready",KEYFORMATVERSIONS="1",'
        f'URI="data:text/plain;charset=UTF-16;base64,{header}"'
    )


def _fairplay_hls(key: SignalledKey, _box: bytes) -> str:
    asset = {"ContentId": key.content_id, "KeyId": str(key.kid), "IV": _base64(key.iv)}
    uri = _base64(json.dumps(asset, separators=(",", ":")).encode())
    return f'URI="skd://{uri}",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"'


def _playready_pro(key: SignalledKey) -> str:
    header = _base64(playready_object(key.kid, key.scheme))
    return f'<mspr:pro xmlns:mspr="urn:microsoft:playready">{header}</mspr:pro>'


DRM_SYSTEMS: dict[uuid.UUID, DrmSystem] = {
    system.system_id: system
    for system in (
        DrmSystem(
            WIDEVINE,
            frozenset(("cenc", "cbcs")),
            payload=lambda key: widevine_payload(key.kid, key.scheme),
            hls_attributes=_widevine_hls,
        ),
        DrmSystem(
            PLAYREADY,
            frozenset(("cenc", "cbcs")),
            payload=lambda key: playready_object(key.kid, key.scheme),
            hls_attributes=_playready_hls,
            dash_extra=_playready_pro,
            has_protection_header=True,
        ),
        DrmSystem(
            FAIRPLAY,
            frozenset(("cbcs",)),
            payload=lambda _key: b"",
            hls_attributes=_fairplay_hls,
        ),
    )
}
"""Every system that the key server signals; any other is refused by name."""
