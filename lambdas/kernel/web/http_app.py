"""FastAPI as every domain with staff or account screens uses it: problems, claims, Mangum."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from mangum import Mangum

from kernel.errors import DomainError, InvalidInputError
from kernel.web.payload import claims
from kernel.web.problems import PROBLEM_JSON, problem, status_of

TEXT_TYPES = [
    "application/json",
    PROBLEM_JSON,
    "application/javascript",
    "application/xml",
    "text/",
]
"""Mangum sends every other type in base64, which API Gateway would pay for and clients not see."""

Claims = dict[str, str]


def new_app(title: str) -> FastAPI:
    """An application whose every refusal is problem+json."""
    app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None)

    def refuse(_request: Request, error: Exception) -> Response:
        refusal = error if isinstance(error, DomainError) else _first_problem(error)
        return JSONResponse(
            problem(refusal), status_code=status_of(refusal), media_type=PROBLEM_JSON
        )

    app.add_exception_handler(DomainError, refuse)
    app.add_exception_handler(RequestValidationError, refuse)
    return app


def _first_problem(error: Exception) -> InvalidInputError:
    """The first thing wrong with a request, by the name of its field."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"] if part != "body")
    return InvalidInputError(
        f"{field or 'The request body'}: {first['msg']}.",
        field=field,
        errors=jsonable_encoder([{"loc": e["loc"], "msg": e["msg"]} for e in error.errors()]),
    )


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

    return handler
