"""Who holds which access keys: the administrator, and sessions of roles.

A session is what AWS STS would give: temporary keys with a token and an end. It lives in this
process only.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from localcloud.iam.account import Role
from localcloud.iam.conditions import Context
from localcloud.iam.policy import Access, Document, Identity, decide, parse_object
from localcloud.sigv4 import Secret


@dataclass(frozen=True)
class Credentials:
    """What a client signs with."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    expiration: datetime | None = None


@dataclass(frozen=True)
class Principal:
    """Who is behind a request."""

    arn: str
    """`arn:aws:sts::…:assumed-role/<role>/<session>`; empty for an anonymous caller."""
    account: str
    role_arn: str | None = None
    session_name: str | None = None
    is_admin: bool = False
    service: str | None = None
    """The service's name when AWS itself calls, such as `cloudfront.amazonaws.com`."""
    source_arn: str | None = None
    """For a service: the resource on whose behalf it calls."""
    user_id: str = ""
    issued_at: datetime | None = None

    @property
    def identity(self) -> Identity:
        """The principal as policies see it."""
        return Identity(self.arn, self.account, self.role_arn, self.service)


_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def _key_id(prefix: str) -> str:
    """An id as IAM makes them: four letters of its kind and sixteen of base 32."""
    return prefix + "".join(secrets.choice(_ID_ALPHABET) for _ in range(16))


class UnknownRoleError(LookupError):
    """No role has this ARN."""

    def __init__(self, role_arn: str) -> None:
        super().__init__(f"there is no role {role_arn}")
        self.role_arn = role_arn


class TrustRefusedError(PermissionError):
    """The role's trust policy does not let this one assume it."""

    def __init__(self, who: str, role_arn: str) -> None:
        super().__init__(f"{who} is not trusted by {role_arn}")
        self.who = who
        self.role_arn = role_arn


class Identities:
    """Mints and knows access keys; safe from any thread."""

    def __init__(
        self,
        account: str,
        role_of: Callable[[str], Role | None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.account = account
        self._role_of = role_of
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, tuple[Credentials, Principal]] = {}
        self._admin = Credentials(_key_id("AKIA"), secrets.token_urlsafe(30))
        user = f"arn:aws:iam::{account}:user/admin"
        principal = Principal(user, account, is_admin=True, user_id=_key_id("AIDA"))
        self._held[self._admin.access_key_id] = (self._admin, principal)

    def admin(self) -> Credentials:
        """The administrator that provisions: allowed everything."""
        return self._admin

    @property
    def admin_principal(self) -> Principal:
        """The administrator as a principal, for calls inside this process."""
        return self._held[self._admin.access_key_id][1]

    @property
    def anonymous(self) -> Principal:
        """Somebody who did not sign."""
        return Principal("", "")

    def service(self, name: str, source_arn: str | None = None) -> Principal:
        """An AWS service acting for one of this account's resources."""
        return Principal("", self.account, service=name, source_arn=source_arn)

    def assume(
        self,
        role_arn: str,
        session_name: str,
        ttl: timedelta = timedelta(hours=1),
        *,
        service: str | None = None,
        by: Principal | None = None,
    ) -> Credentials:
        """Temporary keys of a role.

        With `service` or `by`, the role's trust policy must admit that service or principal:
        TrustRefusedError otherwise. With neither, the local cloud itself asks and is not judged.
        Raises UnknownRoleError.
        """
        role = self._role_of(role_arn)
        if role is None:
            raise UnknownRoleError(role_arn)
        if service is not None:
            self._check_trust(role, self.service(service))
        elif by is not None and not by.is_admin:
            self._check_trust(role, by)
        now = self._clock()
        credentials = Credentials(
            _key_id("ASIA"), secrets.token_urlsafe(30), secrets.token_urlsafe(96), now + ttl
        )
        principal = Principal(
            arn=f"arn:aws:sts::{self.account}:assumed-role/{role.name}/{session_name}",
            account=self.account,
            role_arn=role_arn,
            session_name=session_name,
            user_id=f"{role.role_id}:{session_name}",
            issued_at=now,
        )
        with self._lock:
            self._forget_ended(now)
            self._held[credentials.access_key_id] = (credentials, principal)
        return credentials

    def principal(self, access_key_id: str) -> Principal | None:
        """Who holds the key, ended sessions included."""
        held = self._held.get(access_key_id)
        return held[1] if held else None

    def secret_for(self, access_key_id: str) -> Secret | None:
        """What a signature by this key must be made with."""
        held = self._held.get(access_key_id)
        if held is None:
            return None
        credentials = held[0]
        return Secret(
            credentials.secret_access_key, credentials.session_token, credentials.expiration
        )

    def _check_trust(self, role: Role, who: Principal) -> None:
        if not trusts(role.trust, who, role.arn):
            raise TrustRefusedError(who.service or who.arn, role.arn)

    def _forget_ended(self, now: datetime) -> None:
        """Drop sessions that ended a while ago; until then they answer `ExpiredToken`."""
        kept = timedelta(hours=12)
        ended = [
            key
            for key, (credentials, _) in self._held.items()
            if credentials.expiration is not None and credentials.expiration + kept < now
        ]
        for key in ended:
            del self._held[key]


_EVERYTHING = parse_object({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})


def trusts(trust: Document, who: Principal, role_arn: str) -> bool:
    """Whether a trust policy admits the principal, by name or by its account."""
    # A trust policy has no Resource element: it speaks of its own role.
    about_itself = Document(
        tuple(replace(statement, resources=("*",)) for statement in trust.statements)
    )
    context: Context = {}
    if who.source_arn:
        context = {"aws:sourcearn": who.source_arn, "aws:sourceaccount": who.account}
    if who.arn:
        context = {**context, "aws:principalarn": who.role_arn or who.arn}
    return decide(
        Access("sts:AssumeRole", role_arn, identity_alone=False),
        who.identity,
        context,
        # The caller's own policies are judged where it calls; here only the trust counts.
        identity_policies=(_EVERYTHING,),
        resource_policy=about_itself,
    ).allowed
