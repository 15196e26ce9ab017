"""The token endpoint's decisions."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from identity.accounts.domain import TooManyAttemptsError
from identity.accounts.limited import take_or_tell, tell_of_limit
from identity.accounts.limits import RENEWALS_BY_SIGN_IN, SIGN_INS_BY_ACCOUNT
from identity.accounts.ports import Announcements, Limits
from identity.accounts.sign_in import NOBODY
from identity.consent.domain import is_allowed
from identity.consent.ports import Consents
from identity.devices.domain import Device, Introduced, device_id_of, introduced
from identity.domain import Account
from identity.oauth import jwt
from identity.oauth.claims import (
    ACCESS_TOKEN_LIFE,
    Claims,
    access_claims,
    id_claims,
    kept_scope,
    renewed_scope,
)
from identity.oauth.clients import (
    AUTHORIZATION_CODE,
    REFRESH_TOKEN,
    Client,
    client_for,
)
from identity.oauth.devices import DevicePolls
from identity.oauth.dpop import Proofs
from identity.oauth.errors import InvalidGrantError, InvalidRequestError
from identity.oauth.grants import (
    REFRESH_LIFE,
    SECRET_BYTES,
    Family,
    RefreshToken,
    digest,
)
from identity.oauth.ports import AccessSigners, Grants, Signer
from identity.ports import Accounts
from identity.profiles.domain import ProfileNotFoundError
from kernel.clock import Clock, epoch_milliseconds
from kernel.errors import UnavailableError
from kernel.events.identity import ProofRefused, TokenReused
from kernel.ids import new_id, time_of

ROTATION_TRIES = 3
"""How often a swap that met another one is looked at again: the second look already sees it."""

Answer = dict[str, str | int]


class Registry(Protocol):
    """What this needs of `devices`."""

    def signed_in(self, account: Account, device_id: str, introduced: Introduced) -> Device:
        """The device of a sign-in that begins."""

    def renewed(self, account: Account, device_id: str, introduced: Introduced) -> Device:
        """The device of a sign-in that had no place so far."""


@dataclass(frozen=True)
class Tokens:
    """Exchanges codes, approvals and refresh tokens for access tokens."""

    accounts: Accounts
    grants: Grants
    consents: Consents
    devices: DevicePolls
    proofs: Proofs
    announcements: Announcements
    registry: Registry
    limits: Limits
    signer: Signer
    access_signers: AccessSigners
    clients: Mapping[str, Client]
    issuer: str
    clock: Clock

    def exchange(
        self, form: Mapping[str, str], proof: str | None = None, user_agent: str = ""
    ) -> Answer:
        """The token response (RFC 6749 section 5.1) to a form; an OAuthError otherwise.

        With a DPoP proof the refresh token is bound to its key from then on (RFC 9449 section 5);
        the access token stays one for whoever bears it.
        """
        grant_type = required(form, "grant_type")
        client = client_for(self.clients, form.get("client_id", ""), grant_type)
        key = self.proofs.key_of(proof, "POST", f"{self.issuer}/token")
        if grant_type == AUTHORIZATION_CODE:
            return self._from_code(form, client, key, introduced(user_agent, client.name))
        if grant_type == REFRESH_TOKEN:
            return self._from_refresh(form, client, key, introduced(user_agent, client.name))
        return self._from_device(form, client, key, user_agent)

    def tell_of_refused_proof(self, form: Mapping[str, str]) -> None:
        """Tell that a proof was malformed, old, made for something else or used before: of whose
        sign-in the code or refresh token is that came with it; of nobody's, where none is."""
        code = self.grants.find_code(digest(form.get("code", "")))
        family = family_of(self.grants, RefreshToken.read(form.get("refresh_token", "")))
        now = self.clock()
        told = ProofRefused(
            sequence=epoch_milliseconds(now),
            account_id=NOBODY,
            client_id=form.get("client_id", ""),
            grant_type=form.get("grant_type", ""),
            reason="not_a_proof",
        )
        if family is not None:
            told = replace(told, account_id=family.account_id, family_id=family.family_id)
        elif code is not None:
            told = replace(told, account_id=code.account_id)
        self.announcements.tell(told, now)

    def _from_code(
        self, form: Mapping[str, str], client: Client, key: str, device: Introduced
    ) -> Answer:
        now = self.clock()
        family_id = new_id("fam", now)
        code = self.grants.spend_code(digest(required(form, "code")), family_id)
        if code is not None and code.spent_for:
            # One of the two who hold it stole it: what the first one got ends (RFC 6749 4.1.2).
            self._end_stolen(
                code.account_id, code.spent_for, code.request.client_id, AUTHORIZATION_CODE
            )
        if code is None or code.spent_for or code.expires_at <= now:
            raise InvalidGrantError("The code is unknown, used or expired.")
        if code.is_anothers(key):
            self._tell_of_proof(code.account_id, code.request.client_id, AUTHORIZATION_CODE)
        code.check(
            client_id=client.client_id,
            redirect_uri=form.get("redirect_uri", ""),
            verifier=form.get("code_verifier", ""),
            key=key,
        )
        account = self._account(code.account_id, code.began)
        scope = kept_scope(code.scope, account, code.methods)
        self._check_allowed(account, client, scope)
        held = self._device(account, form, device)
        return self._started(
            family_id,
            account,
            client,
            scope,
            key,
            held,
            nonce=code.request.nonce,
            methods=code.methods,
            profile=form.get("profile", ""),
            signed_in_at=code.signed_in_at,
        )

    def _from_device(
        self, form: Mapping[str, str], client: Client, key: str, user_agent: str
    ) -> Answer:
        approval = self.devices.poll(required(form, "device_code"), client.client_id)
        family_id = new_id("fam", self.clock())
        account = self._account(approval.account_id, approval.asked_at)
        told = introduced(user_agent, client.name, approval.device_name)
        held = self._device(account, form, told)
        # The device has shown nothing of its own: whoever let it in has.
        return self._started(
            family_id,
            account,
            client,
            approval.scope,
            key,
            held,
            methods="",
            profile=form.get("profile", ""),
        )

    def _device(self, account: Account, form: Mapping[str, str], told: Introduced) -> Device:
        """What the sign-in is on: known again by the key that the client keeps, if it does.

        TooManyAttemptsError for an account that signs in without end.
        """
        account_id = account.account_id
        take_or_tell(
            self.limits,
            self.announcements,
            SIGN_INS_BY_ACCOUNT,
            account_id,
            lambda: account_id,
            self.clock(),
        )
        device_id = device_id_of(account.account_id, form.get("device_key", ""), self.clock())
        return self.registry.signed_in(account, device_id, told)

    def _started(
        self,
        family_id: str,
        account: Account,
        client: Client,
        scope: str,
        key: str,
        device: Device,
        *,
        methods: str,
        nonce: str = "",
        profile: str = "",
        signed_in_at: datetime | None = None,
    ) -> Answer:
        now = self.clock()
        begins_as = account.household.begins_as(profile).profile_id
        first = RefreshToken(account.account_id, family_id, _new_secret(), _new_secret())
        family = Family(
            family_id=family_id,
            account_id=account.account_id,
            client_id=client.client_id,
            device_id=device.device_id,
            scope=scope,
            started_at=now,
            expires_at=now + REFRESH_LIFE,
            family_digest=digest(first.family_secret),
            token_digest=digest(first.secret),
            key_thumbprint=key,
            profile_id=begins_as,
            methods=methods,
            device_registered=device.is_registered,
            signed_in_at=signed_in_at,
        )
        self.grants.start(family)
        answer = self._response(account, family, first, scope, begins_as)
        if "openid" not in scope.split():
            return answer
        identity = id_claims(
            issuer=self.issuer, account=account, family=family, nonce=nonce, now=now
        )
        return {**answer, "id_token": _signed(identity, jwt.ID_TOKEN, self.signer)}

    def _from_refresh(
        self, form: Mapping[str, str], client: Client, key: str, told: Introduced
    ) -> Answer:
        presented = RefreshToken.read(required(form, "refresh_token"))
        for _ in range(ROTATION_TRIES):
            now = self.clock()
            family = family_of(self.grants, presented)
            if presented is None or family is None or family.client_id != client.client_id:
                raise InvalidGrantError("The refresh token is unknown.")
            successor = self._answered_before(family, presented, key)
            if successor is None and family.is_anothers(key):
                self._tell_of_proof(
                    family.account_id, family.client_id, REFRESH_TOKEN, family.family_id
                )
            family.check(key, now)
            account = self._account(family.account_id, time_of(family.family_id))
            scope = renewed_scope(form.get("scope", ""), family, account)
            self._check_allowed(account, client, scope)
            profile = watching_as(account, family)
            if successor is not None:
                return self._response(account, family, successor, scope, profile)
            renewed, successor = self._renewed(account, family, presented, key, told)
            if self.grants.rotate(family, renewed):
                return self._response(account, renewed, successor, scope, profile)
        raise UnavailableError("This sign-in is being renewed elsewhere. Try again.")

    def _renewed(
        self,
        account: Account,
        family: Family,
        presented: RefreshToken,
        key: str,
        told: Introduced,
    ) -> tuple[Family, RefreshToken]:
        """What the sign-in becomes, and the token that renews it next."""
        now, secret = self.clock(), _new_secret()
        arrival_ms = self._next_arrival_ms(family, now)
        renewed = family.renewed(presented, secret, key, now, arrival_ms=arrival_ms)
        if not family.device_registered:
            device = self.registry.renewed(account, family.device_id, told)
            renewed = replace(renewed, device_registered=device.is_registered)
        return renewed, presented.followed_by(secret)

    def _next_arrival_ms(self, family: Family, now: datetime) -> int:
        try:
            return _next_arrival_ms(family, now)
        except TooManyAttemptsError:
            tell_of_limit(
                self.limits,
                self.announcements,
                RENEWALS_BY_SIGN_IN,
                family.family_id,
                lambda: family.account_id,
                now,
            )
            raise

    def _answered_before(
        self, family: Family, presented: RefreshToken, key: str
    ) -> RefreshToken | None:
        """The successor given before, to a client that did not hear it; None for the token that
        is good now; theft otherwise, with or without the key."""
        if family.is_revoked or family.is_renewed_by(presented):
            return None
        secret = family.answer_again(presented, key, self.clock())
        if secret is None:
            self._end_stolen(family.account_id, family.family_id, family.client_id, REFRESH_TOKEN)
            raise InvalidGrantError(
                "The refresh token was used before; sign in again.",
                reason="refresh_token_reused",
                family=family.family_id,
            )
        return presented.followed_by(secret)

    def _tell_of_proof(
        self, account_id: str, client_id: str, grant_type: str, family_id: str = ""
    ) -> None:
        now = self.clock()
        self.announcements.tell(
            ProofRefused(
                sequence=epoch_milliseconds(now),
                account_id=account_id,
                client_id=client_id,
                grant_type=grant_type,
                family_id=family_id,
            ),
            now,
        )

    def _end_stolen(self, account_id: str, family_id: str, client_id: str, grant_type: str) -> None:
        """End a sign-in of which something spent came again, and tell whoever watches over it."""
        now = self.clock()
        self.grants.revoke(account_id, family_id, now)
        self.announcements.tell(
            TokenReused(
                sequence=epoch_milliseconds(now),
                account_id=account_id,
                family_id=family_id,
                client_id=client_id,
                grant_type=grant_type,
            ),
            now,
        )

    def _account(self, account_id: str, began: datetime) -> Account:
        """Whose sign-in began then; InvalidGrantError when it was ended since, with all others."""
        account = self.accounts.by_id(account_id)
        if account is None or not account.keeps(began):
            raise InvalidGrantError("The account ended this sign-in; sign in again.")
        return account

    def _check_allowed(self, account: Account, client: Client, scope: str) -> None:
        """InvalidGrantError to somebody else's app that the account's owner has stopped since.

        Our own clients need no consent: nothing is read for them.
        """
        if client.is_ours:
            return
        if not is_allowed(self.consents.of(account.account_id), client.client_id, scope):
            raise InvalidGrantError("The account's owner no longer allows this; sign in again.")

    def _response(
        self, account: Account, family: Family, token: RefreshToken, scope: str, profile: str
    ) -> Answer:
        now = self.clock()
        claims = access_claims(
            issuer=self.issuer,
            account=account,
            family=family,
            scope=scope,
            token_id=new_id("tok", now),
            now=now,
            chosen_profile=profile,
        )
        return {
            "access_token": _signed(claims, jwt.ACCESS_TOKEN, self.access_signers.current()),
            "token_type": "Bearer",
            "expires_in": int(ACCESS_TOKEN_LIFE.total_seconds()),
            "refresh_token": str(token),
            "scope": scope,
        }


