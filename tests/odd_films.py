"""Films as people really have them: turned, odd, silent, in surround, of one frame."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localcloud.mediaconvert.tools import FFMPEG

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")

VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-pix_fmt", "yuv420p")
"""Unlike H.264's 4:2:0, it has pictures with odd sides."""

STEREO = ("-ac", "2", "-c:a", "aac")
SURROUND = ("-af", "pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0")


@dataclass(frozen=True, kw_only=True)
class OddFilm:
    """How one film is made."""

    size: str = "320x180"
    rate: str = "25"
    seconds: float = 2
    sound: Sequence[str] | None = STEREO
    """Options of its sound; None makes it silent."""
    sound_seconds: float | None = None
    """None is as long as the picture."""
    codec: Sequence[str] = H264
    filters: str = "null"
    options: Sequence[str] = ()
    turned: int = 0
    """Clockwise degrees that the container asks to turn the picture by."""
    extension: str = "mp4"

    def make(self, folder: Path) -> Path:
        """The file; its content is new each time."""
        path = folder / f"film.{self.extension}"
        made = path.with_name(f"flat-{path.name}") if self.turned else path
        picture = f"testsrc2=size={self.size}:rate={self.rate}:duration={self.seconds}"
        length = self.sound_seconds or self.seconds
        sound = f"sine=frequency=330:duration={length}:sample_rate=48000"
        heard = ("-f", "lavfi", "-i", sound) if self.sound else ()
        _ffmpeg(
            *("-f", "lavfi", "-i", picture, *heard),
            *("-vf", self.filters, *self.codec, *(self.sound or ()), *self.options),
            *("-metadata", f"comment={uuid.uuid4()}", str(made)),
        )
        if self.turned:
            # A display matrix, as phones write it; the coded picture stays as it was.
            rotation = ("-display_rotation", str(-self.turned))
            _ffmpeg(*rotation, "-i", str(made), "-c", "copy", str(path))
        return path


def with_cover(film: Path, path: Path, *, sound_only: bool = False) -> Path:
    """The film with a picture that belongs to the file, put before all else; or its sound."""
    cover = path.with_name("cover.jpg")
    _ffmpeg(*("-f", "lavfi", "-i", "color=red:size=600x600", "-frames:v", "1"), str(cover))
    kept = ("-map", "1:a") if sound_only else ("-map", "1:v", "-map", "1:a")
    inputs = ("-i", str(cover), "-i", str(film))
    _ffmpeg(*inputs, *("-map", "0"), *kept, *("-c", "copy", "-disposition:v:0", "attached_pic"),
            str(path))  # fmt: skip
    return path


def in_two_languages(film: Path, path: Path) -> Path:
    """The film with a second audio track: German first, then English."""
    languages = ("-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=eng")
    maps = ("-map", "0:v", "-map", "0:a", "-map", "0:a")
    _ffmpeg("-i", str(film), *maps, "-c", "copy", *languages, str(path))
    return path


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([FFMPEG, "-v", "error", "-nostdin", "-y", *arguments], check=True)


FILMS = {
    "silent": OddFilm(sound=None),
    "portrait": OddFilm(size="180x320"),
    "turned right": OddFilm(turned=90),
    "upside down": OddFilm(turned=180),
    "turned left": OddFilm(turned=270),
    "turned in a Matroska file": OddFilm(turned=90, extension="mkv"),
    "odd size": OddFilm(filters="scale=641:359", codec=VP9, extension="mkv"),
    "anamorphic": OddFilm(size="352x288", filters="setsar=16/11"),
    "barely anamorphic": OddFilm(size="426x240", filters="setsar=640/639"),
    "one frame": OddFilm(seconds=0.04, sound=None),
    "one frame with sound": OddFilm(seconds=0.04),
    "very short": OddFilm(seconds=0.4),
    "surround in AAC": OddFilm(sound=(*SURROUND, "-c:a", "aac")),
    "surround in AC-3": OddFilm(sound=(*SURROUND, "-c:a", "ac3"), extension="mkv"),
    "mono": OddFilm(sound=("-ac", "1", "-c:a", "aac")),
    "sound runs on": OddFilm(sound_seconds=5),
    "sound runs on in a Matroska file": OddFilm(sound_seconds=5, extension="mkv"),
    "sound ends early": OddFilm(sound_seconds=0.5),
    "variable frame rate": OddFilm(
        filters="select='not(mod(n,7)*gt(mod(n,3),0))'", options=("-fps_mode", "vfr")
    ),
    "ten bits": OddFilm(options=("-pix_fmt", "yuv420p10le")),
    "interlaced": OddFilm(
        size="352x288", rate="50", filters="interlace", options=("-flags", "+ildct+ilme")
    ),
    "23.976 frames a second": OddFilm(rate="24000/1001"),
    "50 frames a second": OddFilm(rate="50"),
    "120 frames a second": OddFilm(rate="120"),
    "one frame a second": OddFilm(rate="1"),
    "tiny": OddFilm(size="32x32"),
    "a ribbon": OddFilm(size="1920x40"),
}
