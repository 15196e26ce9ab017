"""The copy of everything that an owner takes: identity's part, and what every other domain keeps.

The others are asked over HTTP, with a token that is good for nothing else, for a minute. One that
does not answer makes the whole export fail: a part that is missing would look like one that is
not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from identity.accounts.letters import Letters
from identity.accounts.ports import Announcements, Elsewhere
from identity.consent.ports import Consents
from identity.devices.domain import Household
from identity.devices.ports import Devices
from identity.domain import Account
from identity.mfa.check import Owner, OwnerCheck
from identity.oauth import jwt
from identity.oauth.claims import AUDIENCE, Claims
from identity.oauth.ports import Signer
from identity.passkeys.ports import Passkeys
from kernel.account_data import SCOPE
from kernel.clock import Clock
from kernel.events.identity import DataExported
from kernel.ids import new_id

TOKEN_LIFE = timedelta(minutes=1)
"""The domains are asked at once and answer within API Gateway's 30 seconds."""


@dataclass(frozen=True)
class Export:
    """Puts it together."""

    check: OwnerCheck
    passkeys: Passkeys
    consents: Consents
    devices: Devices
    elsewhere: Elsewhere
    letters: Letters
    announcements: Announcements
    signer: Signer
    issuer: str
    clock: Clock

    def of(self, owner: Owner) -> dict[str, Any]:
        """All that is held of an account, in plain values; no secret, hashed or not.

        A blocked account's owner has the same right to it. UnavailableError when a domain does
        not say what it keeps. The owner hears of it by a letter, before anything is given out.
        """
        account = self.check.known(owner, "export").account
        now = self.clock()
        token = self._token(account, now)
        kept = {
            **self._own(account, self.devices.of(account.account_id, now)),
            **self.elsewhere.kept(token),
        }
        facts = {"to": account.email, "when": f"{now:%Y-%m-%d %H:%M} UTC"}
        told = self.letters.write(DataExported, account.account_id, account.language, facts, now)
        self.announcements.tell(told, now)
        return kept

    def _own(self, account: Account, household: Household) -> dict[str, Any]:
        block = account.block
        return {
            "account_id": account.account_id,
            "email": account.email,
            "language": account.language,
            "created_at": account.created_at.isoformat(),
            "scopes": list(account.scopes),
            "second_factors": sorted(account.factors),
            "passkeys": [passkey.told() for passkey in self.passkeys.of(account.account_id)],
            "apps": [
                {
                    "client_id": consent.client_id,
                    "scopes": sorted(consent.scopes),
                    "since": consent.since.isoformat(),
                }
                for consent in self.consents.of(account.account_id)
            ],
            "profiles": [profile.told() for profile in account.household.profiles],
            "devices": [
                {
                    "device_id": device.device_id,
                    "name": device.name,
                    "kind": device.kind,
                    "is_registered": device.is_registered,
                    "first_seen": device.first_seen.isoformat(),
                    "last_seen": device.last_seen.isoformat(),
                }
                for device in household.devices
            ],
            "devices_removed_at": [at.isoformat() for at in household.places.removed_at],
            "sessions": [
                {
                    "session_id": session.session_id,
                    "device_id": session.device_id,
                    "client_id": session.client_id,
                    "began": session.began.isoformat(),
                    "last_used": session.last_used.isoformat(),
                }
                for session in household.sessions
            ],
            "signed_out_everywhere_at": _said(account.sessions_from),
            "deletion_due": _said(account.deletion_due),
            "block": None
            if block is None
            else {"reason": block.reason, "note": block.note, "at": block.at.isoformat()},
        }

    def _token(self, account: Account, now: datetime) -> str:
        claims: Claims = {
            "iss": self.issuer,
            "sub": account.account_id,
            "aud": AUDIENCE,
            "client_id": "export",
            "scope": SCOPE,
            "profiles": " ".join(one.profile_id for one in account.household.profiles),
            "iat": int(now.timestamp()),
            "exp": int((now + TOKEN_LIFE).timestamp()),
            "jti": new_id("tok", now),
        }
        message = jwt.signing_input(claims, self.signer.key_id, jwt.ACCESS_TOKEN)
        return jwt.assembled(message, self.signer.sign(message))


def _said(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
