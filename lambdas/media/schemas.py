"""What travels over HTTP; checked once, here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt

from kernel.maturity import OLDEST, UNRATED
from media.domain import MAX_PARTS, MAX_SIZE_BYTES, PART_SIZE_BYTES, Asset, Part, Scheme
from media.episodes import EpisodeOf
from media.service import MAX_PAGE, SignedPart
from media.upload_rules import (
    MAX_FILE_NAME_LENGTH,
    MAX_LABEL_LENGTH,
    MAX_NAME_LENGTH,
    MAX_NUMBER,
    MAX_SIGNED_PARTS,
)


def _whole(value: object) -> object:
    """2.0 is an integer to JSON Schema and to clients that know one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Sha256 = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$", description="base64 of 32 bytes")
]
PartNumber = Annotated[StrictInt, Field(ge=1, le=MAX_PARTS), BeforeValidator(_whole)]

# What the rules of an upload check, in sentences of their own, as the contract tells it.


def _text(most: int, *, never: str = "") -> dict[str, str | int]:
    controls = r"\u0000-\u001f\u007f-\u009f"
    printable, visible = f"[^{controls}{never}]", rf"[^\s{controls}{never}]"
    return {"maxLength": most, "pattern": f"^{printable}*{visible}{printable}*$"}


FilmName = Annotated[str, Field(json_schema_extra=_text(MAX_NAME_LENGTH))]
FileName = Annotated[str, Field(json_schema_extra=_text(MAX_FILE_NAME_LENGTH))]
Label = Annotated[str, Field(json_schema_extra=_text(MAX_LABEL_LENGTH, never='"'))]
Size = Annotated[
    StrictInt,
    Field(json_schema_extra={"minimum": 1, "maximum": MAX_SIZE_BYTES}),
    BeforeValidator(_whole),
]


Number = Annotated[
    StrictInt,
    Field(json_schema_extra={"minimum": 1, "maximum": MAX_NUMBER}),
    BeforeValidator(_whole),
]


Age = Annotated[
    StrictInt,
    Field(json_schema_extra={"minimum": 0, "maximum": OLDEST}),
    BeforeValidator(_whole),
]


class Body(BaseModel):
    """A request body: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid")


class PageWanted(BaseModel):
    """Which part of a list, by its query: what it does not know is a mistake there, too."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=MAX_PAGE)
    after: str | None = Field(None, pattern=r"^ast_[0-9a-z]{26}$")


class NewEpisode(Body):
    """Which episode of which series an upload is."""

    series: FilmName
    season: Number
    episode: Number

    def place(self) -> EpisodeOf:
        """The place in the series."""
        return EpisodeOf(self.series, self.season, self.episode)


class NewUpload(Body):
    """POST /v1/uploads."""

    name: FilmName
    file_name: FileName
    size_bytes: Size
    scheme: Scheme = Scheme.CBCS
    episode_of: NewEpisode | None = None
    maturity: Age = UNRATED


class Rating(Body):
    """PATCH /v1/assets/{asset_id}."""

    maturity: Age


class NewCaptions(Body):
    """PUT /v1/uploads/{asset_id}/captions/{language}."""

    label: Label
    text: str = Field(description="the whole file, WebVTT or SubRip")


class PartToSign(Body):
    """One part about to be sent."""

    part_number: PartNumber
    sha256: Sha256


class PartsToSign(Body):
    """POST /v1/uploads/{asset_id}/parts."""

    parts: list[PartToSign] = Field(min_length=1, json_schema_extra={"maxItems": MAX_SIGNED_PARTS})


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


class SentPartView(BaseModel):
    """A part that the storage has."""

    part_number: int
    etag: str
    sha256: str


class SentPartsView(BaseModel):
    """An upload that is gone on with: how its file is cut, and what of it is there."""

    asset_id: str
    size_bytes: int
    part_size_bytes: int
    part_count: int
    parts: list[SentPartView]

    @classmethod
    def of(cls, asset: Asset, parts: Sequence[Part]) -> SentPartsView:
        """The view of an asset that is being uploaded."""
        return cls(
            asset_id=asset.asset_id,
            size_bytes=asset.size_bytes,
            part_size_bytes=PART_SIZE_BYTES,
            part_count=asset.part_count,
            parts=[SentPartView(**vars(part)) for part in parts],
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


class CaptionTrackView(BaseModel):
    """Captions in one language."""

    language: str
    label: str


class EpisodeView(BaseModel):
    """A place in a series."""

    series_id: str
    series: str
    season: int
    episode: int


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
    scheme: str
    captions: list[CaptionTrackView]
    episode_of: EpisodeView | None
    maturity: int

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
            scheme=asset.scheme.value,
            captions=[CaptionTrackView(**vars(track)) for track in asset.captions],
            episode_of=EpisodeView(**asset.episode_of.on_the_bus()) if asset.episode_of else None,
            maturity=asset.maturity,
        )


class AssetsView(BaseModel):
    """Assets, newest first."""

    assets: list[AssetView]
    next_after: str | None
