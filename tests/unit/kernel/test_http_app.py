"""FastAPI under Lambda."""

from __future__ import annotations

import asyncio

from kernel.web.http_app import lambda_handler, new_app
from tests.fakes.gateway import call


def test_it_answers_on_a_thread_without_an_event_loop() -> None:
    app = new_app("Test")

    @app.get("/v1/here")
    def here() -> dict[str, bool]:
        return {"here": True}

    handler = lambda_handler(app)
    event = call("GET", "/v1/here")
    event["requestContext"]["http"] |= {"sourceIp": "127.0.0.1"}
    asyncio.set_event_loop(None)

    assert handler(event, None)["statusCode"] == 200
