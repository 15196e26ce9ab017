"""The discovery document (OpenID Connect Discovery 1.0, RFC 8414) and the key set."""

from __future__ import annotations

from identity.domain import SCOPES


def discovery_document(issuer: str) -> dict[str, object]:
    """What clients and API Gateway read first."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", *SCOPES],
        "authorization_response_iss_parameter_supported": True,
    }
