"""What staff ask for: upload a film, follow it, try it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kernel.clock import Clock
from media.domain import (
    Asset,
    AssetNotFoundError,
    AssetStatus,
    Part,
    UploadedObject,
    UploadGoneError,
    is_asset_id,
    source_key,
)
from media.ports import Assets, Executions, Page, Uploads
from media.upload_rules import (
    checked_file_name,
    checked_part_numbers,
    checked_parts,
    checked_size,
    checked_title,
    composite_checksum,
)

MAX_PAGE = 100
"""Assets in one answer."""


@dataclass(frozen=True)
class SignedPart:
    """Where and how one part is sent."""

    part_number: int
    url: str
    headers: dict[str, str]
    """Part of the signature: a request without them is refused."""


class Ingest:
    """Uploads and the assets that come of them."""

    def __init__(
        self,
        *,
        assets: Assets,
        uploads: Uploads,
        executions: Executions,
        clock: Clock,
        new_asset_id: Callable[[], str],
        new_attempt: Callable[[], str],
    ) -> None:
        self._assets = assets
        self._uploads = uploads
        self._executions = executions
        self._clock = clock
        self._new_asset_id = new_asset_id
        self._new_attempt = new_attempt

    def begin_upload(self, name: str, file_name: str, size_bytes: int) -> Asset:
        """A new asset that waits for its parts; InvalidInputError names the field at fault."""
        title, shown_name = checked_title(name), checked_file_name(file_name)
        size = checked_size(size_bytes)
        asset_id = self._new_asset_id()
        asset = Asset(
            asset_id=asset_id,
            name=title,
            file_name=shown_name,
            size_bytes=size,
            upload_id=self._uploads.begin(source_key(asset_id)),
            status=AssetStatus.UPLOADING,
            created_at=self._clock(),
        )
        self._assets.add(asset)
        return asset

    def sign_parts(self, asset_id: str, parts: Sequence[tuple[int, str]]) -> list[SignedPart]:
        """URLs for parts, each by its number and the base64 of its SHA-256."""
        asset = self.asset(asset_id)
        if asset.status is not AssetStatus.UPLOADING:
            raise UploadGoneError("This file has been uploaded already.")
        checked_part_numbers(asset, [number for number, _ in parts])
        return [
            SignedPart(
                part_number=number,
                url=self._uploads.sign_part(source_key(asset_id), asset.upload_id, number, sha256),
                headers={"x-amz-checksum-sha256": sha256},
            )
            for number, sha256 in parts
        ]

    def complete_upload(self, asset_id: str, parts: Sequence[Part]) -> str:
        """Make the film of its parts. Repeating it answers the same.

        Answers the asset that first had this very content: this one, unless it is a duplicate.
        """
        asset = self.asset(asset_id)
        ordered = checked_parts(asset, parts)
        checksum = composite_checksum(ordered)
        if asset.checksum != checksum:
            self._make_object(asset, ordered)
        return self._assets.uploaded(asset_id, checksum)

    def _make_object(self, asset: Asset, parts: Sequence[Part]) -> None:
        key = source_key(asset.asset_id)
        try:
            self._uploads.complete(key, asset.upload_id, parts, asset.size_bytes)
        except UploadGoneError:
            # An answer that was lost on its way back: the object is what was asked for.
            if not self._uploads.exists(key):
                raise

    def asset(self, asset_id: str) -> Asset:
        """An asset and its steps; AssetNotFoundError."""
        if not is_asset_id(asset_id):
            raise AssetNotFoundError("There is no such asset.")
        return self._assets.get(asset_id)

    def recent_assets(self, limit: int, after: str | None) -> Page:
        """Assets, newest first."""
        return self._assets.recent(min(limit, MAX_PAGE), after)

    def retry(self, asset_id: str) -> None:
        """Run the pipeline again over the same file; NotRetryableError."""
        asset = self.asset(asset_id)
        attempt = self._new_attempt()
        uploaded = UploadedObject(
            bucket=self._uploads.bucket,
            key=source_key(asset.asset_id),
            revision=f"retry-{attempt}",
        )
        self._assets.reopen(asset_id)
        self._executions.start(uploaded, name=f"{asset_id}-{attempt}")
