"""Policy documents and the decision they add up to.

Pure: documents and requests come in as values. Source: IAM user guide, "Policy evaluation
logic" (single account) and "How AWS enforcement code logic evaluates requests".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from localcloud.iam.condition_keys import check_key
from localcloud.iam.conditions import (
    Context,
    ContextValue,
    PolicyError,
    UnresolvedVariableError,
    check_operator,
    glob,
    holds,
)

_ACCOUNT = re.compile(r"(?:arn:aws:iam::)?(\d{12})(?::root)?")
_NO_CONTEXT: dict[str, ContextValue] = {}


@dataclass(frozen=True)
class Access:
    """One thing a request wants to do."""

    action: str
    """`service:Operation` as IAM names it, which is not always the API's name."""
    resource: str
    """An ARN, or `*` for an action without resources."""
    context: Context = field(default_factory=dict)
    """Condition keys of this access beyond those of the request, in lower case."""
    identity_alone: bool = True
    """Whether an identity policy is enough without the resource's own policy (KMS: no)."""


@dataclass(frozen=True)
class Statement:
    """One statement, its lists made uniform."""

    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: Mapping[str, tuple[str, ...]] | None
    not_principals: Mapping[str, tuple[str, ...]] | None
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]

    def covers(self, access: Access, context: Context) -> bool:
        """Whether action, resource and conditions match; principals are the caller's matter."""
        return (
            self._action(access.action)
            and self._resource(access.resource, context)
            and all(holds(o, key, values, context) for o, key, values in self.conditions)
        )

    def matching(self, access: Access, context: Context) -> tuple[list[str], list[str]]:
        """The action and resource patterns of it that match an access."""
        lowered = access.action.lower()
        merged = {**context, **access.context}
        return (
            [one for one in self.actions if _fits(one.lower(), lowered)],
            [one for one in self.resources if _fits(one, access.resource, merged)],
        )

    def _action(self, action: str) -> bool:
        lowered = action.lower()
        if self.not_actions:
            return not any(_fits(pattern.lower(), lowered) for pattern in self.not_actions)
        return any(_fits(pattern.lower(), lowered) for pattern in self.actions)

    def _resource(self, resource: str, context: Context) -> bool:
        if self.not_resources:
            return not any(_fits(pattern, resource, context) for pattern in self.not_resources)
        return any(_fits(pattern, resource, context) for pattern in self.resources)


def _fits(pattern: str, value: str, context: Context | None = None) -> bool:
    if pattern == "*":
        return True
    try:
        return glob(pattern, context or _NO_CONTEXT).fullmatch(value) is not None
    except UnresolvedVariableError:
        return False


@dataclass(frozen=True)
class Document:
    """A parsed policy document."""

    statements: tuple[Statement, ...]


@lru_cache(maxsize=4096)
def parse(text: str) -> Document:
    """The document in a JSON text; PolicyError for what cannot be evaluated."""
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise PolicyError(f"a policy is not JSON: {error}") from error
    return parse_object(raw)


def parse_object(raw: Any) -> Document:
    """The document in parsed JSON; PolicyError for what cannot be evaluated."""
    if not isinstance(raw, dict):
        raise PolicyError("a policy is not a JSON object")
    return Document(tuple(_statement(one) for one in _list(raw.get("Statement", []))))


_ELEMENTS = {
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
}


