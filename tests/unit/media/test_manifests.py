"""Manifests per player family, made from what a packager really wrote."""

from __future__ import annotations

from uuid import UUID
from xml.etree import ElementTree

import pytest

from media import hls, mpd
from media.domain import IncompletePackageError, Run
from media.families import clearkey_manifests, manifests_of, verified_duration
from tests.fakes.media import FakePackagedFiles

VIDEO_KEY = UUID("00010203-0405-0607-0809-0a0b0c0d0e0f")
AUDIO_KEY = UUID("10111213-1415-1617-1819-1a1b1c1d1e1f")
PROTECTION = "{urn:mpeg:dash:schema:mpd:2011}ContentProtection"


def test_a_dash_manifest_names_every_segment_of_its_timelines(
    packager_output: dict[str, str],
) -> None:
    described = mpd.manifest(packager_output["main.mpd"])

    assert described.duration_seconds == 10.0
    first = described.representations[0]
    assert first.init == "main_360pinit.cmfv"
    assert first.segments == tuple(f"main_360p_{number:09}.cmfv" for number in (1, 2, 3))
    assert first.duration_seconds == 10.0
    assert [one.key_id for one in described.representations] == [VIDEO_KEY, VIDEO_KEY, AUDIO_KEY]


def test_templates_are_inherited_and_key_ids_may_stand_on_the_representation() -> None:
    text = """<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013"
      mediaPresentationDuration="PT1M2.5S"><Period><AdaptationSet>
      <SegmentTemplate timescale="10" initialization="$RepresentationID$init.cmfv"
        media="$RepresentationID$_$Number%09d$.cmfv" startNumber="7"/>
      <Representation id="hd" bandwidth="5">
        <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cbcs"
          cenc:default_KID="10111213-1415-1617-1819-1a1b1c1d1e1f"/>
        <SegmentTemplate><SegmentTimeline><S t="0" d="40" r="1"/></SegmentTimeline>
        </SegmentTemplate></Representation></AdaptationSet></Period></MPD>"""

    described = mpd.manifest(text)

    assert described.duration_seconds == 62.5
    assert described.representations[0].init == "hdinit.cmfv"
    assert described.representations[0].segments == ("hd_000000007.cmfv", "hd_000000008.cmfv")
    assert described.representations[0].key_id == AUDIO_KEY


@pytest.mark.parametrize(
    "text", ["", "not xml", '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>', "<MPD/>"]
)
def test_what_is_no_manifest_is_said_to_be_none(text: str) -> None:
    with pytest.raises(mpd.UnreadableManifestError):
        mpd.manifest(text)


def test_clearkey_replaces_every_other_key_system_and_holds_no_pssh(
    packager_output: dict[str, str],
) -> None:
    root = ElementTree.fromstring(mpd.with_clearkey(packager_output["main.mpd"]))

    for adaptation in root.iter("{urn:mpeg:dash:schema:mpd:2011}AdaptationSet"):
        common, clearkey = adaptation.findall(PROTECTION)
        assert common.get("schemeIdUri") == mpd.COMMON_ENCRYPTION
        assert common.get("value") == "cbcs"
        assert clearkey.get("schemeIdUri") == "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"
        assert clearkey.get("value") == "ClearKey1.0"
        assert list(common) == list(clearkey) == []


def test_clearkey_changes_nothing_else_of_a_dash_manifest(packager_output: dict[str, str]) -> None:
    rewritten = mpd.with_clearkey(packager_output["main.mpd"])

    assert mpd.manifest(rewritten) == mpd.manifest(packager_output["main.mpd"])


def test_an_hls_variant_gets_one_line_in_the_form_that_hls_js_reads(
    packager_output: dict[str, str],
) -> None:
    text = hls.with_clearkey(packager_output["main_360p.m3u8"], lambda _init: VIDEO_KEY)

    assert [line for line in text.splitlines() if line.startswith("#EXT-X-KEY")] == [
        "#EXT-X-KEY:METHOD=SAMPLE-AES,"
        'URI="data:text/plain;base64,AAECAwQFBgcICQoLDA0ODw==",'
        "KEYID=0x000102030405060708090a0b0c0d0e0f,"
        'KEYFORMATVERSIONS="1",KEYFORMAT="org.w3.clearkey"'
    ]
    assert hls.media_playlist(text) == hls.media_playlist(packager_output["main_360p.m3u8"])


def test_a_stretch_in_the_clear_stays_in_the_clear() -> None:
    text = (
        '#EXTM3U\n#EXT-X-MAP:URI="i"\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:4.0,\na\n'
        '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x"\n#EXTINF:4.0,\nb\n#EXT-X-ENDLIST\n'
    )

    lines = hls.with_clearkey(text, lambda _init: VIDEO_KEY).splitlines()

    assert lines[2] == "#EXT-X-KEY:METHOD=NONE"
    assert lines[5].startswith("#EXT-X-KEY:METHOD=SAMPLE-AES")
    assert lines[6:] == ["#EXTINF:4.0,", "b", "#EXT-X-ENDLIST"]


