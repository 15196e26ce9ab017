"""The storyboard: a WebVTT file that says which thumbnail shows which moment of the film."""

from __future__ import annotations

from media.mpd import Thumbnails


def storyboard(thumbnails: Thumbnails, duration_seconds: float) -> str:
    """One cue for each thumbnail, its payload `<image>#xywh=<x>,<y>,<width>,<height>` in pixels.

    The form that players read (Media Fragments URI 1.0, section 4.2.2, in a WebVTT payload).
    """
    per_image = thumbnails.columns * thumbnails.rows
    seconds = thumbnails.image_seconds / per_image
    width = thumbnails.width // thumbnails.columns
    height = thumbnails.height // thumbnails.rows
    cues = []
    for number in range(len(thumbnails.images) * per_image):
        start = number * seconds
        if start >= duration_seconds:
            break
        image = thumbnails.images[number // per_image]
        row, column = divmod(number % per_image, thumbnails.columns)
        end = min(start + seconds, duration_seconds)
        cues.append(
            f"{_clock(start)} --> {_clock(end)}\n"
            f"{image}#xywh={column * width},{row * height},{width},{height}\n"
        )
    return "\n".join(["WEBVTT\n", *cues])


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"
