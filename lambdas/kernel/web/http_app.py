"""FastAPI as every domain with staff or account screens uses it: problems, claims, Mangum."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from mangum import Mangum
from starlette.exceptions import HTTPException

from kernel import log
from kernel.errors import DomainError, InvalidInputError, NotFoundError
from kernel.web.logged import logged
from kernel.web.payload import claims
from kernel.web.problems import MOST_QUOTED, PROBLEM_JSON, problem, status_of

TEXT_TYPES = [
    "application/json",
    PROBLEM_JSON,
    "application/javascript",
    "application/xml",
    "text/",
]
"""Mangum sends every other type in base64, which API Gateway would pay for and clients not see."""

MOST_ERRORS = 20
"""Of one request; a list of ten thousand parts may hold a mistake in each."""

Claims = dict[str, str]


def new_app(title: str) -> FastAPI:
    """An application whose every refusal is problem+json."""
    app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None)

    def refuse(_request: Request, error: Exception) -> Response:
        refusal = error if isinstance(error, DomainError) else _refusal_of(error)
        log.note(code=refusal.code)
        # In ASCII: a refusal may quote a field whose name UTF-8 cannot hold.
        return Response(
            json.dumps(problem(refusal)), status_code=status_of(refusal), media_type=PROBLEM_JSON
        )

    for kind in (DomainError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, refuse)
    return app


def _refusal_of(error: Exception) -> DomainError:
    """The first thing wrong with a request, by the name of its field, in our words."""
    if isinstance(error, HTTPException):
        if error.status_code == HTTPStatus.BAD_REQUEST:
            return InvalidInputError("The request body is not JSON.", field="body")
        return NotFoundError("There is nothing here.")
    if not isinstance(error, RequestValidationError):
        raise error
    found = [(_field(one["loc"]), one["msg"]) for one in error.errors()[:MOST_ERRORS]]
    field, message = found[0]
    return InvalidInputError(
        f"{field or 'The request body'}: {message}.",
        field=field,
        errors=[{"field": where, "message": said} for where, said in found],
    )


def _field(loc: Sequence[object]) -> str:
    return ".".join(str(part) for part in loc if part != "body")[:MOST_QUOTED]


def caller(scope: str) -> Callable[[Request], Claims]:
    """A dependency: the claims API Gateway verified for a caller who holds the scope."""

    def verified(request: Request) -> Claims:
        return claims(request.scope.get("aws.event", {}), scope)

    return verified


def lambda_handler(app: FastAPI) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The application as a Lambda handler."""
    adapter = Mangum(app, lifespan="off", text_mime_types=TEXT_TYPES)
    loop = asyncio.new_event_loop()

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        # Mangum runs on the thread's current loop, which newer Pythons no longer make by asking.
        asyncio.set_event_loop(loop)
        return dict(adapter(event, context))

    return logged(handler)
