"""The catalogue's port in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from catalog.domain import Title
from kernel.events.catalog import TitlePublished


@dataclass
class FakeTitles:
    titles: dict[str, Title] = field(default_factory=dict)
    told: list[TitlePublished] = field(default_factory=list)
    edited_by: list[str] = field(default_factory=list)
    withdrawn: dict[str, int] = field(default_factory=dict)
    reads: int = 0

    def get(self, title_id: str) -> Title | None:
        return self.titles.get(title_id)

    def all(self) -> Sequence[Title]:
        self.reads += 1
        return list(self.titles.values())

    def put(self, title: Title, now: datetime) -> bool:
        known = self.titles.get(title.title_id)
        newest = max(known.sequence if known else 0, self.withdrawn.get(title.title_id, 0))
        if newest >= title.sequence or (known and known.edition != title.edition):
            return False
        self.titles[title.title_id] = title
        self.told.append(title.published(now))
        return True

    def edit(self, title: Title, by: str, now: datetime) -> bool:
        known = self.titles.get(title.title_id)
        if known is None or (known.sequence, known.edition + 1) != (title.sequence, title.edition):
            return False
        self.titles[title.title_id] = title
        self.edited_by.append(by)
        self.told.append(title.published(now))
        return True

    def withdraw(self, title_id: str, asset_id: str, sequence: int, now: datetime) -> bool:
        known = self.titles.get(title_id)
        if known and known.sequence >= sequence:
            return False
        self.titles.pop(title_id, None)
        self.withdrawn[title_id] = sequence
        return True
