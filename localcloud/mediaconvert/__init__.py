"""MediaConvert on one machine: its API, names and refusals, done by ffmpeg and Shaka Packager."""

from .service import Caller, MediaConvert

__all__ = ["Caller", "MediaConvert"]
