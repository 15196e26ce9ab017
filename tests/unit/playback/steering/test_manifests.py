"""The static manifests over all CDNs: everything there is, everywhere, and nothing twice."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from playback.steering import hls, mpd
from playback.steering.hls import Pathway

FIXTURES = Path(__file__).parents[2] / "media" / "fixtures"
SERVER = "https://watch.example/v1/playback/sessions/ses_1/steering/tok"
A = Pathway("watch.example", "https://watch.example/t/cat/m/ast_1/v1/")
B = Pathway("b.example", "https://b.example/t/cat/m/ast_1/v1/")
DASH = "{urn:mpeg:dash:schema:mpd:2011}"


@pytest.fixture
def playlist() -> list[str]:
    text = (FIXTURES / "main.m3u8").read_text()
    return hls.steered(text, SERVER, [A, B]).splitlines()


def test_a_playlist_says_where_the_order_is_asked_for_and_where_to_begin(
    playlist: list[str],
) -> None:
    assert playlist[0] == "#EXTM3U"
    steering = f'#EXT-X-CONTENT-STEERING:SERVER-URI="{SERVER}",PATHWAY-ID="watch.example"'
    assert playlist.count(steering) == 1
    assert playlist.count("#EXT-X-INDEPENDENT-SEGMENTS") == 1


@pytest.mark.parametrize("pathway", [A, B])
def test_every_variant_is_on_every_pathway_at_its_own_address(
    playlist: list[str], pathway: Pathway
) -> None:
    named = f'PATHWAY-ID="{pathway.pathway_id}"'
    variants = {
        playlist[number + 1]
        for number, line in enumerate(playlist)
        if line.startswith("#EXT-X-STREAM-INF:") and named in line
    }
    (key_frames,) = (
        line for line in playlist if line.startswith("#EXT-X-I-FRAME-STREAM-INF:") and named in line
    )

    assert variants == {f"{pathway.folder}main_360p.m3u8", f"{pathway.folder}main_240p.m3u8"}
    assert f'URI="{pathway.folder}main_360p_I-Frame.m3u8"' in key_frames


def test_each_pathway_has_its_own_sound(playlist: list[str]) -> None:
    sounds = [line for line in playlist if line.startswith("#EXT-X-MEDIA:")]
    variants = [line for line in playlist if line.startswith("#EXT-X-STREAM-INF:")]

    assert f'URI="{A.folder}main_audio.m3u8",GROUP-ID="audio-0"' in sounds[0]
    assert f'URI="{B.folder}main_audio.m3u8",GROUP-ID="audio-1"' in sounds[1]
    assert [line.count('AUDIO="audio-0"') for line in variants] == [1, 1, 0, 0]
    assert [line.count('AUDIO="audio-1"') for line in variants] == [0, 0, 1, 1]
    assert all("CLOSED-CAPTIONS=NONE" in line for line in variants)


def test_what_a_variant_says_besides_stays_as_it_was(playlist: list[str]) -> None:
    (line,) = (line for line in playlist if "640x360" in line and "audio-1" in line)

    assert 'CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=24.000' in line


def test_captions_without_an_address_of_their_own_are_grouped_too() -> None:
    text = (
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="English",INSTREAM-ID="CC1"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS="cc"\nv.m3u8\n'
    )

    lines = hls.steered(text, SERVER, [A, B]).splitlines()

    assert [line.count('"cc-1"') for line in lines] == [0, 0, 0, 0, 0, 1, 1, 0]


def test_a_dash_manifest_has_an_address_for_every_pathway_before_anything_else() -> None:
    static = (FIXTURES / "main.mpd").read_text()

    root = ElementTree.fromstring(mpd.steered(static, SERVER, [B, A]))

    first, second, steering, *rest = root
    assert [(one.get("serviceLocation"), one.text) for one in (first, second)] == [
        ("b.example", B.folder),
        ("watch.example", A.folder),
    ]
    assert {first.tag, second.tag} == {f"{DASH}BaseURL"}
    assert (steering.tag, steering.text) == (f"{DASH}ContentSteering", SERVER)
    assert steering.attrib == {"defaultServiceLocation": "b.example", "queryBeforeStart": "false"}
    original = ElementTree.fromstring(static)
    assert [ElementTree.tostring(one) for one in rest] == [
        ElementTree.tostring(one) for one in original
    ]


def test_what_names_the_programme_stays_first() -> None:
    static = "<MPD><ProgramInformation><Title>A</Title></ProgramInformation><Period/></MPD>"

    root = ElementTree.fromstring(mpd.steered(static, SERVER, [A]))

    assert [one.tag for one in root] == [
        "ProgramInformation",
        "BaseURL",
        "ContentSteering",
        "Period",
    ]


def test_addresses_are_written_as_xml() -> None:
    odd = Pathway('a"&', "https://a.example/?x=1&y=2/")

    root = ElementTree.fromstring(mpd.steered("<MPD><Period/></MPD>", SERVER, [odd]))

    assert (root[0].get("serviceLocation"), root[0].text) == ('a"&', odd.folder)


@pytest.mark.parametrize("text", ["", "<html></html>", "<MPD/>"])
def test_what_is_no_manifest_is_not_made_one(text: str) -> None:
    with pytest.raises(mpd.NoManifestError):
        mpd.steered(text, SERVER, [A])
