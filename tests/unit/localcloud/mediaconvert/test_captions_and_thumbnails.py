from __future__ import annotations

import copy
import io
import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from localcloud.mediaconvert import webvtt

WIDEVINE = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
PLAYREADY = "9a04f079-9840-4286-ab92-e65be0885f95"
MPD = "{urn:mpeg:dash:schema:mpd:2011}"
CAPTIONS = """WEBVTT

STYLE
::cue { color: yellow }

NOTE made by hand

first
00:00:01.000 --> 00:00:02.000 line:80%
Good evening.

00:00:03.500 --> 00:00:04.500
Both sides of a border.
"""


@pytest.fixture
def with_captions(job: dict[str, Any]) -> dict[str, Any]:
    settings = job["settings"]
    settings["inputs"][0]["captionSelectors"] = {
        "Caption Selector 1": {
            "sourceSettings": {
                "sourceType": "WEBVTT",
                "fileSourceSettings": {"sourceFile": "s3://mezzanine/uploads/ast_1/en.vtt"},
            }
        }
    }
    settings["outputGroups"][0]["outputs"].append(
        {
            "nameModifier": "_captions_en",
            "containerSettings": {"container": "CMFC"},
            "captionDescriptions": [
                {
                    "captionSelectorName": "Caption Selector 1",
                    "customLanguageCode": "en",
                    "languageDescription": "English",
                    "destinationSettings": {
                        "destinationType": "WEBVTT",
                        "webvttDestinationSettings": {"stylePassthrough": "ENABLED"},
                    },
                }
            ],
        }
    )
    return job


@pytest.fixture
def with_thumbnails(job: dict[str, Any]) -> dict[str, Any]:
    group = job["settings"]["outputGroups"][0]["outputGroupSettings"]["cmafGroupSettings"]
    group["imageBasedTrickPlay"] = "ADVANCED"
    group["imageBasedTrickPlaySettings"] = {
        "intervalCadence": "FOLLOW_CUSTOM",
        "thumbnailInterval": 1.0,
        "thumbnailWidth": 80,
        "tileWidth": 2,
        "tileHeight": 1,
    }
    return job


def run(cloud: Any, job: dict[str, Any], film: bytes, captions: bytes = b"") -> dict[str, Any]:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    cloud.s3.objects["mezzanine", "uploads/ast_1/en.vtt"] = captions
    answer = cloud.ask("POST", "jobs", json.dumps(job).encode())
    assert answer.status == 201, answer.body
    done: dict[str, Any] = cloud.wait_for(json.loads(answer.body)["job"]["id"], "COMPLETE", "ERROR")
    return done


def test_a_caption_file_becomes_a_track_of_both_manifests(
    cloud: Any, with_captions: dict[str, Any], film: bytes
) -> None:
    done = run(cloud, with_captions, film, CAPTIONS.encode())

    assert done["status"] == "COMPLETE", done
    files = cloud.s3.under("packaged", "m/ast_1/v1/")
    master = files["film.m3u8"].decode()
    assert re.findall(r"#EXT-X-MEDIA:TYPE=SUBTITLES.*", master) == [
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",LANGUAGE="en",NAME="English",'
        'DEFAULT=YES,AUTOSELECT=YES,FORCED=NO,URI="film_captions_en.m3u8"'
    ]
    variants = [line for line in master.splitlines() if line.startswith("#EXT-X-STREAM-INF:")]
    assert all('SUBTITLES="subs"' in line for line in variants)
    sets = ET.fromstring(files["film.mpd"]).findall(f".//{MPD}AdaptationSet[@contentType='text']")
    assert [(one.get("lang"), one.get("mimeType")) for one in sets] == [("en", "text/vtt")]
    assert sets[0].findtext(f"{MPD}Representation/{MPD}BaseURL") == "film_captions_en.vtt"
    assert "Good evening." in files["film_captions_en.vtt"].decode()
    assert cloud.s3.types["packaged", "m/ast_1/v1/film_captions_en.vtt"] == "text/vtt"


def test_each_segment_of_captions_holds_what_shows_in_it(
    cloud: Any, with_captions: dict[str, Any], film: bytes
) -> None:
    run(cloud, with_captions, film, CAPTIONS.encode())

    files = cloud.s3.under("packaged", "m/ast_1/v1/")
    playlist = files["film_captions_en.m3u8"].decode()
    assert re.findall(r"#EXTINF:([\d.]+),", playlist) == ["4.000", "1.000"]
    first, second = (files[f"film_captions_en_00000000{number}.vtt"].decode() for number in (1, 2))
    assert first.startswith("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n")
    assert "Good evening." in first
    assert "Good evening." not in second
    assert "Both sides of a border." in first
    assert "Both sides of a border." in second


@pytest.mark.parametrize("content", [b"1\n00:00:01,000 --> 00:00:02,000\nSubRip", b"\xff\xfe"])
def test_captions_that_are_no_webvtt_fail_the_job(
    cloud: Any, with_captions: dict[str, Any], film: bytes, content: bytes
) -> None:
    done = run(cloud, with_captions, film, content)

    assert done["status"] == "ERROR"
    assert "uploads/ast_1/en.vtt" in done["errorMessage"]


