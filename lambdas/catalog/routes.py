"""The catalogue over HTTP: what the home page reads first, hence without a web framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalog.domain import Title, entity_tag
from catalog.series import SERIES_PREFIX, Series
from catalog.service import Catalogue
from kernel.ids import names_one
from kernel.maturity import AgeLimit
from kernel.web.payload import Event, Reply, claims, header, reply


def shown(title: Title) -> dict[str, Any]:
    """A title as members see it; addresses are paths of the public origin."""
    place = title.episode_of
    return {
        "title_id": title.title_id,
        "kind": "episode" if place else "film",
        "asset_id": title.asset_id,
        "name": title.name,
        "duration_seconds": title.duration_seconds,
        "poster_url": f"/{title.poster}",
        "published_at": title.published_at.isoformat(),
        "episode_of": place.on_the_bus() if place else None,
        "maturity": title.maturity,
    }


def shown_series(series: Series) -> dict[str, Any]:
    """A series as members see it, without its episodes."""
    return {
        "title_id": series.series_id,
        "kind": "series",
        "name": series.name,
        "season_count": len(series.seasons),
        "episode_count": series.episode_count,
        "poster_url": f"/{series.poster}",
        "published_at": series.published_at.isoformat(),
    }


def shown_with_episodes(series: Series) -> dict[str, Any]:
    """A series with its seasons and their episodes, in order."""
    seasons = [
        {"season": season.number, "episodes": [shown(title) for title in season.episodes]}
        for season in series.seasons
    ]
    return {**shown_series(series), "seasons": seasons}


def routes(catalogue: Catalogue) -> Callable[[Event], Reply]:
    """`GET /v1/titles` and `GET /v1/titles/{title_id}`, for members.

    A series is a title, too: it has an id, a place among the others and a page. What is above the
    age limit of the profile that asks is not listed, and refused by its id.
    """

    def answer(event: Event) -> Reply:
        limit = AgeLimit.claimed(claims(event, "member"))
        title_id = (event.get("pathParameters") or {}).get("title_id")
        if title_id is None:
            return _tagged(event, {"titles": [_listed(one) for one in catalogue.shelf(limit)]})
        if names_one(title_id, SERIES_PREFIX):
            return _tagged(event, shown_with_episodes(catalogue.series(title_id, limit)))
        return _tagged(event, shown(catalogue.title(title_id, limit)))

    return answer


def _listed(one: Title | Series) -> dict[str, Any]:
    return shown_series(one) if isinstance(one, Series) else shown(one)


def _tagged(event: Event, document: dict[str, Any]) -> Reply:
    headers = {"etag": entity_tag(document), "cache-control": "private, no-cache"}
    if header(event, "if-none-match") == headers["etag"]:
        return reply(304, headers=headers)
    return reply(200, document, headers=headers)
