"""What becomes of tokens after they are given: told about, taken back, signed out of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from identity.accounts.limited import take_or_tell
from identity.accounts.limits import USERINFO_BY_ACCOUNT
from identity.accounts.ports import Announcements, Limits
from identity.domain import Account
from identity.oauth import jwt
from identity.oauth.claims import AUDIENCE, email_claims
from identity.oauth.clients import Client, client_named
from identity.oauth.errors import (
    InsufficientScopeError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidTokenError,
)
from identity.oauth.grants import Family, RefreshToken
from identity.oauth.ports import Grants, KeySet
from identity.oauth.tokens import family_of, required, watching_as
from identity.ports import Accounts
from kernel.clock import Clock
from kernel.ids import time_of

NOT_ACTIVE: dict[str, Any] = {"active": False}
"""RFC 7662 section 2.2: nothing more is said, not even why."""


@dataclass(frozen=True)
class TokenReader:
    """Believes the tokens that we signed."""

    keys: KeySet
    issuer: str
    clock: Clock

    def access(self, compact: str) -> Mapping[str, Any] | None:
        """The claims of an access token of ours that is not over; None for anything else."""
        claims = self._signed_here(compact, jwt.ACCESS_TOKEN)
        if claims is None or claims.get("aud") != AUDIENCE:
            return None
        end = claims.get("exp")
        if not isinstance(end, int) or end <= self.clock().timestamp():
            return None
        return claims

    def hint(self, compact: str) -> Mapping[str, Any] | None:
        """The claims of an ID token of ours, over or not (RP-Initiated Logout section 4)."""
        return self._signed_here(compact, jwt.ID_TOKEN)

    def _signed_here(self, compact: str, token_type: str) -> Mapping[str, Any] | None:
        token = jwt.taken_apart(compact)
        if token is None or token.header.get("alg") != "RS256":
            return None
        if token.header.get("typ") != token_type or token.claims.get("iss") != self.issuer:
            return None
        jwk = self.keys.jwk(str(token.header.get("kid")))
        if jwk is None or not jwt.is_signed_by(token, jwk):
            return None
        return token.claims


@dataclass(frozen=True)
class Introspection:
    """Tells resource servers and signed-in clients of tokens as they are now, not when given."""

    accounts: Accounts
    grants: Grants
    reader: TokenReader
    limits: Limits
    announcements: Announcements
    clock: Clock

    def introspect(self, form: Mapping[str, str]) -> dict[str, Any]:
        """What RFC 7662 section 2.2 has a resource server know of a token."""
        token = required(form, "token")
        return self._access(token) or self._refresh(token) or NOT_ACTIVE

    def userinfo(self, access_token: str) -> dict[str, Any]:
        """Who signed in (OpenID Connect Core section 5.3); InvalidTokenError, or
        InsufficientScopeError for a token that was not given for that, TooManyAttemptsError."""
        claims = self._live(access_token)
        if claims is None:
            raise InvalidTokenError("The access token is not ours, is over, or was revoked.")
        if "openid" not in str(claims["scope"]).split():
            raise InsufficientScopeError("This needs the scope openid.")
        account_id = str(claims["sub"])
        take_or_tell(
            self.limits,
            self.announcements,
            USERINFO_BY_ACCOUNT,
            account_id,
            lambda: account_id,
            self.clock(),
        )
        account = self._account(account_id, str(claims["sid"]))
        if account is None:
            raise InvalidTokenError("The account ended this sign-in.")
        return {"sub": account.account_id, **email_claims(account, str(claims["scope"]))}

    def _live(self, access_token: str) -> Mapping[str, Any] | None:
        """The claims of an access token whose sign-in was not ended meanwhile."""
        claims = self.reader.access(access_token)
        if claims is None:
            return None
        family = self.grants.family(str(claims.get("sub")), str(claims.get("sid")))
        return None if family is None or family.is_revoked else claims

    def _account(self, account_id: str, family_id: str) -> Account | None:
        """Whose sign-in it is, unless all of the account's were ended since."""
        account = self.accounts.by_id(account_id)
        return account if account is not None and account.keeps(time_of(family_id)) else None

    def _access(self, token: str) -> dict[str, Any] | None:
        claims = self._live(token)
        if claims is None or self._account(str(claims["sub"]), str(claims["sid"])) is None:
            return None
        return {"active": True, "token_type": "Bearer", **claims}

    def _refresh(self, presented: str) -> dict[str, Any] | None:
        token = RefreshToken.read(presented)
        family = family_of(self.grants, token)
        if token is None or family is None or not family.is_renewed_by(token):
            return None
        if family.is_revoked or family.expires_at <= self.clock():
            return None
        account = self._account(family.account_id, family.family_id)
        if account is None or not _has_its_profile(account, family):
            return None
        told: dict[str, Any] = {
            "active": True,
            "iss": self.reader.issuer,
            "sub": family.account_id,
            "client_id": family.client_id,
            "scope": family.scope,
            "device": family.device_id,
            "sid": family.family_id,
            "exp": int(family.expires_at.timestamp()),
        }
        if family.key_thumbprint:
            told["cnf"] = {"jkt": family.key_thumbprint}
        return told


