"""The passkey services over fakes, and an authenticator in front of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from identity.accounts.letters import Letters
from identity.confirmation.domain import Change
from identity.confirmation.routes import ConfirmationRoutes
from identity.confirmation.service import Confirming
from identity.domain import Account
from identity.mfa.check import Owner, OwnerCheck
from identity.oauth.clients import AuthorizationRequest
from identity.oauth.grants import AuthorizationCode, digest
from identity.passkeys.challenges import Challenges
from identity.passkeys.check import PasskeyCheck
from identity.passkeys.domain import Passkey
from identity.passkeys.fido import FidoVerifier
from identity.passkeys.routes import AccountRoutes, SignInRoutes
from identity.passkeys.service import OwnPasskeys, PasskeySignIn
from tests.fakes.accounts import FakeAnnouncements, OpenSeal
from tests.fakes.passkeys import Authenticator
from tests.unit.identity.accounts_server import HERE, ISSUER, ORIGIN, PASSWORD, Desk
from tests.unit.identity.test_sign_in import REQUEST

RP_ID = "example"
ADA = "ada@example.com"


@dataclass
class PasskeyDesk:
    """Everything about passkeys, on a desk of accounts."""

    now: datetime

    def __post_init__(self) -> None:
        self.desk = Desk(self.now)
        self.devices: dict[str, Authenticator] = {}
        """What holds the newest passkey of each."""
        self.clock = self.desk.clock
        self.passkeys = self.desk.passkeys
        self.ceremonies = self.desk.ceremonies
        challenges = Challenges(self.ceremonies, self.clock)
        verifier = FidoVerifier(RP_ID, ISSUER)
        check = PasskeyCheck(
            self.desk.members.accounts,
            self.passkeys,
            challenges,
            verifier,
            FakeAnnouncements(self.desk.told),
            self.desk.limits,
            RP_ID,
            self.clock,
        )
        self.signs_in = PasskeySignIn(check, self.desk.admission)
        self.confirms = Confirming(check)
        self.owners = OwnerCheck(self.desk.check, self.desk.codes, challenges)
        self.own = OwnPasskeys(
            self.owners,
            self.desk.members.accounts,
            self.passkeys,
            challenges,
            verifier,
            Letters(OpenSeal()),
            RP_ID,
            self.clock,
        )
        self.sign_in_routes = SignInRoutes(self.signs_in, ISSUER, ORIGIN)
        self.confirmation_routes = ConfirmationRoutes(self.confirms, ISSUER, ORIGIN)
        self.account_routes = AccountRoutes(self.own, ISSUER, ORIGIN)

    def enters(self, email: str = ADA) -> str:
        """The secret of the page of somebody who has proven who they are."""
        account = self.desk.members.by_email(email)
        if account is not None and account.passkeys and not account.factors:
            return self.own.enter(self.proven(self.devices[email], "passkeys"))
        return self.own.enter(Owner(email, PASSWORD, HERE))

    def options(self, page: str) -> Any:
        """What the page asks an authenticator to make."""
        return self.own.shown(page).options

    def added(
        self, email: str = ADA, name: str = "Phone", **authenticator: Any
    ) -> tuple[Authenticator, Passkey]:
        """Somebody's new passkey."""
        page = self.enters(email)
        made = Authenticator(ISSUER, RP_ID, **authenticator)
        before = set(self.passkeys.passkeys)
        self.own.add(page, name, made.make(self.options(page)))
        (new,) = set(self.passkeys.passkeys) - before
        self.devices[email] = made
        return made, self.passkeys.passkeys[new]

    def confirmed(self, device: Authenticator, change: Change) -> str:
        """The secret of the form of that change, for who showed a passkey."""
        options: Any = self.confirms.options(change, HERE)
        return self.confirms.confirm(change, device.sign(options)).secret

    def proven(self, device: Authenticator, change: Change) -> Owner:
        """An owner who typed nothing."""
        return Owner("", "", HERE, confirmation=self.confirmed(device, change))

    def asked(self) -> Any:
        """What a sign-in page asks an authenticator to sign."""
        return self.signs_in.options(HERE)

    def request(self) -> AuthorizationRequest:
        """A client that wants somebody signed in."""
        return self.desk.admission.request(REQUEST)

    def signed_in(self, sent: str) -> AuthorizationCode:
        """What the client gets for an authenticator's answer."""
        return self.desk.grants.codes[digest(self.signs_in.sign_in(self.request(), sent).code)]

    def member(self, email: str = ADA, **changes: Any) -> Account:
        """Somebody who has an account."""
        return self.desk.member(email, **changes)
