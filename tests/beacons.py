"""What players tell of their plays, told by tests over the public API."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

from tests.cloud import Person, eventually

CAUGHT_UP_SECONDS = 60
"""A reader of the stream starts cold on a busy machine."""


def batch(
    ticket: str,
    *places: tuple[float, timedelta],
    duration: float = 24.0,
    clock_ahead: timedelta = timedelta(0),
    **more: object,
) -> dict[str, str]:
    """What a player sends of places reached so long ago; `more` is told with each."""
    now = datetime.now(UTC) + clock_ahead
    told = [
        {
            "kind": "position",
            "at": (now - ago).isoformat(),
            "position_seconds": seconds,
            "duration_seconds": duration,
            **more,
        }
        for seconds, ago in places
    ]
    return record({"ticket": ticket, "sent_at": now.isoformat(), "beacons": told})


def record(body: object) -> dict[str, str]:
    """Anything at all, as the gateway takes it."""
    return {"data": base64.b64encode(json.dumps(body).encode()).decode()}


def place(person: Person, title_id: str) -> float | None:
    answer = person.ask("GET", f"/v1/progress/{title_id}")
    return answer.json()["position_seconds"] if answer.status_code == 200 else None


def watch(person: Person, title_id: str, seconds: float, duration: float = 24.0) -> None:
    """Play a title up to a place and leave, until the place is kept."""
    answer = person.play(title_id).answer
    told = batch(answer["ticket"], (seconds, timedelta(0)), duration=duration)
    assert person.ask("POST", answer["beacons_url"], told).status_code == 200
    session = f"/v1/playback/sessions/{answer['session_id']}"
    assert person.ask("DELETE", session).status_code == 204
    eventually(lambda: place(person, title_id) == seconds, CAUGHT_UP_SECONDS, "the place")
