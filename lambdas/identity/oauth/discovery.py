"""The discovery document (OpenID Connect Discovery 1.0, RFC 8414)."""

from __future__ import annotations

from identity.domain import SCOPES
from identity.oauth.claims import OPENID_SCOPES
from identity.oauth.clients import GRANT_TYPES, PROMPTS
from identity.oauth.dpop import ALGORITHMS


def discovery_document(issuer: str) -> dict[str, object]:
    """What clients and API Gateway read first."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "end_session_endpoint": f"{issuer}/logout",
        "revocation_endpoint": f"{issuer}/revoke",
        "introspection_endpoint": f"{issuer}/introspect",
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": list(PROMPTS),
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "scopes_supported": [*OPENID_SCOPES, *SCOPES],
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "amr", "nonce", "sid"),
            *("email", "email_verified"),
        ],
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
