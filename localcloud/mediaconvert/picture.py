"""How a source picture becomes an output's: size, padding, pixel shape. Pure arithmetic.

User guide, "Video scaling behavior and aspect ratios".
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from .media_info import Stream
from .plan import Picture


@dataclass(frozen=True)
class Geometry:
    """The stored picture of one output."""

    width: int
    height: int
    inner_width: int
    inner_height: int
    """The scaled source inside it; the rest is black."""
    pixel_aspect: Fraction

    @property
    def pixels(self) -> int:
        """What the encryption contract counts."""
        return self.width * self.height


def fit(picture: Picture, source: Stream, *, turned: bool) -> Geometry:
    """The output picture for a source; `turned` when it is rotated by a quarter before."""
    width, height, aspect = source.width, source.height, source.sample_aspect
    if turned:
        width, height, aspect = height, width, 1 / aspect
    pixel_aspect = picture.pixel_aspect or aspect
    shown = width * aspect / height
    stored = shown / pixel_aspect
    """Width over height that the source takes in the output's own pixels."""
    out_width, out_height = picture.width, picture.height
    if out_width is None and out_height is None:
        out_width, out_height = _even(height * stored), _even(height)
    elif out_width is None and out_height is not None:
        out_width = _even(out_height * stored)
    elif out_height is None and out_width is not None:
        out_height = _even(out_width / stored)
    assert out_width is not None
    assert out_height is not None
    if picture.scaling == "STRETCH_TO_OUTPUT":
        return Geometry(out_width, out_height, out_width, out_height, pixel_aspect)
    inner_width = min(out_width, _even(out_height * stored))
    inner_height = min(out_height, _even(out_width / stored))
    if picture.scaling == "FIT_NO_UPSCALE" and inner_height > height:
        inner_width, inner_height = _even(height * stored), _even(height)
    if picture.scaling in ("FIT", "FIT_NO_UPSCALE"):
        return Geometry(inner_width, inner_height, inner_width, inner_height, pixel_aspect)
    return Geometry(out_width, out_height, inner_width, inner_height, pixel_aspect)


def _even(value: Fraction | int) -> int:
    return max(2, 2 * round(value / 2))
