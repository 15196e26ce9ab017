"""Manifests per player family, and the proof that all they name is there.

MediaConvert's own manifests signal Widevine, PlayReady and FairPlay. No one manifest serves every
player with ClearKey, so each family gets the form that it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from media import hls, mpd
from media.domain import IncompletePackageError
from media.job_document import TOP_DASH, TOP_HLS
from media.source import DURATION_TOLERANCE_SECONDS
from media.storyboard import storyboard

CLEARKEY_PREFIX = "clearkey_"

STORYBOARD = "storyboard.vtt"
"""Which thumbnail shows which moment."""

ReadText = Callable[[str], str]
"""A packaged file's text by its name, relative to the package."""


@dataclass(frozen=True)
class Family:
    """A kind of player and the manifest it is given."""

    name: str
    manifest: str
    clearkey: bool


FAMILIES = (
    Family("dash", TOP_DASH, clearkey=False),
    Family("hls", TOP_HLS, clearkey=False),
    Family("dash-clearkey", "clearkey.mpd", clearkey=True),
    Family("hls-clearkey", "clearkey.m3u8", clearkey=True),
)
"""Shaka and dash.js read `dash-clearkey`, hls.js `hls-clearkey`; vendors' DRM the other two."""


def manifests_of(*, clearkey: bool) -> dict[str, str]:
    """Family to manifest, for the families an environment offers."""
    return {one.name: one.manifest for one in FAMILIES if clearkey or not one.clearkey}


def clearkey_manifests(read: ReadText) -> dict[str, str]:
    """The files that offer ClearKey beside the untouched output: name to text."""
    dash_text, hls_text = read(TOP_DASH), read(TOP_HLS)
    key_ids = {one.init: one.key_id for one in mpd.manifest(dash_text).representations}

    def key_id_of_init(init: str) -> UUID:
        key_id = key_ids.get(init)
        if key_id is None:
            raise IncompletePackageError(f"The DASH manifest gives no key id for {init}.")
        return key_id

    playlists = {name: read(name) for name in hls.playlists(hls_text)}
    # Captions and thumbnails have no init and stay in the clear: they serve every family.
    variants = {
        name: f"{CLEARKEY_PREFIX}{name}"
        for name, text in playlists.items()
        if hls.media_playlist(text).init is not None
    }
    for name in variants:
        if not hls.is_encrypted(playlists[name]):
            raise IncompletePackageError(f"{name} names no key, though the film is encrypted.")
    return {
        "clearkey.mpd": mpd.with_clearkey(dash_text),
        "clearkey.m3u8": hls.renamed(hls_text, variants),
        **{new: hls.with_clearkey(playlists[old], key_id_of_init) for old, new in variants.items()},
    }


def storyboard_file(read: ReadText) -> dict[str, str]:
    """The storyboard, name to text; empty when the manifest describes no thumbnails."""
    described = mpd.manifest(read(TOP_DASH))
    if not described.thumbnails:
        return {}
    return {STORYBOARD: storyboard(described.thumbnails[0], described.duration_seconds)}


def verified_duration(
    manifests: Collection[str], read: ReadText, sizes: Mapping[str, int]
) -> float:
    """The film's length in seconds; IncompletePackageError when manifests and files disagree.

    `manifests` are names, relative to the package; `sizes` is what the bucket lists: such a name
    to bytes.
    """
    inventory = _Inventory(sizes)
    for name in sorted(manifests):
        inventory.need(name)
        if name.endswith(".mpd"):
            _follow_dash(read(name), inventory)
        else:
            _follow_hls(read(name), read, inventory)
    return inventory.agreed_duration()


class _Inventory:
    """What manifests name against what exists, and how long each says the film is."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._sizes = sizes
        self._durations: dict[str, float] = {}

    def need(self, name: str) -> None:
        if self._sizes.get(name, 0) <= 0:
            state = "is empty" if name in self._sizes else "does not exist"
            raise IncompletePackageError(f"A manifest names {name}, which {state}.")

    def says(self, who: str, seconds: float) -> None:
        self._durations[who] = seconds

    def agreed_duration(self) -> float:
        if not self._durations:
            raise IncompletePackageError("The manifests describe no rendition.")
        shortest = min(self._durations, key=self._durations.__getitem__)
        longest = max(self._durations, key=self._durations.__getitem__)
        spread = self._durations[longest] - self._durations[shortest]
        if spread > DURATION_TOLERANCE_SECONDS:
            raise IncompletePackageError(
                f"Renditions disagree: {longest} lasts {spread:.1f} s longer than {shortest}."
            )
        return round(self._durations[longest], 3)


def _follow_dash(text: str, inventory: _Inventory) -> None:
    described = mpd.manifest(text)
    inventory.says("the DASH manifest", described.duration_seconds)
    for representation in described.representations:
        inventory.says(representation.init, representation.duration_seconds)
        for name in (representation.init, *representation.segments):
            inventory.need(name)
    for name in (
        *(name for thumbnails in described.thumbnails for name in thumbnails.images),
        *(name for track in described.captions for name in track.files),
    ):
        inventory.need(name)


def _follow_hls(text: str, read: ReadText, inventory: _Inventory) -> None:
    for name in hls.playlists(text):
        inventory.need(name)
        playlist = hls.media_playlist(read(name))
        if not playlist.is_finished:
            raise IncompletePackageError(f"{name} has no end: players would wait for more.")
        # Captions and thumbnails may end before or after the film.
        if playlist.init is not None and not playlist.is_key_frames_only:
            inventory.says(name, playlist.duration_seconds)
        for file in (*filter(None, [playlist.init]), *playlist.segments):
            inventory.need(file)