def _statement(raw: Mapping[str, Any]) -> Statement:
    if unknown := set(raw) - _ELEMENTS:
        raise PolicyError(f"unknown policy element {sorted(unknown)}")
    if raw.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"unknown effect {raw.get('Effect')!r}")
    conditions = []
    for operator, block in (raw.get("Condition") or {}).items():
        check_operator(operator)
        for key, values in block.items():
            check_key(key)
            conditions.append((operator, key, tuple(_text(v) for v in _list(values))))
    return Statement(
        allows=raw["Effect"] == "Allow",
        actions=_strings(raw.get("Action")),
        not_actions=_strings(raw.get("NotAction")),
        resources=_strings(raw.get("Resource")),
        not_resources=_strings(raw.get("NotResource")),
        principals=_principals(raw.get("Principal")),
        not_principals=_principals(raw.get("NotPrincipal")),
        conditions=tuple(conditions),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _strings(value: Any) -> tuple[str, ...]:
    return () if value is None else tuple(str(one) for one in _list(value))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _principals(value: Any) -> Mapping[str, tuple[str, ...]] | None:
    if value is None:
        return None
    if value == "*":
        return {"*": ("*",)}
    if not isinstance(value, dict):
        raise PolicyError(f"unknown principal {value!r}")
    if unknown := set(value) - {"AWS", "Service", "Federated", "CanonicalUser"}:
        raise PolicyError(f"unknown kind of principal {sorted(unknown)}")
    return {kind: _strings(names) for kind, names in value.items()}


@dataclass(frozen=True)
class Identity:
    """Who asks, as policies see it."""

    arn: str
    """`arn:aws:sts::…:assumed-role/…`, or empty for an anonymous caller."""
    account: str
    role_arn: str | None = None
    service: str | None = None
    """A service principal such as `cloudfront.amazonaws.com`."""

    @property
    def anonymous(self) -> bool:
        """Whether nobody signed."""
        return not self.arn and self.service is None


def _names_directly(names: Mapping[str, tuple[str, ...]], who: Identity) -> bool:
    """Whether a Principal element names this very caller."""
    if "*" in names:
        return True
    aws = names.get("AWS", ())
    if "*" in aws:
        return True
    if who.service is not None:
        return who.service in names.get("Service", ())
    return any(name in (who.arn, who.role_arn) for name in aws if name)


def _names_account(names: Mapping[str, tuple[str, ...]], who: Identity) -> bool:
    """Whether it names the caller's account, which delegates to identity policies."""
    if who.anonymous or who.service is not None:
        return False
    for name in names.get("AWS", ()):
        match = _ACCOUNT.fullmatch(name)
        if match and match.group(1) == who.account:
            return True
    return False


@dataclass(frozen=True)
class Decision:
    """Allowed, or refused with the end of AWS's sentence."""

    allowed: bool
    reason: str = ""
    by: tuple[Statement, ...] = ()
    """The identity policies' statements that allowed it; none when another policy did."""


ALLOWED = Decision(allowed=True)


def _denied(kind: str) -> Decision:
    return Decision(allowed=False, reason=f"with an explicit deny in {kind}")


def _missing(kind: str, action: str) -> Decision:
    return Decision(allowed=False, reason=f"because no {kind} allows the {action} action")


def decide(
    access: Access,
    who: Identity,
    context: Context,
    *,
    identity_policies: Iterable[Document] = (),
    boundary: Document | None = None,
    resource_policy: Document | None = None,
) -> Decision:
    """AWS's answer within one account: any deny, then what allows."""
    merged = {**context, **access.context}
    identity = [s for d in identity_policies for s in d.statements if s.covers(access, merged)]
    if any(not statement.allows for statement in identity):
        return _denied("an identity-based policy")
    bounded = [s for s in boundary.statements if s.covers(access, merged)] if boundary else []
    if any(not statement.allows for statement in bounded):
        return _denied("a permissions boundary")
    resource = [
        s for s in (resource_policy.statements if resource_policy else ()) if _applies(s, who)
    ]
    resource = [s for s in resource if s.covers(access, merged)]
    if any(not statement.allows for statement in resource):
        return _denied("a resource-based policy")
    granted = [s for s in resource if s.allows]
    if any(_named(s, who) for s in granted):
        return ALLOWED
    if who.anonymous or who.service is not None:
        return _missing("resource-based policy", access.action)
    if not access.identity_alone and not granted:
        return _missing("resource-based policy", access.action)
    if not any(statement.allows for statement in identity):
        return _missing("identity-based policy", access.action)
    if boundary is not None and not any(statement.allows for statement in bounded):
        return _missing("permissions boundary", access.action)
    return Decision(allowed=True, by=tuple(s for s in identity if s.allows))


def _applies(statement: Statement, who: Identity) -> bool:
    if statement.principals is not None:
        return _names_directly(statement.principals, who) or _names_account(
            statement.principals, who
        )
    if statement.not_principals is not None:
        excluded = statement.not_principals
        return not (_names_directly(excluded, who) or _names_account(excluded, who))
    return False


def _named(statement: Statement, who: Identity) -> bool:
    """Whether an applying Allow names the caller itself rather than its account."""
    if statement.principals is None:
        return True
    return _names_directly(statement.principals, who)
