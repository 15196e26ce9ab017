"""API Gateway's HTTP APIs as the templates declare them: routes, authorizers, events, refusals."""

from localcloud.gateway.authorizer import (
    FetchError,
    IssuerUnreachableError,
    JwtVerifier,
    fetch_over_http,
)
from localcloud.gateway.gateway import (
    Functions,
    Gateway,
    IamCaller,
    IamRefusedError,
    Invocation,
    VerifyIam,
)

__all__ = [
    "FetchError",
    "Functions",
    "Gateway",
    "IamCaller",
    "IamRefusedError",
    "Invocation",
    "IssuerUnreachableError",
    "JwtVerifier",
    "VerifyIam",
    "fetch_over_http",
]
