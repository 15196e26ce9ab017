"""Playing over HTTP, without a web framework: these are the paths a viewer waits for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from kernel import log
from kernel.errors import InvalidInputError, UnauthenticatedError
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
    header,
    json_body,
    reply,
)
from kernel.web.viewer import OriginSecret, viewer_country
from playback import clearkey
from playback.devices import Device
from playback.domain import (
    LICENCE_TOKEN_LIFE,
    LicenceGrant,
    SessionNotFoundError,
    VendorRefusedError,
    Viewer,
)
from playback.edge_access import CARRIERS, Carrier
from playback.leases import SENTENCES, Reason
from playback.maturity import Sight
from playback.service import Licences, Playback, Started
from playback.vendor_licences import VendorLicences

LARGEST_CHALLENGE = 64 * 1024
"""Bytes. A player's request has up to 20 KB; more is not read."""

LICENCE_TOKEN_HEADER = "X-Marquee-Licence-Token"  # noqa: S105 - a header's name, not a secret

_PARTS = frozenset(
    {"title_id", "device", "take_over", "carrier", "pin_grant", "request_id", "steering"}
)
"""Of a start."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
"""Long enough that nobody draws one twice; a UUID has 36 characters."""

Handler = Callable[[Event, object], Reply]


def session_handler(playback: Playback, origin: OriginSecret, beacons_url: str) -> Handler:
    """The Lambda handler of a member's plays: start, renew the licence token, say how
    it is with one, end. `beacons_url` is where players tell of them."""

    def start(event: Event) -> Reply:
        viewer = viewer_of(event)
        body = json_body(event)
        title_id = body.get("title_id")
        if not names_one(title_id, "ttl"):
            raise InvalidInputError("Name the title by its id.", field="title_id")
        take_over, carrier, follows_steering = _wishes(body)
        device = Device.described(body.get("device"))
        country = viewer_country(event, origin)
        started = playback.start(
            viewer,
            title_id,
            device,
            country,
            take_over,
            carrier,
            _sight(event, body),
            _request_id(body),
            follows_steering=follows_steering,
        )
        log.note(**_start_line(started))
        answer = {**_start_answer(started), "beacons_url": beacons_url}
        return reply(200, answer, cookies=started.opened.cookies)

    def renew(event: Event) -> Reply:
        renewed = playback.renew(viewer_of(event), _known(event))
        return reply(200, _token_answer(renewed.licence_token, renewed.renew_after))

    def state(event: Event) -> Reply:
        session_id = _known(event)
        return reply(200, _state_answer(session_id, playback.ending(viewer_of(event), session_id)))

    def end(event: Event) -> Reply:
        playback.end(viewer_of(event), _known(event))
        log.note(outcome="playback_ended")
        return reply(204)

    routes: dict[str, Callable[[Event], Reply]] = {
        "POST /v1/playback/start": start,
        "POST /v1/playback/sessions/{session_id}/licence-token": renew,
        "GET /v1/playback/sessions/{session_id}": state,
        "DELETE /v1/playback/sessions/{session_id}": end,
    }

    return answering(by_route(routes))


def licence_handler(licences: Licences) -> Handler:
    """The Lambda handler of ClearKey licences; the token in its header is the only guard."""

    def issue(event: Event) -> Reply:
        token = header(event, LICENCE_TOKEN_HEADER)
        kids = clearkey.read_request(json_body(event))
        licence = licences.issue(_session_id(event), token, kids)
        log.note(**_issued(licence.grant, licence.keys, licence.use))
        return reply(200, clearkey.answer(licence.keys))

    return answering(issue)


def vendor_licence_handler(licences: VendorLicences) -> Handler:
    """The Lambda handler of vendors' licences; the token in its header is the only guard."""

    def issue(event: Event) -> Reply:
        drm = str(event.get("routeKey")).rpartition("/")[2]
        token = header(event, LICENCE_TOKEN_HEADER)
        message = bytes_body(event, LARGEST_CHALLENGE)
        try:
            licence = licences.issue(drm, _session_id(event), token, message)
        except VendorRefusedError as error:
            log.note(drm=drm, vendor_reason=error.facts.get("reason"))
            raise
        log.note(**_issued(licence.grant, licence.kids, licence.use))
        return bytes_reply(licence.message, licence.content_type)

    return answering(issue)


def _wishes(body: Mapping[str, Any]) -> tuple[str | None, Carrier | None, bool]:
    """The play to take over and the carrier that a start asks for, if any, whether its player
    follows content steering, and nothing else."""
    take_over = body.get("take_over")
    if take_over is not None and not names_one(take_over, "ses"):
        raise InvalidInputError("Name the play to take over by its id.", field="take_over")
    carrier = body.get("carrier")
    if carrier is not None and carrier not in CARRIERS:
        raise InvalidInputError("The carrier is cookie or token.", field="carrier")
    steering = body.get("steering", False)
    if not isinstance(steering, bool):
        raise InvalidInputError("steering is true or false.", field="steering")
    unknown = sorted(set(body) - _PARTS)
    if unknown:
        raise InvalidInputError(f"{unknown[0]} is not part of a start.", field=unknown[0])
    return take_over, carrier, steering


