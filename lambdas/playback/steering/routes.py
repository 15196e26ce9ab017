"""Steering over HTTP: a play's manifest and order under its own token, and the desk of staff."""

from __future__ import annotations

from collections.abc import Callable

from kernel import log
from kernel.errors import InvalidInputError
from kernel.web.payload import Event, Reply, answering, by_route, claims, json_body, reply
from playback.steering.domain import TTL
from playback.steering.grants import steering_path
from playback.steering.service import HLS, Desk, Steering

Handler = Callable[[Event, object], Reply]

EVERY_ORIGIN = {"access-control-allow-origin": "*"}
"""A token is proof enough, as on `/t`: pages of any origin may read what it opens. A plain GET
without a header of its own asks no preflight."""

HLS_TYPE = "application/vnd.apple.mpegurl"
DASH_TYPE = "application/dash+xml"


def steering_handler(steering: Steering) -> Handler:
    """The Lambda handler of steered players; the token in the path is the only guard."""

    def order(event: Event) -> Reply:
        session_id, token = _named(event, "session_id"), _named(event, "token")
        priority = steering.order(session_id, token)
        log.note(first=priority[0])
        answer = {
            "VERSION": 1,
            "TTL": int(TTL.total_seconds()),
            # Without what a player adds, which would grow with each question.
            "RELOAD-URI": steering_path(session_id, token),
            "PATHWAY-PRIORITY": priority,
        }
        return reply(200, answer)

    def manifest(event: Event) -> Reply:
        session_id, token = _named(event, "session_id"), _named(event, "token")
        name = _named(event, "manifest")
        text = steering.manifest(session_id, token, name, steering_path(session_id, token))
        return {
            "statusCode": 200,
            "headers": {
                "cache-control": "no-store",
                "content-type": HLS_TYPE if name.endswith(HLS) else DASH_TYPE,
            },
            "body": text,
        }

    answers = {
        "GET /v1/playback/sessions/{session_id}/steering/{token}": order,
        "GET /v1/playback/sessions/{session_id}/steering/{token}/{manifest}": manifest,
    }

    return _for_every_origin(answering(by_route(answers)))


def _for_every_origin(handler: Handler) -> Handler:
    """The same answers, refusals too, readable for pages of any origin."""

    def answered(event: Event, context: object) -> Reply:
        answer = handler(event, context)
        return {**answer, "headers": {**answer["headers"], **EVERY_ORIGIN}}

    return answered


def desk_handler(desk: Desk) -> Handler:
    """The Lambda handler of staff who look after the CDNs."""

    def shown() -> Reply:
        cdns, standing = desk.cdns()
        listed = [
            {
                "cdn_id": cdn.cdn_id,
                "origin": cdn.origin,
                "answers": cdn.cdn_id not in standing.down,
                "drained": cdn.cdn_id in standing.drained,
            }
            for cdn in cdns
        ]
        order = standing.order or tuple(cdn.cdn_id for cdn in cdns)
        return reply(200, {"cdns": listed, "order": order})

    def listing(event: Event) -> Reply:
        claims(event, "staff")
        return shown()

    def drain(event: Event) -> Reply:
        by = claims(event, "staff")["sub"]
        body = json_body(event)
        unknown = sorted(set(body) - {"drained"})
        if unknown:
            raise InvalidInputError(f"There is no field {unknown[0]}.", field=unknown[0])
        is_drained = body.get("drained")
        if not isinstance(is_drained, bool):
            raise InvalidInputError("drained is true or false.", field="drained")
        cdn_id = _named(event, "cdn_id")
        desk.drain(cdn_id, is_drained=is_drained)
        log.note(outcome="cdn_drained" if is_drained else "cdn_filled", cdn=cdn_id, by=by)
        return shown()

    answers = {"GET /v1/staff/cdns": listing, "PUT /v1/staff/cdns/{cdn_id}": drain}

    return answering(by_route(answers))


def _named(event: Event, name: str) -> str:
    return str((event.get("pathParameters") or {}).get(name, ""))
