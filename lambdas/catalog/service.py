"""The catalogue's use cases."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.domain import Title, UnknownTitleError, new_title, title_id_of
from catalog.markers import Markers
from catalog.ports import Titles
from catalog.series import Series, series_among, series_of, shelf_order
from kernel.clock import Clock
from kernel.errors import ConflictError
from kernel.events.media import AssetDeleted, AssetReady
from kernel.ids import names_one
from kernel.maturity import AgeLimit

TRIES = 5
"""Of a change that others are quicker than: the pipeline and staff seldom meet on one title."""


@dataclass(frozen=True)
class Catalogue:
    """Titles as members see them, and as the pipeline makes them."""

    titles: Titles
    clock: Clock

    def publish(self, ready: AssetReady) -> None:
        """Publish what the pipeline finished; hearing of it again changes nothing.

        ConflictError when staff change the title all the while: the event comes again.
        """
        now = self.clock()
        refused = None
        for _ in range(TRIES):
            known = self.titles.get(title_id_of(ready.asset_id))
            title = known.renewed(ready) if known else new_title(ready, now)
            # Refused once more without a change by staff, it is not new any more.
            if self.titles.put(title, now) or refused == title.edition:
                return
            refused = title.edition
        raise ConflictError("It has just been changed. Look again.")

    def withdraw(self, deleted: AssetDeleted) -> None:
        """Withdraw the title of an asset that is gone, also when it was never published."""
        title_id = title_id_of(deleted.asset_id)
        self.titles.withdraw(title_id, deleted.asset_id, deleted.sequence, self.clock())

    def shelf(self, limit: AgeLimit) -> list[Title | Series]:
        """Every title and every series that a profile may see, newest first."""
        titles = [title for title in self.titles.all() if limit.allows(title.maturity)]
        return shelf_order([*titles, *series_among(titles)])

    def series(self, series_id: str, limit: AgeLimit) -> Series:
        """One series with the episodes that a profile may see, as of a few seconds ago.

        UnknownTitleError, or what the limit refuses where all of them are above it.
        """
        titles = self.titles.all()
        youngest = min(title.maturity for title in series_of(titles, series_id).episodes)
        limit.check(youngest)
        return series_of((title for title in titles if limit.allows(title.maturity)), series_id)

    def title(self, title_id: str, limit: AgeLimit) -> Title:
        """One title; UnknownTitleError, or what the limit refuses."""
        found = self.entry(title_id)
        limit.check(found.maturity)
        return found

    def entry(self, title_id: str) -> Title:
        """One title as staff see it, for whatever age it is; UnknownTitleError."""
        found = self.titles.get(title_id) if names_one(title_id, "ttl") else None
        if found is None:
            raise UnknownTitleError("There is no such title.", title_id=title_id)
        return found

    def mark(self, title_id: str, markers: Markers, by: str) -> Title:
        """Say, as `by` of staff does, what may be skipped.

        UnknownTitleError; InvalidInputError names the marker; ConflictError when the title is
        changed all the while.
        """
        for _ in range(TRIES):
            marked = self.entry(title_id).marked(markers)
            if self.titles.edit(marked, by, self.clock()):
                return marked
        raise ConflictError("It has just been changed. Look again.")