def test_a_rendition_whose_playlist_names_no_key_is_not_published(
    packager_output: dict[str, str],
) -> None:
    lines = packager_output["main_360p.m3u8"].splitlines()
    keyless = "\n".join(line for line in lines if not line.startswith("#EXT-X-KEY"))

    with pytest.raises(IncompletePackageError, match="names no key"):
        clearkey_manifests({**packager_output, "main_360p.m3u8": keyless}.__getitem__)


def test_the_method_follows_the_scheme() -> None:
    text = '#EXTM3U\n#EXT-X-MAP:URI="i"\n#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="x"\n#EXTINF:4,\na\n'

    assert "METHOD=SAMPLE-AES-CTR" in hls.with_clearkey(text, lambda _init: VIDEO_KEY)


def test_the_multivariant_playlist_leads_to_the_rewritten_variants_only(
    packager_output: dict[str, str],
) -> None:
    made = clearkey_manifests(packager_output.__getitem__)

    named = set(hls.playlists(made["clearkey.m3u8"]))
    assert named == {
        "clearkey_main_360p.m3u8",
        "clearkey_main_240p.m3u8",
        "clearkey_main_audio.m3u8",
        "clearkey_main_360p_I-Frame.m3u8",
    }
    assert set(made) == named | {"clearkey.mpd", "clearkey.m3u8"}


def test_each_track_is_offered_under_its_own_key(packager_output: dict[str, str]) -> None:
    made = clearkey_manifests(packager_output.__getitem__)

    assert VIDEO_KEY.hex in made["clearkey_main_360p.m3u8"]
    assert AUDIO_KEY.hex in made["clearkey_main_audio.m3u8"]
    for name in made:
        assert "skd://" not in made[name]


def test_a_track_without_a_key_id_is_not_packaged_quietly(packager_output: dict[str, str]) -> None:
    texts = dict(packager_output)
    texts["main_audio.m3u8"] = texts["main_audio.m3u8"].replace("main_audioinit", "other")

    with pytest.raises(IncompletePackageError, match=r"other\.cmfa"):
        clearkey_manifests(texts.__getitem__)


def test_clearkey_families_exist_only_where_the_environment_offers_them() -> None:
    assert manifests_of(clearkey=True) == {
        "dash": "main.mpd",
        "hls": "main.m3u8",
        "dash-clearkey": "clearkey.mpd",
        "hls-clearkey": "clearkey.m3u8",
    }
    assert set(manifests_of(clearkey=False)) == {"dash", "hls"}


class TestVerification:
    def duration(self, run: Run, files: FakePackagedFiles) -> float:
        return verified_duration(
            manifests_of(clearkey=False).values(),
            lambda name: files.read_text(f"{run.package_path}/{name}"),
            files.sizes(run.package_path),
        )

    def test_a_complete_package_has_one_duration(
        self, run: Run, packaged: FakePackagedFiles
    ) -> None:
        assert self.duration(run, packaged) == 10.0

    @pytest.mark.parametrize(
        "name",
        [
            "main_360p_000000002.cmfv",
            "main_audioinit.cmfa",
            "main_240p.m3u8",
            "main_360p_I-Frame.m3u8",
        ],
    )
    def test_a_file_that_is_not_there_is_named(
        self, run: Run, packaged: FakePackagedFiles, name: str
    ) -> None:
        del packaged.objects[f"{run.package_path}/{name}"]

        with pytest.raises(IncompletePackageError, match=f"{name}, which does not exist"):
            self.duration(run, packaged)

    def test_an_empty_file_is_named(self, run: Run, packaged: FakePackagedFiles) -> None:
        packaged.objects[f"{run.package_path}/main_audio_000000003.cmfa"] = b""

        with pytest.raises(IncompletePackageError, match="is empty"):
            self.duration(run, packaged)

    def test_renditions_that_disagree_by_more_than_a_second_are_refused(
        self, run: Run, packaged: FakePackagedFiles
    ) -> None:
        key = f"{run.package_path}/main_240p.m3u8"
        shorter = packaged.read_text(key).replace("#EXTINF:4.000,", "#EXTINF:3.000,")
        packaged.objects[key] = shorter.encode()

        with pytest.raises(IncompletePackageError, match="disagree"):
            self.duration(run, packaged)

    def test_a_playlist_without_an_end_is_refused(
        self, run: Run, packaged: FakePackagedFiles
    ) -> None:
        key = f"{run.package_path}/main_360p.m3u8"
        packaged.objects[key] = packaged.objects[key].replace(b"#EXT-X-ENDLIST", b"")

        with pytest.raises(IncompletePackageError, match="has no end"):
            self.duration(run, packaged)
