"""Refusals in the words of the OAuth specifications."""

from __future__ import annotations

from typing import ClassVar

from kernel.errors import DomainError, RefusedError


class OAuthError(DomainError):
    """A refusal in the words of RFC 6749 section 5.2: `code` is its `error`."""


class InvalidRequestError(OAuthError):
    """Something required is absent, malformed, or there twice."""

    code: ClassVar[str] = "invalid_request"


class InvalidClientError(OAuthError):
    """Who asks is not a client of ours, or did not prove to be."""

    code: ClassVar[str] = "invalid_client"


class UnauthorizedClientError(OAuthError):
    """The client may not use this grant."""

    code: ClassVar[str] = "unauthorized_client"


class InvalidGrantError(OAuthError):
    """The code or refresh token is unknown, used, expired, or somebody else's."""

    code: ClassVar[str] = "invalid_grant"


class InvalidScopeError(OAuthError):
    """The account does not hold what was asked for."""

    code: ClassVar[str] = "invalid_scope"


class UnsupportedGrantTypeError(OAuthError):
    """Not one of the grants in `clients`."""

    code: ClassVar[str] = "unsupported_grant_type"


class UnsupportedResponseTypeError(OAuthError):
    """Only the code flow is offered."""

    code: ClassVar[str] = "unsupported_response_type"


class LoginRequiredError(OAuthError):
    """The client wants no page shown, and that cannot be."""

    code: ClassVar[str] = "login_required"


class RequestNotSupportedError(OAuthError):
    """Parameters come in the query, not in a request object."""

    code: ClassVar[str] = "request_not_supported"


class RequestUriNotSupportedError(OAuthError):
    """Parameters come in the query, not from elsewhere."""

    code: ClassVar[str] = "request_uri_not_supported"


class InvalidProofError(OAuthError):
    """The DPoP proof is malformed, old, used before, or for something else (RFC 9449 5)."""

    code: ClassVar[str] = "invalid_dpop_proof"


class InvalidTokenError(OAuthError):
    """The access token is not one of ours, is over, or its sign-in was ended (RFC 6750 3.1)."""

    code: ClassVar[str] = "invalid_token"


class InsufficientScopeError(OAuthError):
    """The access token was not given for this (RFC 6750 section 3.1)."""

    code: ClassVar[str] = "insufficient_scope"


class SecondStepRequiredError(RefusedError):
    """Staff access was asked for after one factor alone: shown to the person, who can mend it."""

    code: ClassVar[str] = "second_step_required"


class UnknownClientError(DomainError):
    """Who asks, or where to send the answer, is not known: shown to the person, not redirected."""

    code: ClassVar[str] = "unknown_client"
