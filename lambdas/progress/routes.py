"""Resume points and history over HTTP; whose they are is what the token says, never the request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kernel.web.payload import Event, Reply, claims, reply
from progress.service import Place, ProgressTracker
from progress.titles import Entry

Answer = Callable[[Event], Reply]


def shown(place: Place) -> dict[str, Any]:
    """A resume point as devices see it."""
    return {
        "title_id": place.point.title_id,
        "position_seconds": place.point.position_seconds,
        "duration_seconds": place.point.duration_seconds,
        "finished": place.finished,
        "recorded_at": place.point.recorded_at.isoformat(),
    }


def entry_shown(entry: Entry) -> dict[str, Any]:
    """Something to go on with, as devices see it."""
    return {
        "title_id": entry.title_id,
        "position_seconds": entry.position_seconds,
        "duration_seconds": entry.duration_seconds,
        "is_next": entry.is_next,
    }


def routes(tracker: ProgressTracker) -> Answer:
    """`/v1/progress` and `/v1/history`, for members."""

    def progress(profile_id: str, event: Event) -> Reply:
        title_id = (event.get("pathParameters") or {}).get("title_id")
        if title_id is None:
            watched = tracker.watched(profile_id)
            answer = {
                "progress": [shown(place) for place in watched.places],
                "continue_watching": [entry_shown(entry) for entry in watched.goes_on_with],
            }
            return reply(200, answer)
        return reply(200, shown(tracker.resume(profile_id, title_id)))

    def history(profile_id: str, event: Event) -> Reply:
        title_id = (event.get("pathParameters") or {}).get("title_id")
        if event["requestContext"]["http"]["method"] == "GET":
            before = (event.get("queryStringParameters") or {}).get("before")
            page = tracker.history(profile_id, before)
            return reply(200, {"history": [shown(p) for p in page.places], "next": page.next})
        if title_id is None:
            tracker.clear(profile_id)
        else:
            tracker.remove(profile_id, title_id)
        return reply(204)

    def answer(event: Event) -> Reply:
        profile_id = claims(event, "member")["profile"]
        about_history = event["rawPath"].startswith("/v1/history")
        return (history if about_history else progress)(profile_id, event)

    return answer
