"""What the bus tells playback: titles from the catalogue, wrapped keys from the vault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kernel.events.catalog import TitlePublished
from kernel.events.keys import ContentKeysIssued
from playback import records
from playback.service import Projection


def projection_handler(projection: Projection) -> Callable[[Mapping[str, Any], object], None]:
    """The Lambda handler of the read model.

    An event that cannot be read fails the invocation: it is retried and then set aside in the
    rule's queue, where a person sees it.
    """

    def title_published(detail: Mapping[str, Any]) -> None:
        projection.title_published(records.title_of(TitlePublished.from_detail(detail)))

    def keys_issued(detail: Mapping[str, Any]) -> None:
        projection.keys_issued(records.keys_of(ContentKeysIssued.from_detail(detail)))

    readers = {
        TitlePublished.detail_type: title_published,
        ContentKeysIssued.detail_type: keys_issued,
    }

    def handler(event: Mapping[str, Any], _context: object) -> None:
        readers[event["detail-type"]](event["detail"])

    return handler
