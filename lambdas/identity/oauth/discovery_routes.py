"""Discovery and the key set over HTTP. Every client and gateway asks for them: nothing else of the
OAuth endpoints is loaded with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from identity.oauth.discovery import discovery_document
from kernel.web.payload import Event, Reply, reply

PUBLIC = {"cache-control": "public, max-age=3600"}
"""Discovery and keys: API Gateway caches them for up to two hours itself."""


def discovery(
    issuer: str, jwks: Callable[[], Sequence[Mapping[str, str]]]
) -> Callable[[Event], Reply]:
    """The documents under `GET /.well-known/`: where everything is, and `jwks.json`."""

    def answer(event: Event) -> Reply:
        if event["rawPath"].endswith("/jwks.json"):
            return reply(200, {"keys": [dict(jwk) for jwk in jwks()]}, headers=PUBLIC)
        return reply(200, discovery_document(issuer), headers=PUBLIC)

    return answer