def _request_id(body: Mapping[str, Any]) -> str | None:
    """What names this start when it is made again."""
    request_id = body.get("request_id")
    if request_id is None:
        return None
    if not isinstance(request_id, str) or _REQUEST_ID.fullmatch(request_id) is None:
        raise InvalidInputError(
            "request_id has 16 to 64 letters, digits, dashes or underscores.", field="request_id"
        )
    return request_id


def viewer_of(event: Event) -> Viewer:
    """Who the access token says is watching; a token without profile, device or sign-in is
    refused, and a device that it does not say has a place has none."""
    verified = claims(event, "member")
    names = [verified.get(name, "") for name in ("sub", "profile", "device", "sid")]
    if not all(names):
        raise UnauthenticatedError("Sign in again: the access token names no profile or device.")
    account_id, profile_id, device_id, family_id = names
    return Viewer(
        account_id,
        profile_id,
        device_id,
        family_id=family_id,
        has_place=verified.get("device_registered") == "true",
    )


def _sight(event: Event, body: Mapping[str, Any]) -> Sight:
    """What the profile may see; a token that does not say it is refused."""
    grant = body.get("pin_grant")
    if grant is not None and not isinstance(grant, str):
        raise InvalidInputError("pin_grant must be a text.", field="pin_grant")
    return Sight(AgeLimit.claimed(claims(event, "member")), grant or "")


def _known(event: Event) -> str:
    """The play in the path; SessionNotFoundError where there can be none of that name."""
    session_id = _session_id(event)
    if not names_one(session_id, "ses"):
        raise SessionNotFoundError("There is no such play.")
    return session_id


def _session_id(event: Event) -> str:
    return str(event.get("pathParameters", {}).get("session_id", ""))


def _token_answer(token: str, renew_after: timedelta) -> dict[str, object]:
    return {
        "licence_token": token,
        "expires_in": int(LICENCE_TOKEN_LIFE.total_seconds()),
        "renew_after": int(renew_after.total_seconds()),
    }


def _state_answer(session_id: str, reason: Reason | None) -> dict[str, object]:
    return {
        "session_id": session_id,
        "state": "playing" if reason is None else "ended",
        "reason": reason,
        "sentence": None if reason is None else SENTENCES[reason],
    }


def _start_answer(started: Started) -> dict[str, Any]:
    session, title = started.session, started.title
    licence_url = f"/v1/playback/sessions/{session.session_id}/licence/{session.drm}"
    return {
        "session_id": session.session_id,
        "manifest_url": started.steered_url or started.manifest_urls[0],
        "steered": started.steered_url is not None,
        "cdns": [
            {"cdn_id": cdn.cdn_id, "manifest_url": url}
            for cdn, url in zip(started.cdns, started.manifest_urls, strict=True)
        ],
        "manifest_type": started.offer.manifest_type,
        "carrier": started.opened.carrier,
        "storyboard_url": title.storyboard
        and started.opened.address(f"/{title.path}/{title.storyboard}"),
        "duration_seconds": title.duration.total_seconds(),
        "drm": {
            "system": started.offer.key_system,
            "licence_url": licence_url,
            **_token_answer(started.licence_token, started.renew_after),
            "licence": clearkey.answer(started.keys) if started.keys else None,
        },
        "ticket": started.ticket,
        "title": {
            "title_id": title.title_id,
            "name": title.name,
            "episode_of": None if title.episode_of is None else vars(title.episode_of),
            "markers": title.markers.told(),
        },
    }


def _start_line(started: Started) -> dict[str, object]:
    """Who plays what; and, as `_issued`, which keys left the vault."""
    session = started.session
    return {
        "outcome": "playback_started",
        "session_id": session.session_id,
        "title_id": session.title_id,
        "asset_id": session.asset_id,
        "account": session.viewer.account_id,
        "device": session.viewer.device_id,
        "manifest": started.manifest_urls[0].rpartition("/")[2],
        "kids": list(started.keys),
        "use": session.licences,
        "gave_way": dict(started.gave_way) or None,
        "repeated": started.is_repeated or None,
    }


def _issued(grant: LicenceGrant, kids: Iterable[str], use: int) -> dict[str, object]:
    """The audit line of keys leaving the vault; never the keys."""
    return {
        "outcome": "licence_issued",
        "session_id": grant.session_id,
        "content_id": grant.asset_id,
        "drm": grant.drm,
        "account": grant.viewer.account_id,
        "device": grant.viewer.device_id,
        "kids": list(kids),
        "use": use,
    }
