"""Answers whether a principal may do what a request asks, and refuses in AWS's words."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from localcloud.iam import actions, s3_actions
from localcloud.iam.account import MotoAccount
from localcloud.iam.conditions import ContextValue
from localcloud.iam.operations import Operation
from localcloud.iam.policy import ALLOWED, Access, Decision, Document, decide
from localcloud.iam.usage import Usage
from localcloud.identities import Principal
from localcloud.wire import HttpRequest

REMEMBERED_DENIALS = 200
"""Enough for a test or a person to see what was refused last."""


@dataclass(frozen=True)
class Denial:
    """One refused access."""

    principal: Principal
    access: Access
    decision: Decision

    @property
    def message(self) -> str:
        """AWS's sentence."""
        return (
            f"User: {self._who} is not authorized to perform: {self.access.action} "
            f"on resource: {self.access.resource} {self.decision.reason}"
        )

    @property
    def s3_message(self) -> str:
        """The sentence as S3 writes it: the resource in quotes, and nothing to a stranger."""
        if not self.principal.arn:
            return "Access Denied"
        return (
            f"User: {self._who} is not authorized to perform: {self.access.action} "
            f'on resource: "{self.access.resource}" {self.decision.reason}'
        )

    @property
    def _who(self) -> str:
        return self.principal.arn or self.principal.service or "anonymous"


class NotAuthorizedError(PermissionError):
    """A policy refuses, or none allows."""

    def __init__(self, denial: Denial) -> None:
        super().__init__(denial.message)
        self.denial = denial


class Authorizer:
    """Evaluates the account's policies; remembers the last refusals and what was needed."""

    def __init__(
        self,
        account: MotoAccount,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._account = account
        self._clock = clock
        self._lock = threading.Lock()
        self._denials: deque[Denial] = deque(maxlen=REMEMBERED_DENIALS)
        self.usage = Usage()

    @property
    def denials(self) -> list[Denial]:
        """The last refusals, oldest first."""
        with self._lock:
            return list(self._denials)

    def check_operation(
        self, principal: Principal, operation: Operation, region: str, request: HttpRequest
    ) -> None:
        """Raise NotAuthorizedError unless everything the operation needs is allowed."""
        if principal.is_admin:
            return
        if (operation.service, operation.name) in actions.FREE_OPERATIONS:
            return
        scope = actions.Scope(self._account, region)
        self.check_all(principal, actions.required(operation, scope), request, region)

    def check_s3(self, principal: Principal, call: s3_actions.S3Call, region: str) -> None:
        """Raise NotAuthorizedError unless everything the S3 call needs is allowed."""
        if principal.is_admin:
            return
        scope = actions.Scope(self._account, region)
        required = s3_actions.required(call, scope)
        self.check_all(principal, required, call.request, region)

    def check_all(
        self,
        principal: Principal,
        accesses: Iterable[Access],
        request: HttpRequest | None = None,
        region: str | None = None,
    ) -> None:
        """Raise NotAuthorizedError for the first access that is refused."""
        context = self._context(principal, request, region or self._account.region)
        for access in accesses:
            decision = self._decide(principal, access, context)
            if not decision.allowed:
                denial = Denial(principal, access, decision)
                with self._lock:
                    self._denials.append(denial)
                raise NotAuthorizedError(denial)
            if principal.role_arn is not None:
                self.usage.record(principal.role_arn, decision.by, access, context)

    def check(self, principal: Principal, action: str, resource: str) -> None:
        """One access by name, for those who answer requests outside the front."""
        self.check_all(principal, [Access(action, resource)])

    def allows(self, principal: Principal, access: Access, request: HttpRequest) -> bool:
        """Whether one access would be allowed; leaves no trace."""
        context = self._context(principal, request, self._account.region)
        return self._decide(principal, access, context).allowed

    def _decide(
        self, principal: Principal, access: Access, context: dict[str, ContextValue]
    ) -> Decision:
        if principal.is_admin:
            return ALLOWED
        identity_policies: tuple[Document, ...] = ()
        boundary = None
        if principal.role_arn is not None:
            role = self._account.role(principal.role_arn)
            if role is not None:
                identity_policies, boundary = role.policies, role.boundary
                context = {**context, **{f"aws:principaltag/{k.lower()}": v for k, v in role.tags}}
        return decide(
            access,
            principal.identity,
            context,
            identity_policies=identity_policies,
            boundary=boundary,
            resource_policy=self._account.resource_policy(access.resource),
        )

    def _context(
        self, principal: Principal, request: HttpRequest | None, region: str
    ) -> dict[str, ContextValue]:
        now = self._clock()
        context: dict[str, ContextValue] = {
            "aws:currenttime": now.isoformat(),
            "aws:epochtime": str(int(now.timestamp())),
            "aws:requestedregion": region,
            "aws:resourceaccount": self._account.account,
            # The endpoint stands for the service's HTTPS one.
            "aws:securetransport": "true",
            "s3:tlsversion": "1.3",
            "aws:viaawsservice": "false",
        }
        if request is not None:
            context["aws:sourceip"] = request.source_ip
            if agent := request.header("user-agent"):
                context["aws:useragent"] = agent
        if principal.service is not None:
            context["aws:principalisawsservice"] = "true"
            context["aws:principalservicename"] = principal.service
            context["aws:sourceaccount"] = principal.account
            if principal.source_arn:
                context["aws:sourcearn"] = principal.source_arn
        elif principal.arn:
            context["aws:principalisawsservice"] = "false"
            context["aws:principalaccount"] = principal.account
            context["aws:principalarn"] = principal.role_arn or principal.arn
            context["aws:principaltype"] = "AssumedRole" if principal.role_arn else "User"
            context["aws:userid"] = principal.user_id
            if principal.issued_at is not None:
                context["aws:tokenissuetime"] = principal.issued_at.isoformat()
        return context
