"""What the bus tells playback: titles, wrapped keys, plans, devices, and who may play no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kernel import log
from kernel.bus import listening
from kernel.clock import moment_of
from kernel.events.billing import SubscriptionChanged
from kernel.events.catalog import TitlePublished, TitleWithdrawn
from kernel.events.identity import (
    AccountBlocked,
    AccountDeleted,
    AccountDeletionRequested,
    AccountEvent,
    AccountUnblocked,
    DeviceRegistered,
    DeviceRemoved,
    DeviceRenamed,
    PasswordChanged,
    SecondStepsRemoved,
    SessionEnded,
    SignedOutEverywhere,
)
from kernel.events.keys import ContentKeysIssued
from kernel.events.playback import PlayRevoked
from playback import records
from playback.deny_list import Revoker
from playback.domain import Allowance
from playback.downloads.ports import RevokedShelves
from playback.revocation import Revocation
from playback.service import Projection

ENDING_ALL_SIGN_INS: tuple[type[AccountEvent], ...] = (
    SignedOutEverywhere,
    PasswordChanged,
    AccountDeletionRequested,
    SecondStepsRemoved,
)
"""After each of these every sign-in from before is over."""

Reader = Callable[[Mapping[str, Any]], None]


def projection_handler(
    projection: Projection, revocation: Revocation, downloads: RevokedShelves
) -> Callable[[Mapping[str, Any], object], None]:
    """The Lambda handler of what other domains tell.

    An event that cannot be read fails the invocation: it is retried and then set aside in the
    rule's queue, where a person sees it.
    """
    readers: dict[str, list[Reader]] = {}
    for reading in (_projecting(projection), _revoking(revocation), _taking_back(downloads)):
        for detail_type, reader in reading.items():
            readers.setdefault(detail_type, []).append(reader)

    def take(event: Mapping[str, Any]) -> None:
        for reader in readers[event["detail-type"]]:
            reader(event["detail"])

    return listening(take)


def _projecting(projection: Projection) -> dict[str, Reader]:
    def title_published(detail: Mapping[str, Any]) -> None:
        projection.title_published(records.title_of(TitlePublished.from_detail(detail)))

    def title_withdrawn(detail: Mapping[str, Any]) -> None:
        withdrawn = TitleWithdrawn.from_detail(detail)
        projection.title_withdrawn(withdrawn.title_id, withdrawn.sequence)

    def keys_issued(detail: Mapping[str, Any]) -> None:
        projection.keys_issued(records.keys_of(ContentKeysIssued.from_detail(detail)))

    def plan_changed(detail: Mapping[str, Any]) -> None:
        told = SubscriptionChanged.from_detail(detail)
        allowance = Allowance(told.streams, told.quality, told.downloads)
        projection.plan_changed(told.account_id, allowance, told.sequence)

    def device_named(detail: Mapping[str, Any]) -> None:
        told = DeviceRegistered.from_detail(detail)
        projection.device_named(told.account_id, told.device_id, told.name, told.sequence)

    return {
        TitlePublished.detail_type: title_published,
        TitleWithdrawn.detail_type: title_withdrawn,
        ContentKeysIssued.detail_type: keys_issued,
        SubscriptionChanged.detail_type: plan_changed,
        DeviceRegistered.detail_type: device_named,
        DeviceRenamed.detail_type: device_named,
    }


def _revoking(revocation: Revocation) -> dict[str, Reader]:
    def account_deleted(detail: Mapping[str, Any]) -> None:
        told = AccountDeleted.from_detail(detail)
        revocation.account_deleted(told.account_id, told.sequence)

    def account_blocked(detail: Mapping[str, Any]) -> None:
        told = AccountBlocked.from_detail(detail)
        revocation.account_blocked(told.account_id, told.sequence)

    def account_unblocked(detail: Mapping[str, Any]) -> None:
        told = AccountUnblocked.from_detail(detail)
        revocation.account_unblocked(told.account_id, told.sequence)

    def device_removed(detail: Mapping[str, Any]) -> None:
        told = DeviceRemoved.from_detail(detail)
        revocation.device_removed(told.account_id, told.device_id, moment_of(told.sequence))

    def session_ended(detail: Mapping[str, Any]) -> None:
        told = SessionEnded.from_detail(detail)
        revocation.session_ended(told.account_id, told.family_id, moment_of(told.sequence))

    def signed_out_everywhere(kind: type[AccountEvent]) -> Reader:
        def signed_out(detail: Mapping[str, Any]) -> None:
            told = kind.from_detail(detail)
            revocation.signed_out_everywhere(told.account_id, moment_of(told.sequence))

        return signed_out

    return {
        DeviceRemoved.detail_type: device_removed,
        SessionEnded.detail_type: session_ended,
        **{kind.detail_type: signed_out_everywhere(kind) for kind in ENDING_ALL_SIGN_INS},
        AccountBlocked.detail_type: account_blocked,
        AccountUnblocked.detail_type: account_unblocked,
        AccountDeleted.detail_type: account_deleted,
    }


def revoker_handler(revoker: Revoker) -> Callable[[Mapping[str, Any], object], None]:
    """The Lambda handler of the deny list, which no other function adds to. Failures as above."""

    def take(event: Mapping[str, Any]) -> None:
        revoked = PlayRevoked.from_detail(event["detail"])
        expires_at = datetime.fromisoformat(revoked.expires_at)
        size = revoker.revoke(revoked.session_id, expires_at)
        log.note(outcome="play_revoked", reason=revoked.reason, store_bytes=size)

    return listening(take)


def _taking_back(downloads: RevokedShelves) -> dict[str, Reader]:
    def account_deleted(detail: Mapping[str, Any]) -> None:
        downloads.account_deleted(AccountDeleted.from_detail(detail).account_id)

    def device_removed(detail: Mapping[str, Any]) -> None:
        told = DeviceRemoved.from_detail(detail)
        downloads.device_removed(told.account_id, told.device_id, moment_of(told.sequence))

    def device_registered(detail: Mapping[str, Any]) -> None:
        told = DeviceRegistered.from_detail(detail)
        downloads.device_registered(told.account_id, told.device_id, moment_of(told.sequence))

    return {
        AccountDeleted.detail_type: account_deleted,
        DeviceRemoved.detail_type: device_removed,
        DeviceRegistered.detail_type: device_registered,
    }
