"""The catalogue over HTTP: what the home page reads first, hence without a web framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalog.domain import Title, entity_tag
from catalog.service import Catalogue
from kernel.web.payload import Event, Reply, claims, header, reply


def shown(title: Title) -> dict[str, Any]:
    """A title as members see it; addresses are paths of the public origin."""
    return {
        "title_id": title.title_id,
        "asset_id": title.asset_id,
        "name": title.name,
        "duration_seconds": title.duration_seconds,
        "poster_url": f"/{title.poster}",
        "published_at": title.published_at.isoformat(),
    }


def routes(catalogue: Catalogue) -> Callable[[Event], Reply]:
    """`GET /v1/titles` and `GET /v1/titles/{title_id}`, for members."""

    def answer(event: Event) -> Reply:
        claims(event, "member")
        title_id = (event.get("pathParameters") or {}).get("title_id")
        if title_id is None:
            return _tagged(event, {"titles": [shown(title) for title in catalogue.shelf()]})
        return _tagged(event, shown(catalogue.title(title_id)))

    return answer


def _tagged(event: Event, document: dict[str, Any]) -> Reply:
    headers = {"etag": entity_tag(document), "cache-control": "private, no-cache"}
    if header(event, "if-none-match") == headers["etag"]:
        return reply(304, headers=headers)
    return reply(200, document, headers=headers)
