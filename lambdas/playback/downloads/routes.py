"""Downloads over HTTP, without a web framework."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from kernel import log
from kernel.errors import InvalidInputError
from kernel.ids import names_one
from kernel.maturity import AgeLimit
from kernel.web.payload import (
    Event,
    Reply,
    answering,
    by_route,
    bytes_body,
    bytes_reply,
    claims,
    json_body,
    reply,
)
from kernel.web.viewer import OriginSecret, viewer_country
from playback import clearkey
from playback.devices import TAKEN_BACK, Device
from playback.domain import VendorRefusedError
from playback.downloads.domain import PLAY_LIFE, Download, DownloadNotFoundError
from playback.downloads.licences import StoredLicences
from playback.downloads.service import Downloads, Granted
from playback.maturity import Sight
from playback.routes import LARGEST_CHALLENGE, viewer_of

Handler = Callable[[Event, object], Reply]


def downloads_handler(downloads: Downloads, origin: OriginSecret) -> Handler:
    """The Lambda handler of a member's downloads."""

    def grant(event: Event) -> Reply:
        body = _body(event, {"title_id", "device"})
        title_id = body.get("title_id")
        if not names_one(title_id, "ttl"):
            raise InvalidInputError("Name the title by its id.", field="title_id")
        viewer, device = viewer_of(event), Device.described(body.get("device"))
        country = viewer_country(event, origin)
        granted = downloads.grant(viewer, title_id, device, country, _sight(event))
        return _granted(granted, "download_granted")

    def renew(event: Event) -> Reply:
        device = Device.described(_body(event, {"device"}).get("device"))
        country = viewer_country(event, origin)
        viewer = viewer_of(event)
        granted = downloads.renew(viewer, _known(event), device, country, _sight(event))
        return _granted(granted, "download_renewed")

    def held(event: Event) -> Reply:
        viewer = viewer_of(event)
        films = [
            {**_answer(one), "device_id": device_id, "is_here": device_id == viewer.device_id}
            for device_id, one in downloads.held(viewer.account_id)
        ]
        return reply(200, {"downloads": films})

    def played(event: Event) -> Reply:
        at = _moment(_body(event, {"at"}).get("at"))
        return reply(200, _answer(downloads.played(viewer_of(event), _known(event), at)))

    def give_back(event: Event) -> Reply:
        downloads.give_back(viewer_of(event).account_id, _known(event))
        log.note(outcome="download_returned")
        return reply(204)

    routes: dict[str, Callable[[Event], Reply]] = {
        "POST /v1/downloads": grant,
        "GET /v1/downloads": held,
        "POST /v1/downloads/{download_id}/renewal": renew,
        "POST /v1/downloads/{download_id}/first-play": played,
        "DELETE /v1/downloads/{download_id}": give_back,
    }

    return answering(by_route(routes))


def stored_licence_handler(licences: StoredLicences, origin: OriginSecret) -> Handler:
    """The Lambda handler of licences that devices store; the access token says whose device."""

    def answer(event: Event) -> Reply:
        path, _, drm = str(event.get("routeKey")).rpartition("/")
        viewer, download_id = viewer_of(event), _known(event)
        message = bytes_body(event, LARGEST_CHALLENGE)
        try:
            if path.endswith("/release"):
                licence = licences.release(drm, viewer, download_id, message)
            else:
                country = viewer_country(event, origin)
                licence = licences.issue(drm, viewer, download_id, country, message, _sight(event))
        except VendorRefusedError as error:
            log.note(drm=drm, vendor_reason=error.facts.get("reason"))
            raise
        log.note(
            outcome="licence_stored" if licence.kids else "licence_released",
            drm=drm,
            download_id=download_id,
            content_id=licence.content_id,
            kids=list(licence.kids),
            use=licence.download.licences,
        )
        return bytes_reply(licence.message, licence.content_type)

    return answering(answer)


def _sight(event: Event) -> Sight:
    return Sight(AgeLimit.claimed(claims(event, "member")))


def _body(event: Event, known: set[str]) -> dict[str, Any]:
    body = json_body(event)
    unknown = sorted(set(body) - known)
    if unknown:
        raise InvalidInputError(f"{unknown[0]} is not part of this.", field=unknown[0])
    return body


def _known(event: Event) -> str:
    """The download in the path; DownloadNotFoundError where there can be none of that name."""
    download_id = str(event.get("pathParameters", {}).get("download_id", ""))
    if not names_one(download_id, "dwl"):
        raise DownloadNotFoundError("This device keeps no such title.")
    return download_id


def _moment(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInputError("Say when, in ISO 8601 with its zone.", field="at")
    return moment


def _granted(granted: Granted, outcome: str) -> Reply:
    title, download = granted.title, granted.download
    # As of every licence: which keys left the vault, for whom; never the keys.
    log.note(
        outcome=outcome,
        download_id=download.download_id,
        title_id=title.title_id,
        content_id=title.asset_id,
        kids=list(granted.keys),
    )
    body = {
        **_answer(download),
        "manifest_url": granted.manifest_url,
        "ticket": granted.ticket,
        "manifest_type": granted.offer.manifest_type,
        "duration_seconds": title.duration.total_seconds(),
        "drm": _drm(granted),
    }
    return reply(200, body, cookies=granted.cookies)


def _drm(granted: Granted) -> dict[str, Any]:
    """Keys, or where the device asks for its licence and gives it back."""
    drm = granted.download.drm
    path = f"/v1/downloads/{granted.download.download_id}"
    is_vendors = drm != "clearkey"
    return {
        "system": granted.offer.key_system,
        "licence": None if is_vendors else clearkey.answer(granted.keys),
        "licence_url": f"{path}/licence/{drm}" if is_vendors else None,
        "release_url": f"{path}/release/{drm}" if drm in TAKEN_BACK else None,
    }


def _answer(download: Download) -> dict[str, Any]:
    first = download.first_played_at
    return {
        "download_id": download.download_id,
        "title_id": download.title_id,
        "name": download.name,
        "granted_at": download.granted_at.isoformat(),
        "expires_at": download.expires_at.isoformat(),
        "first_played_at": None if first is None else first.isoformat(),
        "ends_at": download.ends_at.isoformat(),
        "play_seconds": int(PLAY_LIFE.total_seconds()),
    }
