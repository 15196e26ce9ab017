"""Caption files are checked before anything is made of them, and say which line is wrong."""

from __future__ import annotations

import pytest

from kernel.errors import InvalidInputError
from media import webvtt
from media.upload_rules import checked_label, checked_language

CUE = "00:01:02.500 --> 00:01:04.000"


def test_webvtt_keeps_its_styles_notes_identifiers_and_positions() -> None:
    text = (
        "WEBVTT - by hand\n\nSTYLE\n::cue { color: yellow }\n\nNOTE for the editor\n\n"
        f"greeting\n{CUE} line:80% align:start\nGood evening.\nAnd you?\n"
    )

    assert webvtt.checked(text) == text


def test_subrip_becomes_webvtt() -> None:
    text = "\ufeff1\r\n00:01:02,500 --> 00:01:04,000\r\n<i>Rain</i>\r\n\r\n2\r\n" + (
        "00:01:05,000 --> 00:01:06,000\r\nMore rain\r\n\r\n"
    )

    assert webvtt.checked(text) == (
        f"WEBVTT\n\n{CUE}\n<i>Rain</i>\n\n00:01:05.000 --> 00:01:06.000\nMore rain\n"
    )


def test_short_times_without_hours_are_written_out() -> None:
    assert "00:00:01.000 --> 01:00:02.000" in webvtt.checked(
        "WEBVTT\n\n00:01.000 --> 01:00:02.000\nLong"
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "holds no captions"),
        ("WEBVTT", "holds no captions"),
        ("hello", "line 1 is no caption: its times are missing."),
        ("WEBVTT\n\nlabel\nno times", "line 3 is no caption"),
        ("WEBVTT\n\n00:61:00.000 --> 00:62:00.000\nx", "line 3 should read like"),
        ("WEBVTT\n\n00:00:05.000 --> 00:00:05.000\nx", "line 3 ends before it begins"),
        (f"WEBVTT\n\n{CUE}\nx\n{CUE}\ny", "line 3 is not followed by a blank line"),
        ("WEBVTTX\n\n" + CUE, "line 1 is no caption"),
        (f"WEBVTT\n\n{CUE}\nnul\0", "is not valid Unicode"),
        (f"WEBVTT\n\n{CUE}\n\ud800", "is not valid Unicode"),
        ("WEBVTT\n\n" + "x" * webvtt.MAX_BYTES, "may have 1,048,576 bytes"),
    ],
)
def test_what_is_no_caption_file_is_refused_with_the_line(text: str, complaint: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        webvtt.checked(text)

    assert complaint in str(refused.value)


@pytest.mark.parametrize("language", ["en", "fil", "pt-BR", "zh-Hant", "sr-Latn-RS"])
def test_language_tags_are_bcp_47(language: str) -> None:
    assert checked_language(language) == language


@pytest.mark.parametrize("language", ["", "EN", "english", "en_US", "es-419", "../en", "en-us"])
def test_other_language_tags_are_refused(language: str) -> None:
    with pytest.raises(InvalidInputError):
        checked_language(language)


@pytest.mark.parametrize("label", ["", '"English"', "x" * 61, "a\nb"])
def test_a_label_that_would_break_a_playlist_is_refused(label: str) -> None:
    with pytest.raises(InvalidInputError):
        checked_label(label)