def _signed(claims: Claims, token_type: str, signer: Signer) -> str:
    message = jwt.signing_input(claims, signer.key_id, token_type)
    return jwt.assembled(message, signer.sign(message))


def family_of(grants: Grants, token: RefreshToken | None) -> Family | None:
    """The sign-in that a token is or was one of; None for what is no token, and for one made up
    by somebody who knows what a sign-in is called."""
    family = None if token is None else grants.family(token.account_id, token.family_id)
    return family if token is not None and family is not None and family.has(token) else None


def _new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def watching_as(account: Account, family: Family) -> str:
    """The profile that the sign-in chose; InvalidGrantError when it was deleted since."""
    try:
        return account.household.watching(family.profile_id).profile_id
    except ProfileNotFoundError as error:
        raise InvalidGrantError("The profile was deleted; sign in again.") from error


def _next_arrival_ms(family: Family, now: datetime) -> int:
    """When the sign-in's next renewal is due; TooManyAttemptsError when this one is not yet.

    Read and written apart, and counted all the same: the write spends a token that only one of
    two renewals at once can spend.
    """
    limit, now_ms = RENEWALS_BY_SIGN_IN, epoch_milliseconds(now)
    moved_ms = limit.next_arrival_ms(family.arrival_ms, now_ms)
    if moved_ms is None:
        raise TooManyAttemptsError(limit.retry_after_seconds(family.arrival_ms, now_ms))
    return moved_ms


def required(form: Mapping[str, str], name: str) -> str:
    """A field of a form; InvalidRequestError when it is absent."""
    value = form.get(name)
    if not value:
        raise InvalidRequestError(f"{name} is missing.")
    return value
