"""Uploads and assets over HTTP, for staff."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Query

from kernel.web.http_app import caller, new_app
from media.domain import CaptionTrack, Part
from media.schemas import (
    AssetsView,
    AssetView,
    CaptionTrackView,
    CompletedView,
    NewCaptions,
    NewUpload,
    PageWanted,
    PartsToSign,
    Rating,
    SentParts,
    SentPartsView,
    SignedPartsView,
    UploadView,
)
from media.service import Ingest

Wanted = Annotated[PageWanted, Query()]


def create_app(ingest: Ingest) -> FastAPI:
    """The application; every route needs the scope `staff`."""
    app = new_app("Marquee media")
    app.router.dependencies.append(Depends(caller("staff")))
    _add_uploads(app, ingest)
    _add_assets(app, ingest)
    return app


def _add_uploads(app: FastAPI, ingest: Ingest) -> None:
    @app.post("/v1/uploads", status_code=201)
    def begin_upload(body: NewUpload) -> UploadView:
        return UploadView.of(
            ingest.begin_upload(
                body.name,
                body.file_name,
                body.size_bytes,
                body.scheme,
                body.episode_of.place() if body.episode_of else None,
                body.maturity,
            )
        )

    @app.put("/v1/uploads/{asset_id}/captions/{language}")
    def add_captions(asset_id: str, language: str, body: NewCaptions) -> CaptionTrackView:
        track = CaptionTrack(language, body.label)
        ingest.add_captions(asset_id, track, body.text)
        return CaptionTrackView(**vars(track))

    @app.get("/v1/uploads/{asset_id}/parts")
    def sent_parts(asset_id: str) -> SentPartsView:
        return SentPartsView.of(*ingest.sent_parts(asset_id))

    @app.post("/v1/uploads/{asset_id}/parts")
    def sign_parts(asset_id: str, body: PartsToSign) -> SignedPartsView:
        wanted = [(part.part_number, part.sha256) for part in body.parts]
        return SignedPartsView.of(ingest.sign_parts(asset_id, wanted))

    @app.post("/v1/uploads/{asset_id}/complete")
    def complete_upload(asset_id: str, body: SentParts) -> CompletedView:
        parts = [Part(one.part_number, one.etag, one.sha256) for one in body.parts]
        first = ingest.complete_upload(asset_id, parts)
        return CompletedView(asset_id=asset_id, first_asset_id=first)


def _add_assets(app: FastAPI, ingest: Ingest) -> None:
    @app.get("/v1/assets")
    def list_assets(wanted: Wanted) -> AssetsView:
        page = ingest.recent_assets(wanted.limit, wanted.after)
        return AssetsView(
            assets=[AssetView.of(asset) for asset in page.assets], next_after=page.next_after
        )

    @app.get("/v1/assets/{asset_id}")
    def get_asset(asset_id: str) -> AssetView:
        return AssetView.of(ingest.asset(asset_id))

    @app.patch("/v1/assets/{asset_id}")
    def rate(asset_id: str, body: Rating) -> AssetView:
        ingest.rate(asset_id, body.maturity)
        return AssetView.of(ingest.asset(asset_id))

    @app.post("/v1/assets/{asset_id}/retry", status_code=202)
    def retry(asset_id: str) -> AssetView:
        ingest.retry(asset_id)
        return AssetView.of(ingest.asset(asset_id))

    @app.post("/v1/assets/{asset_id}/cancel", status_code=202)
    def cancel(asset_id: str) -> AssetView:
        ingest.cancel(asset_id)
        return AssetView.of(ingest.asset(asset_id))

    @app.delete("/v1/assets/{asset_id}", status_code=204)
    def delete(asset_id: str) -> None:
        ingest.delete(asset_id)
