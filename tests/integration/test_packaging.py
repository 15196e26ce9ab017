"""What lies in the packaged bucket: signalling for four key systems, and nothing in the clear."""

from __future__ import annotations

import base64
import os
import re
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree

import imageio_ffmpeg
import pytest

from tests.cloud import Person, Play, RunningCloud
from tests.custody import claims_of

WIDEVINE = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
PLAYREADY = "9a04f079-9840-4286-ab92-e65be0885f95"
CLEARKEY = "e2719d58-a985-b3c9-781a-b030af78d30e"
MPD = "{urn:mpeg:dash:schema:mpd:2011}"
CENC = "{urn:mpeg:cenc:2013}"

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"sinf", b"schi", b"moof", b"traf"}


@pytest.fixture(scope="module")
def play(member: Person, titles: dict[str, str]) -> Play:
    return member.play(titles["Spectrum"])


@pytest.fixture(scope="module")
def keys(play: Play) -> dict[str, bytes]:
    """Every key of the film that its player may have, by key id."""
    token = play.answer["drm"]["licence_token"]
    kids = [UUID(kid) for kid in claims_of(token.split(".", 1)[1])["kids"]]
    asked = [base64.urlsafe_b64encode(kid.bytes).rstrip(b"=").decode() for kid in kids]
    answer = play.licence(asked).json()["keys"]
    return {str(UUID(bytes=_bytes(key["kid"]))): _bytes(key["k"]) for key in answer}


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def protection_of(manifest: str) -> dict[str, list[ElementTree.Element]]:
    """Content protection by scheme, one for each adaptation set."""
    found: dict[str, list[ElementTree.Element]] = {}
    for element in ElementTree.fromstring(manifest).iter(f"{MPD}ContentProtection"):
        found.setdefault(element.attrib["schemeIdUri"].lower(), []).append(element)
    return found


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Boxes of an ISO file with what is in them, containers opened."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        content = data[at + 8 : at + size]
        yield kind, content
        if kind in CONTAINERS:
            yield from boxes(content)
        elif kind == b"stsd":
            yield from boxes(content[8:])
        elif kind == b"encv":
            yield from boxes(content[78:])
        elif kind == b"enca":
            yield from boxes(content[28:])
        at += max(size, 8)


@pytest.mark.parametrize("system", [WIDEVINE, PLAYREADY])
def test_dash_signals_vendors_with_a_pssh_for_each_kind_of_track(play: Play, system: str) -> None:
    elements = protection_of(play.text("main.mpd"))[f"urn:uuid:{system}"]

    assert len(elements) == 2
    for element in elements:
        pssh = base64.b64decode(element.findtext(f"{CENC}pssh") or "")
        assert pssh[4:8] == b"pssh"
        assert pssh[12:28] == UUID(system).bytes


def test_dash_signals_cbcs_and_a_key_id_for_each_kind_of_track(play: Play) -> None:
    elements = protection_of(play.text("main.mpd"))["urn:mpeg:dash:mp4protection:2011"]

    assert [element.attrib["value"] for element in elements] == ["cbcs", "cbcs"]
    assert len({element.attrib[f"{CENC}default_KID"] for element in elements}) == 2


def test_dash_for_clearkey_has_its_own_line_and_no_pssh(play: Play) -> None:
    manifest = play.text("clearkey.mpd")

    assert [each.attrib["value"] for each in protection_of(manifest)[f"urn:uuid:{CLEARKEY}"]] == [
        "ClearKey1.0",
        "ClearKey1.0",
    ]
    assert "pssh" not in manifest


def test_hls_signals_fairplay_by_address(play: Play) -> None:
    playlist = play.text("main_144p.m3u8")

    (line,) = re.findall(r"#EXT-X-KEY:.*", playlist)
    assert "METHOD=SAMPLE-AES" in line
    assert 'KEYFORMAT="com.apple.streamingkeydelivery"' in line
    assert 'URI="skd://' in line