@dataclass(frozen=True)
class SigningOut:
    """Ends sign-ins: for a client that gives its token back, or a person who signs out."""

    grants: Grants
    reader: TokenReader
    clients: Mapping[str, Client]
    clock: Clock

    def revoke(self, form: Mapping[str, str]) -> bool:
        """End the sign-in that a token belongs to (RFC 7009 section 2.1); whether it had one.

        Of either kind: an access token cannot be called back from the gateway, but what it came
        with can. A token that is unknown or over is passed over without a word, for the caller has
        nothing to do about it (section 2.2); InvalidGrantError for another client's.
        """
        client = client_named(self.clients, required(form, "client_id"))
        presented = required(form, "token")
        token = RefreshToken.read(presented)
        family = family_of(self.grants, token)
        if family is not None:
            _check_is_of(family.client_id, client)
            self.grants.revoke(family.account_id, family.family_id, self.clock())
            return True
        claims = self.reader.access(presented)
        if claims is None:
            return False
        _check_is_of(str(claims.get("client_id")), client)
        self._end(claims)
        return True

    def sign_out(self, parameters: Mapping[str, str]) -> str | None:
        """End the sign-in that an ID token names; where to go then, None for our own page.

        Only to an address that the client has registered, and only when the token or the request
        says which client asks (RP-Initiated Logout section 3): else anybody could send people
        anywhere from here.
        """
        hint = parameters.get("id_token_hint")
        claims = self.reader.hint(hint) if hint else None
        if hint and claims is None:
            raise InvalidRequestError("id_token_hint is not an ID token of ours.")
        named = parameters.get("client_id")
        audience = None if claims is None else str(claims.get("aud"))
        if named and audience and named != audience:
            raise InvalidRequestError("client_id is not whom the id_token_hint was given to.")
        client = self.clients.get(audience or named or "")
        target = parameters.get("post_logout_redirect_uri")
        if target and (client is None or target not in client.post_logout_redirect_uris):
            raise InvalidRequestError("post_logout_redirect_uri is not one of the client's.")
        if claims is not None:
            self._end(claims)
        if not target:
            return None
        state = parameters.get("state")
        return f"{target}?{urlencode({'state': state})}" if state else target

    def _end(self, claims: Mapping[str, Any]) -> None:
        self.grants.revoke(str(claims["sub"]), str(claims["sid"]), self.clock())


def _has_its_profile(account: Account, family: Family) -> bool:
    """Whether whom the sign-in watches as is still there: it is renewed for nobody else."""
    try:
        watching_as(account, family)
    except InvalidGrantError:
        return False
    return True


def _check_is_of(client_id: str, client: Client) -> None:
    if client_id != client.client_id:
        raise InvalidGrantError("The token was given to another client.")
