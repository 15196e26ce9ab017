"""What tokens say of an account, and what a sign-in may grant."""

from __future__ import annotations

from datetime import datetime, timedelta

from identity.domain import SCOPES, Account
from identity.oauth.errors import InvalidScopeError, SecondStepRequiredError
from identity.oauth.grants import Family
from kernel.ids import time_of

AUDIENCE = "marquee"
"""What every access token is for; API Gateway's authorizer accepts no other."""

ACCESS_TOKEN_LIFE = timedelta(minutes=10)
"""A ban reaches cached browsing after at most this long."""

DEFAULT_SCOPE = "member"
"""What a client wants that names nothing at all (RFC 6749 section 3.3)."""

OPENID_SCOPES = ("openid", "email")
"""What a client may learn of who signed in (OpenID Connect Core section 5.4)."""

Claims = dict[str, str | int | list[str]]

TWO_FACTORS = "mfa"
"""RFC 8176: more than one factor was proven."""

SCOPES_OF_TWO_FACTORS = frozenset({"staff"})
"""What no sign-in by one factor gets."""


def granted_scope(asked: str, account: Account, methods: str) -> str:
    """The scope that a sign-in grants: what was asked for, is held and was proven enough for.

    `methods` say how the owner was known (RFC 8176). Unknown words are passed over, as RFC 6749
    section 3.3 allows: the answer says what was granted. InvalidScopeError where nothing is left:
    nobody gets what they did not ask for. Asking for `staff` without holding it is refused, so that
    nobody thinks they have it; SecondStepRequiredError to who holds it and came by one factor.
    """
    words = asked.split() or [DEFAULT_SCOPE]
    if "staff" in words and "staff" not in account.scopes:
        raise InvalidScopeError("This account has no staff access.")
    if not all(_is_proven(word, methods) for word in words):
        raise SecondStepRequiredError(
            "Staff access needs a second step, and this sign-in had none."
        )
    wanted = [scope for scope in account.scopes if scope in words]
    openid = [scope for scope in OPENID_SCOPES if scope in words and "openid" in words]
    if not (openid or wanted):
        raise InvalidScopeError("scope asks for nothing that there is.")
    return " ".join([*openid, *wanted])


def kept_scope(scope: str, account: Account, methods: str) -> str:
    """What of a granted scope is still good: the account may have lost some of it, and what was
    granted under another rule needs two factors today; InvalidScopeError for nothing at all."""
    held = [
        word
        for word in scope.split()
        if word not in SCOPES or (word in account.scopes and _is_proven(word, methods))
    ]
    if not held:
        raise InvalidScopeError("The account no longer holds what scope asks for.")
    return " ".join(held)


def renewed_scope(asked: str, family: Family, account: Account) -> str:
    """The scope of a new access token: as before, less what was not asked for this time or what
    is no longer good; InvalidScopeError for more (RFC 6749 section 6)."""
    before = family.scope.split()
    words = asked.split() or before
    if not set(words) <= set(before):
        raise InvalidScopeError("scope asks for more than the sign-in granted.")
    asked_again = " ".join(word for word in before if word in words)
    return kept_scope(asked_again, account, family.methods)


def _is_proven(word: str, methods: str) -> bool:
    return word not in SCOPES_OF_TWO_FACTORS or TWO_FACTORS in methods.split()


def access_claims(
    *,
    issuer: str,
    account: Account,
    family: Family,
    scope: str,
    token_id: str,
    now: datetime,
    chosen_profile: str = "",
) -> Claims:
    """The claims of an access token (RFC 9068); flat strings, as API Gateway passes them on."""
    profile = account.household.watching(chosen_profile)
    return {
        "iss": issuer,
        "sub": account.account_id,
        "aud": AUDIENCE,
        "client_id": family.client_id,
        "scope": scope,
        "profile": profile.profile_id,
        "maturity": str(profile.maturity),
        "kids": "true" if profile.kids else "false",
        "device": family.device_id,
        "device_registered": "true" if family.device_registered else "false",
        "sid": family.family_id,
        # Flat, where an ID token has a list: API Gateway would pass on `[pwd otp]`.
        "amr": family.methods,
        "auth_time": _auth_time(family),
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_TOKEN_LIFE).timestamp()),
        "jti": token_id,
    }


def _auth_time(family: Family) -> int:
    """When the sign-in was: its code was exchanged at most a minute later, unless it was kept."""
    return int((family.signed_in_at or time_of(family.family_id)).timestamp())


def id_claims(
    *, issuer: str, account: Account, family: Family, nonce: str, now: datetime
) -> Claims:
    """The claims of an ID token (OpenID Connect Core section 2)."""
    claims: Claims = {
        "iss": issuer,
        "sub": account.account_id,
        "aud": family.client_id,
        "sid": family.family_id,
        "auth_time": _auth_time(family),
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_TOKEN_LIFE).timestamp()),
    }
    # Whether there is anybody to choose from, so that a client need not ask before it shows films.
    claims["profiles"] = len(account.household.profiles)
    if family.methods:
        claims["amr"] = family.methods.split()
    claims |= email_claims(account, family.scope)
    return {**claims, "nonce": nonce} if nonce else claims


def email_claims(account: Account, scope: str) -> Claims:
    """What the scope `email` tells (OpenID Connect Core section 5.4).

    An address is always a verified one: it comes to its account with a code that was sent there,
    or by an operator who answers for it.
    """
    if "email" not in scope.split():
        return {}
    return {"email": account.email, "email_verified": True}
