"""A vault and a master key in memory, and the requests that encryptors send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from keys.domain import StoredKeys
from keys.ports import DataKey, VaultChangedError

VIDEO_KID = "98ee5596-cd3e-a20d-163a-e382420c6eff"
AUDIO_KID = "53abdba2-f210-43cb-bc90-f18f9a890a02"

WIDEVINE = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
PLAYREADY = "9a04f079-9840-4286-ab92-e65be0885f95"
FAIRPLAY = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2"

ASKED = {
    WIDEVINE: ("PSSH", "ContentProtectionData"),
    PLAYREADY: ("PSSH", "ContentProtectionData", "SmoothStreamingProtectionHeaderData"),
    FAIRPLAY: (),
}


@dataclass
class FakeVault:
    """Keeps keys as the table does: a write names what it replaces."""

    kept: dict[str, StoredKeys] = field(default_factory=dict)
    told: list[StoredKeys] = field(default_factory=list)
    before_save: Callable[[], None] | None = None
    """Another writer, acting between the read and the write."""

    def find(self, content_id: str) -> StoredKeys | None:
        return self.kept.get(content_id)

    def save(self, keys: StoredKeys, *, replaces: int | None) -> None:
        if self.before_save is not None:
            self.before_save()
        kept = self.kept.get(keys.content_id)
        if (kept.sequence if kept else None) != replaces:
            raise VaultChangedError(keys.content_id)
        self.kept[keys.content_id] = keys
        self.told.append(keys)


@dataclass
class FakeDataKeys:
    """Data keys that only open for their content."""

    made: dict[bytes, tuple[str, bytes]] = field(default_factory=dict)

    def new(self, content_id: str) -> DataKey:
        number = len(self.made) + 1
        plain, wrapped = bytes([number]) * 32, b"wrapped-%d" % number
        self.made[wrapped] = (content_id, plain)
        return DataKey(plain, wrapped)

    def open(self, content_id: str, wrapped: bytes) -> bytes:
        bound_to, plain = self.made[wrapped]
        assert bound_to == content_id
        return plain


@dataclass
class CountingBytes:
    """Bytes that differ each time."""

    calls: int = 0

    def __call__(self, length: int) -> bytes:
        self.calls += 1
        return self.calls.to_bytes(length, "big")


def rule(kid: str, track_type: str, filters: str) -> str:
    return (
        f'<cpix:ContentKeyUsageRule kid="{kid}" intendedTrackType="{track_type}">'
        f"{filters}</cpix:ContentKeyUsageRule>"
    )


VIDEO_RULE = rule(VIDEO_KID, "SD", '<cpix:VideoFilter maxPixels="589824"/>')
AUDIO_RULE = rule(AUDIO_KID, "STEREO_AUDIO", '<cpix:AudioFilter maxChannels="2"/>')


def content_key(kid: str, attributes: str = 'commonEncryptionScheme="cbcs"') -> str:
    return f'<cpix:ContentKey kid="{kid}" {attributes}/>'


def drm_system(system_id: str, kid: str, asked: str | None = None) -> str:
    if asked is None:
        asked = "".join(f"<cpix:{name}/>" for name in ASKED.get(system_id, ("PSSH",)))
        asked += '<cpix:HLSSignalingData playlist="media"/>'
        asked += '<cpix:HLSSignalingData playlist="master"/>'
    return f'<cpix:DRMSystem kid="{kid}" systemId="{system_id}">{asked}</cpix:DRMSystem>'


def request(
    *,
    root: str = 'contentId="ast_01j" version="2.3"',
    keys: Sequence[str] = (content_key(VIDEO_KID), content_key(AUDIO_KID)),
    systems: Sequence[str] | None = None,
    rules: Sequence[str] = (VIDEO_RULE, AUDIO_RULE),
    before: str = "",
    extra: str = "",
) -> bytes:
    """A SPEKE v2.0 request: two keys, three systems, unless told otherwise."""
    if systems is None:
        systems = [drm_system(system, kid) for system in ASKED for kid in (VIDEO_KID, AUDIO_KID)]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<cpix:CPIX {root}'
        ' xmlns:cpix="urn:dashif:org:cpix" xmlns:pskc="urn:ietf:params:xml:ns:keyprov:pskc">'
        f"<cpix:ContentKeyList>{''.join(keys)}</cpix:ContentKeyList>"
        f"<cpix:DRMSystemList>{''.join(systems)}</cpix:DRMSystemList>{extra}"
        f"<cpix:ContentKeyUsageRuleList>{''.join(rules)}</cpix:ContentKeyUsageRuleList>"
        "</cpix:CPIX>"
    ).encode()