def test_cue_settings_and_styles_survive_and_notes_do_not() -> None:
    read = webvtt.read("\ufeff" + CAPTIONS.replace("\n", "\r\n"))

    assert [(cue.start, cue.end) for cue in read.cues] == [(1.0, 2.0), (3.5, 4.5)]
    assert "line:80%" in read.whole()
    assert "::cue { color: yellow }" in read.segment(0, 4)
    assert "made by hand" not in read.whole()


def test_thumbnails_lie_in_tiles_that_both_manifests_describe(
    cloud: Any, with_thumbnails: dict[str, Any], film: bytes
) -> None:
    done = run(cloud, with_thumbnails, film)

    assert done["status"] == "COMPLETE", done
    files = cloud.s3.under("packaged", "m/ast_1/v1/")
    tiles = sorted(name for name in files if name.endswith(".jpg"))
    assert tiles == [f"film_thumbnails_00000000{number}.jpg" for number in (1, 2, 3)]
    # 320x180 at a width of 80 is 45 lines, of which only even counts exist.
    assert [Image.open(io.BytesIO(files[name])).size for name in tiles] == [(160, 44)] * 3
    images = ET.fromstring(files["film.mpd"]).find(f".//{MPD}AdaptationSet[@contentType='image']")
    assert images is not None
    template = images.find(f"{MPD}SegmentTemplate")
    assert template is not None
    assert template.get("media") == "film_thumbnails_$Number%09d$.jpg"
    assert int(template.get("duration", 0)) / int(template.get("timescale", 1)) == 2
    grid = images.find(f"{MPD}Representation/{MPD}EssentialProperty")
    assert grid is not None
    assert grid.get("value") == "2x1"
    assert "#EXT-X-IMAGE-STREAM-INF:" in files["film.m3u8"].decode()
    playlist = files["film_thumbnails.m3u8"].decode()
    assert re.findall(r"#EXTINF:([\d.]+),", playlist) == ["2.000", "2.000", "1.000"]
    assert "#EXT-X-TILES:RESOLUTION=80x44,LAYOUT=2x1,DURATION=1" in playlist


def test_a_thumbnail_shows_its_own_moment(
    cloud: Any, with_thumbnails: dict[str, Any], film: bytes
) -> None:
    run(cloud, with_thumbnails, film)

    files = cloud.s3.under("packaged", "m/ast_1/v1/")
    tile = Image.open(io.BytesIO(files["film_thumbnails_000000001.jpg"])).convert("L")
    left, right = tile.crop((0, 0, 80, 44)), tile.crop((80, 0, 160, 44))
    assert left.tobytes() != right.tobytes()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"thumbnailWidth": 81}, "/thumbnailWidth: Should be a multiple of 8"),
        ({"thumbnailHeight": 45}, "/thumbnailHeight: Should be a multiple of 2"),
        ({"thumbnailInterval": 0}, "/thumbnailInterval: Should be greater than 0"),
        ({"tileWidth": 60}, "/tileWidth: Should make tiles of at most 4096 pixels"),
        ({"intervalCadence": "FOLLOW_IFRAME"}, "/intervalCadence"),
    ],
)
def test_thumbnails_that_the_service_would_not_make_are_refused(
    cloud: Any, with_thumbnails: dict[str, Any], change: dict[str, Any], complaint: str
) -> None:
    group = with_thumbnails["settings"]["outputGroups"][0]["outputGroupSettings"]
    group["cmafGroupSettings"]["imageBasedTrickPlaySettings"].update(change)

    answer = cloud.ask("POST", "jobs", json.dumps(with_thumbnails).encode())

    assert answer.status == 400
    assert complaint in json.loads(answer.body)["message"]


def test_cenc_names_its_keys_in_playlists_as_cbcs_does(
    cloud: Any, job: dict[str, Any], film: bytes
) -> None:
    group = job["settings"]["outputGroups"][0]["outputGroupSettings"]["cmafGroupSettings"]
    group["encryption"]["encryptionMethod"] = "AES_CTR"
    group["encryption"]["spekeKeyProvider"]["hlsSignaledSystemIds"] = [WIDEVINE, PLAYREADY]

    run(cloud, job, film)

    playlist = cloud.s3.under("packaged", "m/ast_1/v1/")["film_180p.m3u8"].decode().splitlines()
    at = next(i for i, line in enumerate(playlist) if line.startswith("#EXT-X-MAP:"))
    assert [line.partition(":")[0] for line in playlist[at + 1 : at + 4]] == [
        "#EXT-X-KEY",
        "#EXT-X-KEY",
        "#EXTINF",
    ]


def test_a_track_of_captions_needs_a_selector_that_exists(
    cloud: Any, with_captions: dict[str, Any]
) -> None:
    wrong = copy.deepcopy(with_captions)
    output = wrong["settings"]["outputGroups"][0]["outputs"][-1]
    output["captionDescriptions"][0]["captionSelectorName"] = "Caption Selector 2"

    answer = cloud.ask("POST", "jobs", json.dumps(wrong).encode())

    assert answer.status == 400
    assert "Should name a caption selector" in json.loads(answer.body)["message"]