def test_hls_for_clearkey_names_the_key_id_and_no_key(play: Play, keys: dict[str, bytes]) -> None:
    (line,) = re.findall(r"#EXT-X-KEY:.*", play.text("clearkey_main_144p.m3u8"))

    named = UUID(re.findall(r"KEYID=0x([0-9a-f]{32})", line)[0])
    in_address = base64.b64decode(re.findall(r"base64,([^\"]+)", line)[0])
    assert 'KEYFORMAT="org.w3.clearkey"' in line
    assert str(named) in keys
    assert in_address == named.bytes


@pytest.mark.parametrize(
    "init", ["main_144pinit.cmfv", "main_360pinit.cmfv", "main_audioinit.cmfa"]
)
def test_every_track_is_encrypted_by_cbcs_under_the_key_its_manifest_names(
    play: Play, keys: dict[str, bytes], init: str
) -> None:
    found = dict(boxes(play.fetch(init).content))

    tenc = found[b"tenc"]
    assert found[b"schm"][4:8] == b"cbcs"
    assert tenc[6] == 1
    assert str(UUID(bytes=tenc[8:24])) in keys


def test_a_segment_decodes_with_its_key_and_with_no_other(
    play: Play, keys: dict[str, bytes], tmp_path: Path
) -> None:
    init = play.fetch("main_360pinit.cmfv").content
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(init + play.fetch("main_360p_000000001.cmfv").content)
    own = str(UUID(bytes=dict(boxes(init))[b"tenc"][8:24]))

    with_key = decode(clip, keys[own])
    others = [decode(clip, key) for kid, key in keys.items() if kid != own]
    without = decode(clip, None)

    assert with_key.stderr == ""
    assert "frame=100" in with_key.stdout
    assert all(other.stderr for other in [*others, without])


def decode(clip: Path, key: bytes | None) -> subprocess.CompletedProcess[str]:
    """What ffmpeg says of a clip: frames on its output, errors on the other."""
    known = () if key is None else ("-decryption_key", key.hex())
    return subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", *known),
            *("-i", str(clip), "-f", "null", "-progress", "-", "-"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_content_key_lies_in_the_clear_in_anything_the_service_wrote(
    cloud: RunningCloud, keys: dict[str, bytes]
) -> None:
    """State, logs, templates, packaged files, what MediaConvert worked with: all of DATA_DIR."""
    forms = {form: kid for kid, key in keys.items() for form in written_forms(key)}
    assert len(keys) >= 2

    for path in files_in(cloud.data_dir):
        content = read(path)
        assert not [kid for form, kid in forms.items() if form in content], path
    assert not [kid for form, kid in forms.items() if form in cloud.output().encode()]


def written_forms(key: bytes) -> set[bytes]:
    """The ways a key is written down."""
    base = base64.b64encode(key)
    url = base64.urlsafe_b64encode(key)
    hexadecimal = key.hex().encode()
    uuid = str(UUID(bytes=key)).encode()
    return {key, base.rstrip(b"="), url.rstrip(b"="), hexadecimal, hexadecimal.upper(), uuid}


def files_in(folder: Path) -> Iterator[Path]:
    """Every file that lies in it, whatever folders go away meanwhile."""
    for parent, _, names in os.walk(folder):
        paths = (Path(parent, name) for name in names)
        yield from (path for path in paths if path.is_file() and not path.is_symlink())


def read(path: Path) -> bytes:
    """A file's content; nothing for one that went away meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def test_no_log_of_the_service_holds_a_token_or_a_password(
    cloud: RunningCloud, member: Person, play: Play
) -> None:
    secrets = [
        member.tokens.access_token(),
        play.answer["drm"]["licence_token"],
        play.answer["ticket"],
        play.cookies["CloudFront-Signature"],
        *(account["password"] for account in cloud.ready["accounts"].values()),
    ]

    for path in [*cloud.data_dir.glob("logs/*"), cloud.data_dir / "localcloud.log"]:
        assert not [secret[:9] for secret in secrets if secret.encode() in read(path)], path
