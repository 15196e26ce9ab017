"""A DASH manifest that names every CDN: content steering for DASH (ETSI TS 103 998, section 5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from playback.steering.hls import Pathway

_BEGINNING = re.compile(r"<MPD(?:\s[^>]*)?(?<!/)>")
_PROGRAM = re.compile(r"\s*<ProgramInformation\b.*?</ProgramInformation>", re.DOTALL)
"""The one element that comes before addresses (ISO/IEC 23009-1, 5.3.1.2)."""


class NoManifestError(ValueError):
    """What the pipeline wrote is no manifest."""


def steered(manifest: str, server: str, pathways: Sequence[Pathway]) -> str:
    """The manifest with an address for every pathway, and where their order is asked for.

    The rest is kept letter by letter: its addresses are relative. Our own pipeline wrote it, in
    the default namespace.
    """
    beginning = _BEGINNING.search(manifest)
    if beginning is None:
        raise NoManifestError("There is no MPD.")
    program = _PROGRAM.match(manifest, beginning.end())
    place = beginning.end() if program is None else program.end()
    names = [quoteattr(pathway.pathway_id) for pathway in pathways]
    addresses = "".join(
        f"<BaseURL serviceLocation={name}>{escape(pathway.folder)}</BaseURL>"
        for name, pathway in zip(names, pathways, strict=True)
    )
    steering = (
        f'<ContentSteering defaultServiceLocation={names[0]} queryBeforeStart="false">'
        f"{escape(server)}</ContentSteering>"
    )
    return manifest[:place] + addresses + steering + manifest[place:]
