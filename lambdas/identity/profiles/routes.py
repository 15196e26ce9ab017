"""Profiles over HTTP; whose they are, and which session asks, is what the token says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from identity.accounts.domain import TooManyAttemptsError
from identity.accounts.requests import with_retry_after
from identity.profiles.service import Edit, Profiles, Proof, Session
from kernel import log, pin_grants
from kernel.errors import InvalidInputError
from kernel.ids import names_one
from kernel.web.payload import Event, Reply, claims, json_body, refusal, reply

FIELDS: Mapping[str, type] = {
    "name": str,
    "avatar": str,
    "language": str,
    "maturity": int,
    "kids": bool,
}
_KINDS = {str: "a text", int: "a number", bool: "true or false"}

MOST_CHARACTERS = 1000
"""Of any text here; what it may be is decided further in."""


def routes(profiles: Profiles) -> Callable[[Event], Reply]:
    """`/v1/profiles` and what is below, for members."""

    def entered(event: Event) -> Reply:
        body = _known(json_body(event), "pin", "password")
        profile = profiles.enter(_session(event), _profile_id(event), _proof(body))
        return reply(200, profile.told())

    def deleted(event: Event) -> Reply:
        body = _known(json_body(event), "pin", "password")
        profiles.delete(_session(event), _profile_id(event), _proof(body))
        return reply(204)

    def opened(event: Event) -> Reply:
        body = _known(json_body(event), "title_id", "pin", "password")
        title_id, proof = body.pop("title_id", None), body
        if not names_one(title_id, "ttl"):
            raise InvalidInputError("Name the title by its id.", field="title_id")
        grant = profiles.open_title(_session(event), _profile_id(event), title_id, _proof(proof))
        expires_in = int(pin_grants.LIFE.total_seconds())
        return reply(200, {"pin_grant": grant, "expires_in": expires_in})

    def created(event: Event) -> Reply:
        body = _wanted(event)
        if "name" not in body:
            raise InvalidInputError("A profile needs a name.", field="name")
        made = profiles.create(
            _session(event), _edit(body), _text(body, "pin"), _proof(body.get("proof"))
        )
        return reply(201, made.told())

    def changed(event: Event) -> Reply:
        body = _wanted(event)
        profile = profiles.change(
            _session(event),
            _profile_id(event),
            _edit(body),
            _text(body, "pin"),
            _proof(body.get("proof")),
        )
        return reply(200, profile.told())

    def listed(event: Event) -> Reply:
        every, current = profiles.all(_session(event))
        return reply(
            200, {"current": current.profile_id, "profiles": [one.told() for one in every]}
        )

    answers = {
        "GET /v1/profiles": listed,
        "POST /v1/profiles": created,
        "PATCH /v1/profiles/{profile_id}": changed,
        "POST /v1/profiles/{profile_id}/delete": deleted,
        "POST /v1/profiles/{profile_id}/enter": entered,
        "POST /v1/profiles/{profile_id}/open-title": opened,
    }

    return lambda event: _held_back(answers[event["routeKey"]], event)


def _held_back(answer: Callable[[Event], Reply], event: Event) -> Reply:
    """What a route answers, and when to come back where it was tried too often."""
    try:
        return answer(event)
    except TooManyAttemptsError as error:
        log.note(code=error.code)
        return with_retry_after(refusal(error), error)


def _session(event: Event) -> Session:
    verified = claims(event, "member")
    return Session(verified["sub"], verified["sid"])


def _profile_id(event: Event) -> str:
    return str(event["pathParameters"]["profile_id"])


def _wanted(event: Event) -> dict[str, Any]:
    return _known(json_body(event), *FIELDS, "pin", "proof")


def _known(body: dict[str, Any], *names: str) -> dict[str, Any]:
    unknown = sorted(set(body) - set(names))
    if unknown:
        raise InvalidInputError(f"There is no field {unknown[0]}.", field=unknown[0])
    return body


def _edit(body: Mapping[str, Any]) -> Edit:
    """What of a profile the body says."""
    wanted = {name: body[name] for name in FIELDS if name in body}
    for name, value in wanted.items():
        # To Python, a bool is an int.
        if type(value) is not FIELDS[name]:
            raise InvalidInputError(f"{name} must be {_KINDS[FIELDS[name]]}.", field=name)
    return lambda profile: replace(profile, **wanted)


def _proof(body: object) -> Proof:
    if body is None:
        return Proof()
    if not isinstance(body, dict):
        raise InvalidInputError("proof must be an object.", field="proof")
    given = _known(body, "pin", "password")
    return Proof(_text(given, "pin") or "", _text(given, "password") or "")


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not (isinstance(value, str) and len(value) <= MOST_CHARACTERS):
        raise InvalidInputError(f"{name} must be a text.", field=name)
    return value
