"""The catalogue over HTTP: what the home page reads first, hence without a web framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalog.domain import Title, entity_tag
from catalog.markers import Markers, Span, seconds
from catalog.series import SERIES_PREFIX, Series
from catalog.service import Catalogue
from kernel import log
from kernel.errors import InvalidInputError
from kernel.ids import names_one
from kernel.maturity import AgeLimit
from kernel.web.payload import Event, Reply, claims, header, json_body, reply


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
        "markers": shown_markers(title.markers),
    }


def shown_markers(markers: Markers) -> dict[str, Any]:
    """What may be skipped; null for what nobody marked."""
    return {
        "intro": markers.intro.on_the_bus() if markers.intro else None,
        "credits_at_seconds": markers.credits_at_seconds,
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


def staff_routes(catalogue: Catalogue) -> Callable[[Event], Reply]:
    """`GET` and `PUT /v1/titles/{title_id}/markers`, for staff."""

    def answer(event: Event) -> Reply:
        by = claims(event, "staff")["sub"]
        title_id = str(event["pathParameters"]["title_id"])
        if event["requestContext"]["http"]["method"] == "GET":
            return reply(200, _marked(catalogue.entry(title_id)))
        title = catalogue.mark(title_id, _markers_of(json_body(event)), by)
        log.note(title=title_id, by=by, **shown_markers(title.markers))
        return reply(200, _marked(title))

    return answer


def _marked(title: Title) -> dict[str, Any]:
    return {
        "title_id": title.title_id,
        "duration_seconds": title.duration_seconds,
        **shown_markers(title.markers),
    }


def _markers_of(body: dict[str, Any]) -> Markers:
    _only(body, "", "intro", "credits_at_seconds")
    intro, credits_at = body["intro"], body["credits_at_seconds"]
    return Markers(
        None if intro is None else _span_of(intro),
        None if credits_at is None else seconds("credits_at_seconds", credits_at),
    )


def _span_of(intro: object) -> Span:
    if not isinstance(intro, dict):
        raise InvalidInputError("An intro is an object, or null for none.", field="intro")
    _only(intro, "intro.", "starts_at_seconds", "ends_at_seconds")
    starts_at, ends_at = (
        seconds(f"intro.{name}", intro[name]) for name in ("starts_at_seconds", "ends_at_seconds")
    )
    return Span(starts_at, ends_at)


def _only(told: dict[str, Any], where: str, *fields: str) -> None:
    """All of these fields and no other: what is left out is no way to say "none"."""
    for name in sorted(set(told) - set(fields)):
        raise InvalidInputError(f"There is no field {where}{name}.", field=f"{where}{name}")
    for name in fields:
        if name not in told:
            raise InvalidInputError(f"{where}{name} is missing.", field=f"{where}{name}")


def _listed(one: Title | Series) -> dict[str, Any]:
    return shown_series(one) if isinstance(one, Series) else shown(one)


def _tagged(event: Event, document: dict[str, Any]) -> Reply:
    headers = {"etag": entity_tag(document), "cache-control": "private, no-cache"}
    if header(event, "if-none-match") == headers["etag"]:
        return reply(304, headers=headers)
    return reply(200, document, headers=headers)
