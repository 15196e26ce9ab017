"""The catalogue's use cases."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.domain import Title, UnknownTitleError, new_title, shelf_order, title_id_of
from catalog.ports import Titles
from kernel.clock import Clock
from kernel.events.media import AssetReady


@dataclass(frozen=True)
class Catalogue:
    """Titles as members see them, and as the pipeline makes them."""

    titles: Titles
    clock: Clock

    def publish(self, ready: AssetReady) -> None:
        """Publish what the pipeline finished; hearing of it again changes nothing."""
        now = self.clock()
        known = self.titles.get(title_id_of(ready.asset_id))
        title = known.repackaged(ready) if known else new_title(ready, now)
        self.titles.put(title, now)

    def shelf(self) -> list[Title]:
        """Every title, newest first."""
        return shelf_order(self.titles.all())

    def title(self, title_id: str) -> Title:
        """One title; UnknownTitleError."""
        found = self.titles.get(title_id)
        if found is None:
            raise UnknownTitleError("There is no such title.", title_id=title_id)
        return found
