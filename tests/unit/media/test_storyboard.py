"""The storyboard says which thumbnail shows which moment."""

from __future__ import annotations

import pytest

from media import mpd
from media.families import storyboard_file
from media.mpd import Thumbnails
from media.storyboard import storyboard

MPD = """<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT21S"><Period>
  <AdaptationSet contentType="image" mimeType="image/jpeg">
    <SegmentTemplate media="$RepresentationID$_$Number%03d$.jpg" {times}
      startNumber="1">{timeline}</SegmentTemplate>
    <Representation id="t" bandwidth="1" width="480" height="270">
      <EssentialProperty schemeIdUri="{scheme}" value="2x3"/>
    </Representation>
  </AdaptationSet>
  <AdaptationSet mimeType="text/vtt" lang="en">
    <Representation id="c"><BaseURL>en.vtt</BaseURL></Representation>
  </AdaptationSet>
  <AdaptationSet contentType="text" mimeType="application/mp4" lang="de">
    <SegmentTemplate initialization="de_init.mp4" media="de_$Number$.mp4" timescale="1"
      duration="8"/>
    <Representation id="d"/>
  </AdaptationSet></Period></MPD>"""
GUIDELINES = "http://dashif.org/guidelines/thumbnail_tile"
EVEN = {"times": 'duration="12"', "timeline": "", "scheme": GUIDELINES}


@pytest.mark.parametrize(
    "form",
    [
        EVEN,
        {**EVEN, "scheme": "http://dashif.org/thumbnail_tile"},
        {
            **EVEN,
            "times": 'timescale="10"',
            "timeline": '<SegmentTimeline><S t="0" d="120"/><S d="90"/></SegmentTimeline>',
        },
    ],
)
def test_thumbnails_are_found_in_each_form_of_the_manifest(form: dict[str, str]) -> None:
    (thumbnails,) = mpd.manifest(MPD.format(**form)).thumbnails

    assert thumbnails == Thumbnails(("t_001.jpg", "t_002.jpg"), 2, 3, 480, 270, 12.0)


def test_captions_are_found_as_one_file_and_in_segments() -> None:
    captions = mpd.manifest(MPD.format(**EVEN)).captions

    assert [(one.language, one.files) for one in captions] == [
        ("en", ("en.vtt",)),
        ("de", ("de_init.mp4", "de_1.mp4", "de_2.mp4", "de_3.mp4")),
    ]


@pytest.mark.parametrize(
    "form",
    [{**EVEN, "times": ""}, {**EVEN, "scheme": "urn:other"}, {**EVEN, "times": 'duration="0"'}],
)
def test_thumbnails_that_cannot_be_placed_are_an_unreadable_manifest(form: dict[str, str]) -> None:
    with pytest.raises(mpd.UnreadableManifestError):
        mpd.manifest(MPD.format(**form))


def test_every_moment_has_one_thumbnail_and_the_last_ends_with_the_film() -> None:
    text = storyboard(Thumbnails(("a.jpg", "b.jpg"), 2, 3, 480, 270, 12.0), 13.5)

    assert text == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:02.000\na.jpg#xywh=0,0,240,90\n\n"
        "00:00:02.000 --> 00:00:04.000\na.jpg#xywh=240,0,240,90\n\n"
        "00:00:04.000 --> 00:00:06.000\na.jpg#xywh=0,90,240,90\n\n"
        "00:00:06.000 --> 00:00:08.000\na.jpg#xywh=240,90,240,90\n\n"
        "00:00:08.000 --> 00:00:10.000\na.jpg#xywh=0,180,240,90\n\n"
        "00:00:10.000 --> 00:00:12.000\na.jpg#xywh=240,180,240,90\n\n"
        "00:00:12.000 --> 00:00:13.500\nb.jpg#xywh=0,0,240,90\n"
    )


def test_a_package_without_thumbnails_has_no_storyboard(packager_output: dict[str, str]) -> None:
    assert storyboard_file(packager_output.__getitem__) == {}
