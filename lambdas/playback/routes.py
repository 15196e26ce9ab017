"""Playing over HTTP, without a web framework: these are the paths a viewer waits for."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from kernel.errors import DomainError, InvalidInputError, NotFoundError, UnauthenticatedError
from kernel.web.payload import Event, Reply, answering, claims, header, json_body, reply
from kernel.web.viewer import OriginSecret, viewer_country
from playback import clearkey
from playback.domain import LICENCE_TOKEN_LIFE, Device, Viewer
from playback.service import Licence, Licences, Playback, Started

LICENCE_TOKEN_HEADER = "X-Marquee-Licence-Token"  # noqa: S105 - a header's name, not a secret

Handler = Callable[[Event, object], Reply]

_log = logging.getLogger("playback")


def _logged(work: Callable[[Event], Reply]) -> Callable[[Event], Reply]:
    """One line for each refusal: the route and the code, nothing of the request's contents."""

    def logging_work(event: Event) -> Reply:
        try:
            return work(event)
        except DomainError as error:
            line = {"event": "refused", "route": event.get("routeKey"), "code": error.code}
            _log.info(json.dumps(line))
            raise

    return logging_work


def session_handler(playback: Playback, origin: OriginSecret) -> Handler:
    """The Lambda handler of a member's plays: start, renew the licence token, end."""

    def start(event: Event) -> Reply:
        viewer = _viewer(event)
        body = json_body(event)
        title_id = body.get("title_id")
        if not isinstance(title_id, str) or not title_id:
            raise InvalidInputError("Name the title.", field="title_id")
        unknown = sorted(set(body) - {"title_id", "device"})
        if unknown:
            raise InvalidInputError(f"{unknown[0]} is not part of a start.", field=unknown[0])
        device = Device.described(body.get("device"))
        started = playback.start(viewer, title_id, device, viewer_country(event, origin))
        _log.info(json.dumps(_start_line(started)))
        return reply(200, _start_answer(started), cookies=started.cookies)

    def renew(event: Event) -> Reply:
        token = playback.renew(_viewer(event), _session_id(event))
        return reply(200, _token_answer(token))

    def end(event: Event) -> Reply:
        viewer, session_id = _viewer(event), _session_id(event)
        playback.end(viewer, session_id)
        line = {"event": "playback_ended", "session_id": session_id, "account": viewer.account_id}
        _log.info(json.dumps(line))
        return reply(204)

    routes: dict[str, Callable[[Event], Reply]] = {
        "POST /v1/playback/start": start,
        "POST /v1/playback/sessions/{session_id}/licence-token": renew,
        "DELETE /v1/playback/sessions/{session_id}": end,
    }

    def route(event: Event) -> Reply:
        work = routes.get(str(event.get("routeKey")))
        if work is None:
            raise NotFoundError("There is nothing here.")
        return work(event)

    return answering(_logged(route))


def licence_handler(licences: Licences) -> Handler:
    """The Lambda handler of ClearKey licences; the token in its header is the only guard."""

    def issue(event: Event) -> Reply:
        token = header(event, LICENCE_TOKEN_HEADER)
        kids = clearkey.read_request(json_body(event))
        licence = licences.issue(_session_id(event), token, kids)
        _log.info(json.dumps(_licence_line(licence)))
        return reply(200, clearkey.answer(licence.keys))

    return answering(_logged(issue))


def _viewer(event: Event) -> Viewer:
    """Who the access token says is watching; a token without profile or device is refused."""
    verified = claims(event, "member")
    profile_id, device_id = verified.get("profile"), verified.get("device")
    if not verified["sub"] or not profile_id or not device_id:
        raise UnauthenticatedError("Sign in again: the access token names no profile or device.")
    return Viewer(verified["sub"], profile_id, device_id)


def _session_id(event: Event) -> str:
    return str(event.get("pathParameters", {}).get("session_id", ""))


def _token_answer(token: str) -> dict[str, object]:
    return {
        "licence_token": token,
        "expires_in": int(LICENCE_TOKEN_LIFE.total_seconds()),
    }


def _start_answer(started: Started) -> dict[str, Any]:
    session, title = started.session, started.title
    licence_url = f"/v1/playback/sessions/{session.session_id}/licence/clearkey"
    return {
        "session_id": session.session_id,
        "manifest_url": started.manifest_url,
        "manifest_type": started.offer.manifest_type,
        "duration_seconds": title.duration.total_seconds(),
        "drm": {
            "system": started.offer.key_system,
            "licence_url": licence_url,
            **_token_answer(started.licence_token),
        },
        "ticket": started.ticket,
        "title": {"title_id": title.title_id, "name": title.name},
    }


def _start_line(started: Started) -> dict[str, object]:
    session = started.session
    return {
        "event": "playback_started",
        "session_id": session.session_id,
        "title_id": session.title_id,
        "asset_id": session.asset_id,
        "account": session.viewer.account_id,
        "device": session.viewer.device_id,
        "manifest_family": started.offer.manifest_family,
    }


def _licence_line(licence: Licence) -> dict[str, object]:
    """The audit line of keys leaving the vault; never the keys."""
    grant = licence.grant
    return {
        "event": "licence_issued",
        "session_id": grant.session_id,
        "content_id": grant.asset_id,
        "account": grant.viewer.account_id,
        "device": grant.viewer.device_id,
        "kids": list(licence.keys),
        "use": licence.use,
    }
