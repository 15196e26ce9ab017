"""What staff ask for: upload a film, follow it, try it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kernel import correlation
from kernel.clock import Clock, epoch_milliseconds
from kernel.errors import ConflictError, UnavailableError
from kernel.events.media import AssetDeleted
from kernel.maturity import UNRATED
from media import webvtt
from media.domain import (
    ENDED,
    KEEPS_ITS_CLAIMS,
    UPLOAD_LIFE,
    Asset,
    AssetNotFoundError,
    AssetStatus,
    CaptionTrack,
    Failure,
    NotDeletableError,
    NotRetryableError,
    Part,
    PartsRefusedError,
    Scheme,
    UploadedObject,
    UploadGoneError,
    caption_key,
    is_asset_id,
    source_key,
)
from media.episodes import EpisodeOf, EpisodeTakenError
from media.ports import Assets, Executions, Page, Uploads
from media.upload_rules import (
    MAX_CAPTION_TRACKS,
    checked_episode,
    checked_file_name,
    checked_label,
    checked_language,
    checked_maturity,
    checked_part_numbers,
    checked_parts,
    checked_size,
    checked_title,
    composite_checksum,
)

MAX_PAGE = 100
"""Assets in one answer."""

RATING_TRIES = 3
"""An asset goes on to its next state a few times in minutes."""

CANCELLED = Failure(
    code="cancelled",
    message="It was cancelled.",
    what_to_do="Try it again if that was a mistake, or delete it.",
)


ABANDONED = Failure(
    code="abandoned",
    message=f"The upload was not completed within {UPLOAD_LIFE.days} days; its parts are gone.",
    what_to_do="Upload the file again, and delete this entry.",
)


def duplicate_of(first: Asset) -> Failure:
    """What is said of an upload whose content is there already."""
    return Failure(
        code="duplicate",
        message=f"This very file is here already, as “{first.name}” ({first.asset_id}).",
        what_to_do="Delete this entry. To package the file anew, delete the other one first.",
    )


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

    def begin_upload(
        self,
        name: str,
        file_name: str,
        size_bytes: int,
        scheme: Scheme = Scheme.CBCS,
        episode_of: EpisodeOf | None = None,
        maturity: int = UNRATED,
    ) -> Asset:
        """A new asset that waits for its parts; InvalidInputError names the field at fault.

        EpisodeTakenError when another upload is that episode already.
        """
        title, shown_name = checked_title(name), checked_file_name(file_name)
        size = checked_size(size_bytes)
        place = checked_episode(episode_of) if episode_of else None
        age = checked_maturity(maturity)
        stopped = self._stopped_at(place) if place else None
        asset_id = self._new_asset_id()
        asset = Asset(
            asset_id=asset_id,
            name=title,
            file_name=shown_name,
            size_bytes=size,
            upload_id=self._uploads.begin(source_key(asset_id)),
            status=AssetStatus.UPLOADING,
            created_at=self._clock(),
            scheme=scheme,
            correlation_id=correlation.current(),
            episode_of=place,
            maturity=age,
        )
        try:
            self._assets.add(asset, instead_of=stopped)
        except EpisodeTakenError:
            self._uploads.abort(source_key(asset_id), asset.upload_id)
            raise
        return asset

    def _stopped_at(self, place: EpisodeOf) -> Asset | None:
        """The asset that has a place and never became a film; EpisodeTakenError when it may yet."""
        holder = self._assets.at(place)
        if holder is None:
            return None
        status = self._as_of_now(holder).status
        if status in KEEPS_ITS_CLAIMS:
            way_out = "delete" if status in ENDED else "cancel"
            raise EpisodeTakenError(
                f"{place} is here already: “{holder.name}” ({holder.asset_id}) is {status.value}. "
                f"Choose another number, or {way_out} that one first.",
                field="episode_of",
                asset_id=holder.asset_id,
            )
        return holder

    def sign_parts(self, asset_id: str, parts: Sequence[tuple[int, str]]) -> list[SignedPart]:
        """URLs for parts, each by its number and the base64 of its SHA-256."""
        asset = self._being_uploaded(asset_id)
        checked_part_numbers(asset, [number for number, _ in parts])
        return [
            SignedPart(
                part_number=number,
                url=self._uploads.sign_part(source_key(asset_id), asset.upload_id, number, sha256),
                headers={"x-amz-checksum-sha256": sha256},
            )
            for number, sha256 in parts
        ]

    def sent_parts(self, asset_id: str) -> tuple[Asset, Sequence[Part]]:
        """An upload and what of it is there, for whoever goes on with it; UploadGoneError."""
        asset = self._being_uploaded(asset_id)
        return asset, self._uploads.parts(source_key(asset_id), asset.upload_id)

    def _being_uploaded(self, asset_id: str) -> Asset:
        asset = self.asset(asset_id)
        if asset.status is not AssetStatus.UPLOADING:
            raise UploadGoneError(
                f"Nothing more is taken for this upload: it is {asset.status.value}."
            )
        return asset

    def add_captions(self, asset_id: str, track: CaptionTrack, text: str) -> None:
        """Captions for a film that is being uploaded; WebVTT or SubRip.

        InvalidInputError says which line is wrong; CaptionsRefusedError.
        """
        asset = self.asset(asset_id)
        checked = CaptionTrack(checked_language(track.language), checked_label(track.label))
        content = webvtt.checked(text)
        # The file first: a track that is named without one would fail the job.
        self._uploads.write_captions(caption_key(asset.asset_id, checked.language), content)
        self._assets.add_captions(asset.asset_id, checked, MAX_CAPTION_TRACKS)

    def complete_upload(self, asset_id: str, parts: Sequence[Part]) -> str:
        """Make the film of its parts. Repeating it answers the same.

        Answers the asset that first had this very content: this one, unless it is a duplicate.
        """
        asset = self.asset(asset_id)
        ordered = checked_parts(asset, parts)
        checksum = composite_checksum(ordered)
        if asset.checksum == checksum:
            return self._assets.uploaded(asset_id, checksum)
        if asset.checksum is not None:
            raise UploadGoneError("This upload is complete already, with other parts than these.")
        first = self._first_with(checksum, asset_id)
        if first is not None:
            self._assets.duplicate(asset_id, checksum, duplicate_of(first))
            self._uploads.abort(source_key(asset_id), asset.upload_id)
            return first.asset_id
        try:
            self._make_object(asset, ordered)
        except (PartsRefusedError, UploadGoneError):
            # What was claimed by its digests alone is not here: another upload may have it.
            self._assets.release_content(asset_id, checksum)
            raise
        return self._assets.uploaded(asset_id, checksum)

    def _first_with(self, checksum: str, asset_id: str) -> Asset | None:
        """The other asset that has this content and makes, or has made, a film of it."""
        holder = self._assets.claim_content(asset_id, checksum)
        if holder == asset_id:
            return None
        first = self._living(holder)
        if first is not None and first.status in KEEPS_ITS_CLAIMS:
            return first
        taken = self._assets.claim_content(asset_id, checksum, instead_of=holder)
        return None if taken == asset_id else self._assets.get(taken)

    def _living(self, asset_id: str) -> Asset | None:
        """An asset that may have been deleted since it claimed something."""
        try:
            return self._as_of_now(self._assets.get(asset_id))
        except AssetNotFoundError:
            return None

    def _make_object(self, asset: Asset, parts: Sequence[Part]) -> None:
        key = source_key(asset.asset_id)
        try:
            self._uploads.complete(key, asset.upload_id, parts, asset.size_bytes)
        except UploadGoneError:
            # An answer that was lost on its way back: the object is what was asked for.
            if not self._uploads.exists(key):
                raise

    def asset(self, asset_id: str) -> Asset:
        """An asset and its steps, as it stands now; AssetNotFoundError."""
        if not is_asset_id(asset_id):
            raise AssetNotFoundError("There is no such asset.")
        return self._as_of_now(self._assets.get(asset_id))

    def recent_assets(self, limit: int, after: str | None) -> Page:
        """Assets, newest first."""
        page = self._assets.recent(min(limit, MAX_PAGE), after)
        return Page(tuple(self._as_of_now(asset) for asset in page.assets), page.next_after)

    def _as_of_now(self, asset: Asset) -> Asset:
        status = asset.status_at(self._clock())
        if status is asset.status:
            return asset
        return replace(asset, status=status, failure=ABANDONED)

    def retry(self, asset_id: str) -> None:
        """Run the pipeline again over the same file; NotRetryableError, EpisodeTakenError.

        When no run can be started, the asset is as it was before, and can be tried again.
        """
        asset = self.asset(asset_id)
        attempt = self._new_attempt()
        uploaded = UploadedObject(
            bucket=self._uploads.bucket,
            key=source_key(asset.asset_id),
            revision=f"retry-{attempt}",
        )
        if asset.checksum is None:
            raise NotRetryableError("Its upload was never completed: upload the file again.")
        name = f"{asset_id}-{attempt}"
        # The asset is the new run's from here on: that the old one ended concerns it no more.
        self._assets.reopen(asset_id, self._executions.arn(name))
        try:
            self._executions.start(uploaded, name=name)
        except UnavailableError:
            failure = asset.failure or CANCELLED
            self._assets.stopped(asset_id, asset.status, failure)
            raise

    def cancel(self, asset_id: str) -> None:
        """Stop an upload or a run; what was made so far is never published. NotCancellableError."""
        self.asset(asset_id)
        before = self._assets.cancel(asset_id, CANCELLED)
        if before.status is AssetStatus.UPLOADING:
            self._uploads.abort(source_key(asset_id), before.upload_id)
        elif before.execution is not None:
            self._executions.stop(before.execution)

    def rate(self, asset_id: str, maturity: int) -> None:
        """Say from which age it may be watched; a title of it follows within seconds.

        InvalidInputError, AssetNotFoundError; ConflictError when it goes on all the while.
        """
        age = checked_maturity(maturity)
        self.asset(asset_id)
        for _ in range(RATING_TRIES):
            if self._assets.rate(self._assets.get(asset_id), age, self._clock()):
                return
        raise ConflictError("It has just gone on. Look again.")

    def delete(self, asset_id: str) -> None:
        """Withdraw and forget an asset that has ended; its files follow. NotDeletableError."""
        asset = self.asset(asset_id)
        now = self._clock()
        if asset.status not in ENDED:
            raise NotDeletableError("Cancel it first: it is under way.")
        deleted = AssetDeleted(sequence=epoch_milliseconds(now), asset_id=asset_id)
        self._assets.delete(asset_id, deleted, now)
