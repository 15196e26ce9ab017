"""The catalogue's use cases."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.domain import Title, UnknownTitleError, new_title, title_id_of
from catalog.ports import Titles
from catalog.series import Series, series_among, series_of, shelf_order
from kernel.clock import Clock
from kernel.events.media import AssetDeleted, AssetReady
from kernel.ids import names_one


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

    def withdraw(self, deleted: AssetDeleted) -> None:
        """Withdraw the title of an asset that is gone, also when it was never published."""
        title_id = title_id_of(deleted.asset_id)
        self.titles.withdraw(title_id, deleted.asset_id, deleted.sequence, self.clock())

    def shelf(self) -> list[Title | Series]:
        """Every title and every series, newest first."""
        titles = self.titles.all()
        return shelf_order([*titles, *series_among(titles)])

    def series(self, series_id: str) -> Series:
        """One series with its episodes, as of a few seconds ago; UnknownTitleError."""
        return series_of(self.titles.all(), series_id)

    def title(self, title_id: str) -> Title:
        """One title; UnknownTitleError."""
        found = self.titles.get(title_id) if names_one(title_id, "ttl") else None
        if found is None:
            raise UnknownTitleError("There is no such title.", title_id=title_id)
        return found
