"""Resume points over HTTP; whose they are is what the token says, never the body."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from kernel.errors import InvalidInputError
from kernel.web.payload import Event, Reply, claims, json_body, reply
from progress.domain import ResumePoint
from progress.service import ProgressTracker

FIELDS = frozenset(["position_seconds", "duration_seconds", "recorded_at"])


def shown(point: ResumePoint) -> dict[str, Any]:
    """A resume point as devices see it."""
    return {
        "title_id": point.title_id,
        "position_seconds": point.position_seconds,
        "duration_seconds": point.duration_seconds,
        "finished": point.finished,
        "recorded_at": point.recorded_at.isoformat(),
    }


def routes(tracker: ProgressTracker) -> Callable[[Event], Reply]:
    """`PUT` and `GET /v1/progress/{title_id}`, `GET /v1/progress`, for members."""

    def answer(event: Event) -> Reply:
        profile_id = claims(event, "member")["profile"]
        title_id = (event.get("pathParameters") or {}).get("title_id")
        if title_id is None:
            return reply(200, {"progress": [shown(p) for p in tracker.watched(profile_id)]})
        if event["requestContext"]["http"]["method"] == "PUT":
            body = json_body(event)
            _refuse_others(body)
            tracker.record(
                profile_id,
                title_id,
                position_seconds=_number(body, "position_seconds"),
                duration_seconds=_number(body, "duration_seconds"),
                recorded_at=_moment(body, "recorded_at"),
            )
            return reply(204)
        return reply(200, shown(tracker.resume(profile_id, title_id)))

    return answer


def _refuse_others(body: dict[str, Any]) -> None:
    unknown = sorted(set(body) - FIELDS)
    if unknown:
        raise InvalidInputError(f"There is no field {unknown[0]}.", field=unknown[0])


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInputError(f"{name} must be a number.", field=name)
    try:
        return float(value)
    except OverflowError as error:
        raise InvalidInputError(f"{name} is out of all proportion.", field=name) from error


def _moment(body: dict[str, Any], name: str) -> datetime:
    value = body.get(name)
    try:
        return datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise InvalidInputError(f"{name} must be a moment in ISO 8601.", field=name) from error
