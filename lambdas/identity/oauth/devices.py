"""Letting a TV in: what the TV asks, what the person at the phone sees and decides."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from identity.accounts.device_cookies import known_device
from identity.accounts.limited import take_or_tell
from identity.accounts.limits import (
    DEVICES_BY_PLACE,
    USER_CODES_BY_ACCOUNT,
    USER_CODES_BY_DEVICE,
    USER_CODES_BY_PLACE,
    Limit,
)
from identity.accounts.ports import Announcements, Limits
from identity.accounts.sign_in import NOBODY
from identity.oauth.claims import DEFAULT_SCOPE, OPENID_SCOPES, granted_scope
from identity.oauth.clients import DEVICE_CODE, Client, client_for
from identity.oauth.device_grants import (
    DEVICE_CODE_LIFE,
    POLL_INTERVAL,
    USER_CODE_ALPHABET,
    USER_CODE_LENGTH,
    DeviceGrant,
    UnknownUserCodeError,
    checked_device_name,
    polling_client,
    shown,
    typed,
)
from identity.oauth.errors import InvalidGrantError, InvalidScopeError
from identity.oauth.grants import SECRET_BYTES, digest, verifier_challenge
from identity.oauth.ports import Codes, DeviceGrants, Ticket, Tickets
from identity.ports import Accounts
from kernel.clock import Clock, epoch_milliseconds
from kernel.errors import RefusedError, UnavailableError
from kernel.events.identity import DeviceDecided, UserCodeFailed

PAGE_CLIENT = "device-page"
"""Our own page, as a client of our own sign-in."""

USER_CODE_TRIES = 4
"""Codes that are taken are so rare that a second one in a row means something else is wrong."""


DEVICE_SCOPES = frozenset(["member", *OPENID_SCOPES])
"""Not `staff`: who approves a code does not see the screen it is on, and may be talked into it."""


_ENDED = "The account ended its sign-ins meanwhile. Ask for a new code."


class StaleVisitError(RefusedError):
    """The page was open too long, used before, or opened by another site."""

    code = "stale_visit"


class DevicePolls(Protocol):
    """What the token endpoint needs of this."""

    def poll(self, device_code: str, client_id: str) -> DeviceGrant:
        """The approved grant, once; an OAuthError otherwise."""


@dataclass(frozen=True)
class Polling:
    """`DevicePolls` over what is kept of devices."""

    devices: DeviceGrants
    clock: Clock

    def poll(self, device_code: str, client_id: str) -> DeviceGrant:
        """The approved grant, once; an OAuthError otherwise."""
        now = self.clock()
        grant = polling_client(self.devices.by_device_code(digest(device_code)), client_id)
        refusal = grant.refusal(now)
        if refusal is not None:
            self.devices.note_poll(grant.polled(now))
            raise refusal
        return polling_client(self.devices.take(grant.code_digest), client_id)


@dataclass(frozen=True)
class DeviceAuthorization:
    """The device authorization endpoint's decisions (RFC 8628 section 3.1)."""

    devices: DeviceGrants
    limits: Limits
    announcements: Announcements
    clients: Mapping[str, Client]
    issuer: str
    clock: Clock

    def ask(self, form: Mapping[str, str], place: str) -> dict[str, str | int]:
        """The codes for a device (section 3.2); an OAuthError otherwise."""
        client = client_for(self.clients, form.get("client_id", ""), DEVICE_CODE)
        scope = form.get("scope") or DEFAULT_SCOPE
        words = set(scope.split())
        if not words <= DEVICE_SCOPES or words == {"email"}:
            raise InvalidScopeError(f"A device gets some of {', '.join(sorted(DEVICE_SCOPES))}.")
        name = checked_device_name(form.get("device_name", ""))
        now = self.clock()
        take_or_tell(self.limits, self.announcements, DEVICES_BY_PLACE, place, lambda: NOBODY, now)
        device_code = secrets.token_urlsafe(SECRET_BYTES)
        for _ in range(USER_CODE_TRIES):
            grant = DeviceGrant(
                code_digest=digest(device_code),
                user_code="".join(
                    secrets.choice(USER_CODE_ALPHABET) for _ in range(USER_CODE_LENGTH)
                ),
                client_id=client.client_id,
                scope=scope,
                device_name=name,
                asked_from=place,
                asked_at=now,
                expires_at=now + DEVICE_CODE_LIFE,
            )
            if self.devices.keep(grant):
                return self._answer(device_code, grant)
        raise UnavailableError("No code is free. Try again.")

    def _answer(self, device_code: str, grant: DeviceGrant) -> dict[str, str | int]:
        page = f"{self.issuer}/device"
        query = urlencode({"user_code": shown(grant.user_code)})
        return {
            "device_code": device_code,
            "user_code": shown(grant.user_code),
            "verification_uri": page,
            "verification_uri_complete": f"{page}?{query}",
            "verification_qr_uri": f"{page}/qr?{query}",
            "expires_in": int(DEVICE_CODE_LIFE.total_seconds()),
            "interval": int(POLL_INTERVAL.total_seconds()),
        }


