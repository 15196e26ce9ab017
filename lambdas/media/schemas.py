"""What travels over HTTP; checked once, here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from media.domain import MAX_PARTS, PART_SIZE_BYTES, Asset
from media.service import SignedPart

Sha256 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$", description="base64 of 32 bytes")]
PartNumber = Annotated[StrictInt, Field(ge=1, le=MAX_PARTS)]


class Body(BaseModel):
    """A request body: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid")


class NewUpload(Body):
    """POST /v1/uploads."""

    name: str
    file_name: str
    size_bytes: StrictInt


class PartToSign(Body):
    """One part about to be sent."""

    part_number: PartNumber
    sha256: Sha256


class PartsToSign(Body):
    """POST /v1/uploads/{asset_id}/parts."""

    parts: list[PartToSign] = Field(min_length=1)


class SentPart(Body):
    """One part that was sent."""

    part_number: PartNumber
    etag: str = Field(min_length=1, max_length=100)
    sha256: Sha256


class SentParts(Body):
    """POST /v1/uploads/{asset_id}/complete."""

    parts: list[SentPart] = Field(min_length=1, max_length=MAX_PARTS)


class UploadView(BaseModel):
    """An upload that waits for its parts."""

    asset_id: str
    upload_id: str
    part_size_bytes: int
    part_count: int

    @classmethod
    def of(cls, asset: Asset) -> UploadView:
        """The view of an asset that is being uploaded."""
        return cls(
            asset_id=asset.asset_id,
            upload_id=asset.upload_id,
            part_size_bytes=PART_SIZE_BYTES,
            part_count=asset.part_count,
        )


class SignedPartView(BaseModel):
    """Where and how one part is sent: PUT with these headers."""

    part_number: int
    url: str
    headers: dict[str, str]


class SignedPartsView(BaseModel):
    """Answer to parts to sign."""

    parts: list[SignedPartView]

    @classmethod
    def of(cls, parts: list[SignedPart]) -> SignedPartsView:
        """The view of signed parts."""
        return cls(
            parts=[
                SignedPartView(part_number=one.part_number, url=one.url, headers=one.headers)
                for one in parts
            ]
        )


class CompletedView(BaseModel):
    """An upload that is complete."""

    asset_id: str
    first_asset_id: str
    """The asset that had this very content first: another one when the film is a duplicate."""


class StepView(BaseModel):
    """One step of an asset's way."""

    name: str
    status: str
    started_at: datetime
    ended_at: datetime | None


class FailureView(BaseModel):
    """Why an asset is not ready."""

    code: str
    message: str
    what_to_do: str


class AssetView(BaseModel):
    """An asset as staff see it."""

    asset_id: str
    name: str
    file_name: str
    size_bytes: int
    status: str
    created_at: datetime
    progress_percent: int | None
    failure: FailureView | None
    steps: list[StepView]
    duration_seconds: float | None
    heights: list[int]
    poster_url: str | None

    @classmethod
    def of(cls, asset: Asset) -> AssetView:
        """The view of an asset."""
        package = asset.package
        return cls(
            asset_id=asset.asset_id,
            name=asset.name,
            file_name=asset.file_name,
            size_bytes=asset.size_bytes,
            status=asset.status.value,
            created_at=asset.created_at,
            progress_percent=asset.progress_percent,
            failure=FailureView(**vars(asset.failure)) if asset.failure else None,
            steps=[
                StepView(
                    name=step.name.value,
                    status=step.status.value,
                    started_at=step.started_at,
                    ended_at=step.ended_at,
                )
                for step in asset.steps
            ],
            duration_seconds=package.duration_seconds if package else None,
            heights=list(package.heights) if package else [],
            poster_url=f"/{package.poster}" if package else None,
        )


class AssetsView(BaseModel):
    """Assets, newest first."""

    assets: list[AssetView]
    next_after: str | None
