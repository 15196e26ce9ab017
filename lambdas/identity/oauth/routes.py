"""The OAuth endpoints over HTTP, without a web framework: they are on every sign-in's path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from identity.accounts.requests import caller_place
from identity.oauth.errors import (
    InvalidClientError,
    InvalidProofError,
    InvalidTokenError,
    OAuthError,
)
from identity.oauth.refusals import Refusals
from identity.oauth.replies import basic_credentials, oauth, parameters, public_client
from kernel.web.payload import Event, Reply, header, reply

Form = Mapping[str, str]


class TokenService(Protocol):
    """What `token` needs of `Tokens`."""

    def exchange(self, form: Form, proof: str | None, user_agent: str) -> dict[str, str | int]:
        """The token response."""

    def tell_of_refused_proof(self, form: Form) -> None:
        """Tell whoever watches over accounts of a proof that was none."""


class AskingService(Protocol):
    """What `device_authorization` needs of `DeviceAuthorization`."""

    def ask(self, form: Form, place: str) -> dict[str, str | int]:
        """The codes for a device."""


class RevokingService(Protocol):
    """What `revoke` needs of `SigningOut`."""

    def revoke(self, form: Form) -> bool:
        """End the sign-in that a token belongs to; whether it belonged to one."""


class TellingService(Protocol):
    """What `introspection` needs of `Introspection`."""

    def introspect(self, form: Form) -> dict[str, object]:
        """What a resource server may know of a token."""

    def userinfo(self, access_token: str) -> dict[str, object]:
        """Who signed in."""


class ResourceServers(Protocol):
    """Who may ask about anybody's tokens."""

    def knows(self, client_id: str, secret: str) -> bool:
        """Whether that is one of them."""


def token(service: TokenService, refusals: Refusals) -> Callable[[Event], Reply]:
    """`POST /token` (RFC 6749 section 3.2)."""

    def answer(event: Event) -> Reply:
        proof, user_agent = header(event, "dpop"), header(event, "user-agent") or ""

        def tell(error: OAuthError) -> None:
            # A proof that was missing is told of where it is missed.
            if proof is not None and isinstance(error, InvalidProofError):
                service.tell_of_refused_proof(public_client(event))

        return refusals.counting(
            caller_place(event),
            lambda: reply(200, service.exchange(public_client(event), proof, user_agent)),
            tell,
        )

    return oauth(answer)


def device_authorization(service: AskingService) -> Callable[[Event], Reply]:
    """`POST /device_authorization` (RFC 8628 section 3.1)."""
    return oauth(lambda event: reply(200, service.ask(public_client(event), caller_place(event))))


def revoke(service: RevokingService, refusals: Refusals) -> Callable[[Event], Reply]:
    """`POST /revoke` (RFC 7009 section 2)."""

    def answer(event: Event) -> Reply:
        place = caller_place(event)
        if not refusals.counting(place, lambda: service.revoke(public_client(event))):
            # Answered as any other, and counted as what it is.
            refusals.count(place)
        return reply(200)

    return oauth(answer)


def introspection(
    service: TellingService,
    known: ResourceServers,
    *,
    servers_refused: Refusals,
    tokens_refused: Refusals,
) -> Callable[[Event], Reply]:
    """`POST /introspect` (RFC 7662) for resource servers, `/userinfo` for signed-in clients."""

    def told(event: Event) -> Reply:
        sent = basic_credentials(event)
        if sent is None or not known.knows(sent.client_id, sent.secret):
            raise InvalidClientError("Only resource servers may ask about tokens.")
        return reply(200, service.introspect(parameters(event)))

    def answer(event: Event) -> Reply:
        place = caller_place(event)
        if event["rawPath"].endswith("/userinfo"):
            return tokens_refused.counting(
                place, lambda: reply(200, service.userinfo(_bearer(event)))
            )
        return servers_refused.counting(place, lambda: told(event))

    return oauth(answer)


def _bearer(event: Event) -> str:
    scheme, _, sent = (header(event, "authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not sent:
        raise InvalidTokenError("Send an access token in the Authorization header.")
    return sent.strip()