@dataclass(frozen=True)
class DevicePage:
    """What the person with the phone sees and decides.

    A visit is a secret in a cookie. It is the verifier of the page's own sign-in, so that only
    the browser that began can come back signed in, and what the form's ticket belongs to.
    """

    accounts: Accounts
    codes: Codes
    devices: DeviceGrants
    tickets: Tickets
    limits: Limits
    announcements: Announcements
    issuer: str
    clock: Clock

    def sign_in_address(self, text: str, visit: str, place: str) -> str:
        """Where to sign in, for the device under a code that somebody typed."""
        user_code = typed(text)
        self._guessed(user_code, USER_CODES_BY_PLACE, place, NOBODY)
        query = {
            "response_type": "code",
            "client_id": PAGE_CLIENT,
            "redirect_uri": f"{self.issuer}/device/approve",
            "scope": "member",
            "state": user_code,
            "code_challenge": verifier_challenge(visit),
            "code_challenge_method": "S256",
        }
        return f"{self.issuer}/authorize?{urlencode(query)}"

    def signed_in(
        self, code: str, user_code: str, visit: str, cookie: str = ""
    ) -> tuple[DeviceGrant, str]:
        """The device to decide about and a ticket for the decision, after the sign-in."""
        now = self.clock()
        spent = self.codes.spend_code(digest(code), PAGE_CLIENT)
        if spent is None or spent.spent_for or spent.expires_at <= now:
            raise StaleVisitError("This page was used before or is too old. Enter the code again.")
        try:
            spent.check(
                client_id=PAGE_CLIENT,
                redirect_uri=f"{self.issuer}/device/approve",
                verifier=visit,
                key="",
            )
        except InvalidGrantError as error:
            raise StaleVisitError(
                "This was begun in another browser. Enter the code again."
            ) from error
        account = self.accounts.by_id(spent.account_id)
        # The device may have asked since the account ended its sign-ins, and this one before.
        if account is None or not account.keeps(spent.began):
            raise StaleVisitError(_ENDED)
        device = known_device(account, cookie, now)
        limit, subject = (
            (USER_CODES_BY_DEVICE, f"{spent.account_id} {device}")
            if device
            else (USER_CODES_BY_ACCOUNT, spent.account_id)
        )
        grant = self._guessed(typed(user_code), limit, subject, spent.account_id)
        ticket = secrets.token_urlsafe(SECRET_BYTES)
        self.tickets.keep(
            Ticket(
                digest=digest(ticket),
                visit_digest=digest(visit),
                account_id=spent.account_id,
                user_code=grant.user_code,
                expires_at=grant.expires_at,
            )
        )
        return grant, ticket

    def decide(self, ticket: str, visit: str, *, approve: bool) -> DeviceGrant:
        """Let the device in, or not; once. StaleVisitError for a form that is not from here."""
        now = self.clock()
        kept = self.tickets.take(digest(ticket))
        if kept is None or kept.visit_digest != digest(visit) or kept.expires_at <= now:
            raise StaleVisitError("This page was used before or is too old. Enter the code again.")
        grant = self._waiting(kept.user_code)
        account = self.accounts.by_id(kept.account_id)
        if account is None or not account.keeps(grant.asked_at):
            raise StaleVisitError(_ENDED)
        # The device has shown no factor of its own.
        scope = granted_scope(grant.scope, account, "") if approve else grant.scope
        if not self.devices.decide(
            grant.code_digest,
            status="approved" if approve else "denied",
            account_id=account.account_id,
            scope=scope,
            now=now,
        ):
            raise UnknownUserCodeError("That code was decided about already or has expired.")
        self.announcements.tell(
            DeviceDecided(
                sequence=epoch_milliseconds(now),
                account_id=account.account_id,
                client_id=grant.client_id,
                is_approved=approve,
            ),
            now,
        )
        return grant

    def _guessed(self, user_code: str, limit: Limit, subject: str, account_id: str) -> DeviceGrant:
        """The device under a code; only wrong ones count against whoever enters them."""
        now = self.clock()
        take_or_tell(self.limits, self.announcements, limit, subject, lambda: account_id, now)
        try:
            grant = self._waiting(user_code)
        except UnknownUserCodeError:
            failed = UserCodeFailed(sequence=epoch_milliseconds(now), account_id=account_id)
            self.announcements.tell(failed, now)
            raise
        self.limits.give_back(limit, subject)
        return grant

    def _waiting(self, user_code: str) -> DeviceGrant:
        grant = self.devices.by_user_code(user_code)
        if grant is None or grant.status != "pending" or grant.expires_at <= self.clock():
            raise UnknownUserCodeError(
                "No device waits under that code. Look at the screen again: a code lives "
                f"{int(DEVICE_CODE_LIFE.total_seconds()) // 60} minutes."
            )
        return grant
