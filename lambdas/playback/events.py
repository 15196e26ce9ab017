"""What the bus tells playback: titles, wrapped keys, plans and accounts that are gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kernel.bus import listening
from kernel.clock import moment_of
from kernel.events.billing import SubscriptionChanged
from kernel.events.catalog import TitlePublished, TitleWithdrawn
from kernel.events.identity import AccountDeleted
from kernel.events.keys import ContentKeysIssued
from playback import records
from playback.domain import Allowance
from playback.service import Projection


def projection_handler(projection: Projection) -> Callable[[Mapping[str, Any], object], None]:
    """The Lambda handler of the read model.

    An event that cannot be read fails the invocation: it is retried and then set aside in the
    rule's queue, where a person sees it.
    """

    def title_published(detail: Mapping[str, Any]) -> None:
        projection.title_published(records.title_of(TitlePublished.from_detail(detail)))

    def title_withdrawn(detail: Mapping[str, Any]) -> None:
        withdrawn = TitleWithdrawn.from_detail(detail)
        projection.title_withdrawn(withdrawn.title_id, withdrawn.sequence)

    def keys_issued(detail: Mapping[str, Any]) -> None:
        projection.keys_issued(records.keys_of(ContentKeysIssued.from_detail(detail)))

    def plan_changed(detail: Mapping[str, Any]) -> None:
        told = SubscriptionChanged.from_detail(detail)
        allowance = Allowance(streams=told.streams, max_height=told.quality)
        projection.plan_changed(told.account_id, allowance, told.sequence)

    def account_deleted(detail: Mapping[str, Any]) -> None:
        deleted = AccountDeleted.from_detail(detail)
        projection.account_deleted(deleted.account_id, moment_of(deleted.sequence))

    readers = {
        TitlePublished.detail_type: title_published,
        TitleWithdrawn.detail_type: title_withdrawn,
        ContentKeysIssued.detail_type: keys_issued,
        SubscriptionChanged.detail_type: plan_changed,
        AccountDeleted.detail_type: account_deleted,
    }

    def take(event: Mapping[str, Any]) -> None:
        readers[event["detail-type"]](event["detail"])

    return listening(take)
