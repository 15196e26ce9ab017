"""Which episode of which series an upload is, and who may have that place."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from kernel.errors import ConflictError
from kernel.events.media import EpisodeOf as EpisodeOnTheBus
from kernel.ids import derived_id


class EpisodeTakenError(ConflictError):
    """Another upload is this episode already."""

    code = "episode_taken"


@dataclass(frozen=True)
class EpisodeOf:
    """A place in a series."""

    series: str
    """The series' name, as whoever uploads wrote it."""
    season: int
    episode: int

    @property
    def series_id(self) -> str:
        """One series, however its name was spaced and capitalised.

        It follows from the name, so that first episodes that come at once make one series.
        """
        folded = unicodedata.normalize("NFKC", self.series).casefold()
        return derived_id("srs", " ".join(folded.split()))

    def __str__(self) -> str:
        return f"Season {self.season}, episode {self.episode} of “{self.series}”"

    def on_the_bus(self) -> EpisodeOnTheBus:
        """The place as other domains read it."""
        return {
            "series_id": self.series_id,
            "series": self.series,
            "season": self.season,
            "episode": self.episode,
        }
