"""Signing in: one public method for each thing a browser or operator can ask."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from identity.accounts.letters import Letters
from identity.accounts.passwords import new_password
from identity.accounts.ports import Announcements
from identity.accounts.sign_in import PasswordCheck
from identity.consent.asking import Asking
from identity.consent.ports import Consents
from identity.domain import (
    Account,
    Admitted,
    EmailTakenError,
    Proven,
    canonical_email,
    checked_scopes,
)
from identity.mfa.domain import (
    PASSWORD,
    TOTP,
    AuthenticatorApp,
    SecondStepNeededError,
    read_secret,
    sealed_secret,
)
from identity.mfa.ports import Factors, PendingSteps
from identity.mfa.service import begin_second_step
from identity.oauth.claims import granted_scope
from identity.oauth.clients import AuthorizationRequest, Client, authorization_request
from identity.oauth.grants import CODE_LIFE, SECRET_BYTES, AuthorizationCode, digest
from identity.oauth.ports import Grants
from identity.ports import Accounts, Passwords
from kernel.clock import Clock, epoch_milliseconds
from kernel.errors import NotFoundError
from kernel.events.identity import MfaEnabled, OperatorAccountMade, SignInSucceeded
from kernel.ids import new_id
from kernel.sealed import Seal


@dataclass(frozen=True)
class Registration:
    """Makes accounts; for operators, not for the public."""

    accounts: Accounts
    passwords: Passwords
    factors: Factors
    seal: Seal
    letters: Letters
    announcements: Announcements
    clock: Clock

    def create_account(
        self, email: str, password: str, scopes: tuple[str, ...], totp_secret: str = ""
    ) -> Account:
        """A new account; EmailTakenError when the address has one.

        In either case it is told to be an operator's. With a secret, in base32, it signs in in two
        steps from the first time on.
        """
        secret = read_secret(totp_secret) if totp_secret else b""
        now = self.clock()
        account = Account(
            account_id=new_id("acc", now),
            email=canonical_email(email),
            password_hash=self.passwords.hash(new_password(password)),
            scopes=checked_scopes(scopes),
            profile_id=new_id("prf", now),
            created_at=now,
            factors=frozenset({TOTP} if secret else ()),
        )
        try:
            self.accounts.add(account, self._app(account, secret) if secret else None)
        except EmailTakenError:
            # Whoever was stopped before it was told asks again.
            known = self.accounts.by_email(account.email)
            if known is not None:
                self._tell_of(known)
            raise
        self._tell_of(account)
        return account

    def give_app(self, email: str, totp_secret: str) -> Account:
        """Have an account sign in in two steps, by a secret that the operator hands over.

        NotFoundError, TwoStepIsOnError when it does already. Its owner hears of it.
        """
        secret = read_secret(totp_secret)
        account = self.accounts.by_email(canonical_email(email))
        if account is None:
            raise NotFoundError("There is no account with that e-mail address.")
        now = self.clock()
        told = self.letters.write(
            MfaEnabled, account.account_id, account.language, {"to": account.email}, now
        )
        self.factors.turn_on(account, self._app(account, secret), (), told, now)
        return account

    def _app(self, account: Account, secret: bytes) -> AuthenticatorApp:
        sealed = sealed_secret(self.seal, account.account_id, secret)
        return AuthenticatorApp(sealed, last_step=0)

    def _tell_of(self, account: Account) -> None:
        now = self.clock()
        told = OperatorAccountMade(sequence=epoch_milliseconds(now), account_id=account.account_id)
        self.announcements.tell(told, now)


@dataclass(frozen=True)
class Admission:
    """Lets somebody who has proven to be an account's owner into a client."""

    grants: Grants
    announcements: Announcements
    clients: Mapping[str, Client]
    clock: Clock
    consents: Consents

    def request(self, parameters: Mapping[str, str]) -> AuthorizationRequest:
        """What the client asks for; UnknownClientError or an OAuthError."""
        return authorization_request(parameters, self.clients)

    def admit(self, request: AuthorizationRequest, proven: Proven, methods: str) -> Admitted:
        """A code for the client; `methods` say how the owner was known. InvalidScopeError,
        SecondStepRequiredError, or ConsentNeededError for a client whose owner has to be asked
        first."""
        client = self.clients[request.client_id]
        Asking(self.consents, self.clock).check(request, client, proven, methods)
        return self.issue(request, proven, methods)

    def issue(self, request: AuthorizationRequest, proven: Proven, methods: str) -> Admitted:
        """A code for the client, without asking anybody."""
        account = proven.account
        scope = granted_scope(request.scope, account, methods)
        now = self.clock()
        code = secrets.token_urlsafe(SECRET_BYTES)
        self.grants.keep_code(
            AuthorizationCode(
                code_digest=digest(code),
                request=request,
                account_id=account.account_id,
                scope=scope,
                expires_at=now + CODE_LIFE,
                methods=methods,
                signed_in_at=proven.at,
            )
        )
        succeeded = SignInSucceeded(
            sequence=epoch_milliseconds(now),
            account_id=account.account_id,
            client_id=request.client_id,
        )
        self.announcements.tell(succeeded, now)
        return Admitted(account, now, code)


@dataclass(frozen=True)
class Authorization:
    """The sign-in page's decisions."""

    check: PasswordCheck
    pending: PendingSteps
    admission: Admission
    clock: Clock

    def request(self, parameters: Mapping[str, str]) -> AuthorizationRequest:
        """What the client asks for; UnknownClientError or an OAuthError."""
        return self.admission.request(parameters)

    def sign_in(
        self,
        request: AuthorizationRequest,
        email: str,
        password: str,
        place: str,
        cookie: str = "",
    ) -> Admitted:
        """A code for the client; SecondStepNeededError to an account that has a second factor,
        InvalidScopeError, SecondStepRequiredError, or what `PasswordCheck.account` refuses."""
        proven = self.check.account(email, password, place, cookie=cookie)
        if proven.account.factors:
            raise SecondStepNeededError(
                begin_second_step(self.pending, request, proven, self.clock)
            )
        return self.admission.admit(request, proven, PASSWORD)
