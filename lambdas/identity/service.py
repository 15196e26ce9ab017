"""Signing in: one public method for each thing a browser, client or operator can ask."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from identity import jwt
from identity.domain import (
    ACCESS_TOKEN_LIFE,
    CODE_LIFE,
    REFRESH_LIFE,
    Account,
    AuthorizationCode,
    AuthorizationRequest,
    Client,
    InvalidGrantError,
    InvalidRequestError,
    RefreshToken,
    UnsupportedGrantTypeError,
    access_claims,
    authorization_request,
    canonical_email,
    checked_password,
    checked_scopes,
    digest,
    granted_scope,
    id_claims,
    verifier_matches,
)
from identity.ports import Accounts, Grants, Passwords, Signer
from kernel.clock import Clock
from kernel.errors import UnauthenticatedError
from kernel.ids import new_id

SECRET_BYTES = 32
"""256 bits: a code or token cannot be guessed."""


class WrongPasswordError(UnauthenticatedError):
    """Address and password do not belong together; which of them is wrong is not told."""

    code = "wrong_password"


@dataclass(frozen=True)
class Registration:
    """Makes accounts; for operators, not for the public."""

    accounts: Accounts
    passwords: Passwords
    clock: Clock

    def create_account(self, email: str, password: str, scopes: tuple[str, ...]) -> Account:
        """A new account; EmailTakenError when the address has one."""
        now = self.clock()
        account = Account(
            account_id=new_id("acc", now),
            email=canonical_email(email),
            password_hash=self.passwords.hash(checked_password(password)),
            scopes=checked_scopes(scopes),
            profile_id=new_id("prf", now),
            created_at=now,
        )
        self.accounts.add(account)
        return account


@dataclass(frozen=True)
class Authorization:
    """The sign-in page's decisions."""

    accounts: Accounts
    grants: Grants
    passwords: Passwords
    clients: Mapping[str, Client]
    clock: Clock

    def request(self, parameters: Mapping[str, str]) -> AuthorizationRequest:
        """What the client asks for; UnknownClientError or an OAuthError."""
        return authorization_request(parameters, self.clients)

    def sign_in(self, request: AuthorizationRequest, email: str, password: str) -> str:
        """A code for the client; WrongPasswordError or InvalidScopeError."""
        account = self.accounts.by_email(email.strip().lower())
        # Verified whether or not the account exists: neither answer nor time tells them apart.
        matches = self.passwords.matches(account.password_hash if account else None, password)
        if account is None or not matches:
            raise WrongPasswordError("That e-mail and password do not match. Try again.")
        code = secrets.token_urlsafe(SECRET_BYTES)
        self.grants.keep_code(
            AuthorizationCode(
                code_digest=digest(code),
                request=request,
                account_id=account.account_id,
                scope=granted_scope(request.scope, account),
                expires_at=self.clock() + CODE_LIFE,
            )
        )
        return code


@dataclass(frozen=True)
class Tokens:
    """The token endpoint's decisions."""

    accounts: Accounts
    grants: Grants
    signer: Signer
    issuer: str
    clock: Clock

    def exchange(self, form: Mapping[str, str]) -> dict[str, str | int]:
        """The token response (RFC 6749 section 5.1) to a form; an OAuthError otherwise."""
        grant_type = form.get("grant_type")
        if grant_type == "authorization_code":
            return self._from_code(form)
        if grant_type == "refresh_token":
            return self._from_refresh(form)
        raise UnsupportedGrantTypeError("grant_type must be authorization_code or refresh_token.")

    def _from_code(self, form: Mapping[str, str]) -> dict[str, str | int]:
        now = self.clock()
        code = self.grants.spend_code(digest(_required(form, "code")), now)
        asked = code.request
        if (
            form.get("client_id") != asked.client_id
            or form.get("redirect_uri") != asked.redirect_uri
            or not verifier_matches(form.get("code_verifier", ""), asked.code_challenge)
        ):
            raise InvalidGrantError("The code was not issued for this client and verifier.")
        refresh = secrets.token_urlsafe(SECRET_BYTES)
        token = RefreshToken(
            token_digest=digest(refresh),
            family_id=new_id("fam", now),
            account_id=code.account_id,
            client_id=asked.client_id,
            device_id=new_id("dev", now),
            scope=code.scope,
            expires_at=now + REFRESH_LIFE,
        )
        self.grants.keep_refresh(token)
        account = self._account(code.account_id)
        identity = id_claims(
            issuer=self.issuer,
            account=account,
            client_id=asked.client_id,
            nonce=asked.nonce,
            now=now,
        )
        return {
            **self._response(account, token, refresh),
            "id_token": self._signed(identity, "JWT"),
        }

    def _from_refresh(self, form: Mapping[str, str]) -> dict[str, str | int]:
        refresh = secrets.token_urlsafe(SECRET_BYTES)
        token = self.grants.rotate_refresh(
            digest(_required(form, "refresh_token")),
            _required(form, "client_id"),
            digest(refresh),
            self.clock(),
        )
        return self._response(self._account(token.account_id), token, refresh)

    def _account(self, account_id: str) -> Account:
        account = self.accounts.by_id(account_id)
        if account is None:
            raise InvalidGrantError("The account no longer exists.")
        return account

    def _response(
        self, account: Account, token: RefreshToken, refresh: str
    ) -> dict[str, str | int]:
        now = self.clock()
        claims = access_claims(
            issuer=self.issuer,
            account=account,
            client_id=token.client_id,
            device_id=token.device_id,
            scope=token.scope,
            token_id=new_id("tok", now),
            now=now,
        )
        return {
            "access_token": self._signed(claims, "at+jwt"),
            "token_type": "Bearer",
            "expires_in": int(ACCESS_TOKEN_LIFE.total_seconds()),
            "refresh_token": refresh,
            "scope": token.scope,
        }

    def _signed(self, claims: Mapping[str, str | int], token_type: str) -> str:
        message = jwt.signing_input(claims, self.signer.key_id, token_type)
        return jwt.assembled(message, self.signer.sign(message))


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise InvalidRequestError(f"{name} is missing.")
    return value
