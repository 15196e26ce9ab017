"""QR codes (ISO/IEC 18004) as SVG."""

from __future__ import annotations

import io

import segno

MODULE_PIXELS = 8
QUIET_ZONE_MODULES = 4
"""ISO/IEC 18004 section 6.3.8: less, and a camera does not find it."""


def qr_svg(text: str, title: str = "Scan to sign in") -> str:
    """A picture of the text: black on white whatever the page's colours, as scanners need it."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn,
        kind="svg",
        scale=MODULE_PIXELS,
        border=QUIET_ZONE_MODULES,
        light="#fff",
        title=title,
        xmldecl=False,
        # With a unit it writes a viewBox as well: without one, a smaller picture is a cut one.
        unit="px",
    )
    return drawn.getvalue().decode()
