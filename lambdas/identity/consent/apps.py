"""What an owner sees of the apps that they allowed, and takes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from identity.consent.domain import Consent
from identity.consent.ports import Consents
from identity.devices.ports import Devices
from identity.mfa.check import Owner, OwnerCheck
from identity.oauth.ports import Grants
from identity.passkeys.challenges import Challenges
from identity.ports import Accounts
from kernel.clock import Clock, epoch_milliseconds
from kernel.events.identity import AppStopped


@dataclass(frozen=True)
class Apps:
    """Each step after proving once who they are, by the page's secret (ADR 426)."""

    owners: OwnerCheck
    accounts: Accounts
    challenges: Challenges
    consents: Consents
    devices: Devices
    grants: Grants
    clock: Clock

    def enter(self, owner: Owner) -> str:
        """The page's secret; what `OwnerCheck` refuses."""
        return self.challenges.page("apps", self.owners.account(owner, "apps"))

    def shown(self, secret: str) -> Sequence[Consent]:
        """What the account allowed; StaleCeremonyError."""
        return self.consents.of(self._owner(secret))

    def withdraw(self, secret: str, client_id: str) -> None:
        """Allow an app nothing any more, and sign it out everywhere; StaleCeremonyError.

        First no new sign-in is let in without a question, then those that are there end.
        """
        account_id = self._owner(secret)
        now = self.clock()
        stopped = AppStopped(
            sequence=epoch_milliseconds(now), account_id=account_id, client_id=client_id
        )
        self.consents.withdraw(stopped, now)
        for session in self.devices.of(account_id, now).sessions:
            if session.client_id == client_id:
                self.grants.revoke(account_id, session.session_id, now)

    def _owner(self, secret: str) -> str:
        return self.challenges.owner(secret, "apps", self.accounts).account_id
