"""The typed settings of one environment: the only thing in which two deployments differ.

They come from `cdk.json` (`environments.<name>`), overridden by the JSON object in the context
key `settings`. An unknown or missing setting is an error that names it, before any synthesis.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Protocol, get_args

from aws_cdk import RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

ViewerProtocol = Literal["redirect-to-https", "allow-all"]


class SettingsError(ValueError):
    """The environment's settings cannot be used; the message names the setting."""


class Context(Protocol):
    """Where settings come from: a construct tree's context."""

    def try_get_context(self, key: str) -> Any:
        """The value of a context key, None when there is none."""


@dataclass(frozen=True)
class Domain:
    """The DNS name an environment is reached by; without one, AWS's own names serve."""

    name: str
    """Viewers use `watch.<name>`, sign-in `auth.<name>`, the API behind the edge `api.<name>`."""
    hosted_zone_id: str
    edge_certificate_arn: str
    """In us-east-1, where CloudFront looks for it."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment's decisions."""

    name: str
    account: str
    region: str
    public_origin: str
    """What viewers see: scheme, host and port, no trailing slash."""
    issuer: str
    """The OAuth issuer; on an API of its own and never behind CloudFront."""
    viewer_protocol: ViewerProtocol
    """A laptop's loopback has no certificate; everything else redirects to HTTPS."""
    lambda_runtime: str
    lambda_architecture: str
    layers: str
    """Folder with the built dependency sets for that runtime and architecture."""
    clearkey: bool
    """Whether ClearKey is offered: proof of the key path without a vendor, never protection."""
    retain_data: bool
    """Whether tables, buckets and keys outlive their stack and refuse deletion."""
    log_retention_days: int
    signing_public_key: str
    """PEM of the P-256 key that signs viewers' cookies; the private half is a secret."""
    domain: Domain | None = None

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What happens to data when its stack goes."""
        return RemovalPolicy.RETAIN if self.retain_data else RemovalPolicy.DESTROY

    @property
    def runtime(self) -> lambda_.Runtime:
        """The Lambda runtime of every function."""
        return lambda_.Runtime(self.lambda_runtime, lambda_.RuntimeFamily.PYTHON)

    @property
    def architecture(self) -> lambda_.Architecture:
        """The processor of every function."""
        return lambda_.Architecture.custom(self.lambda_architecture)

    @property
    def log_retention(self) -> logs.RetentionDays:
        """How long logs are kept."""
        by_days = {7: logs.RetentionDays.ONE_WEEK, 30: logs.RetentionDays.ONE_MONTH}
        if self.log_retention_days not in by_days:
            allowed = ", ".join(str(days) for days in by_days)
            raise SettingsError(f"log_retention_days must be one of {allowed}.")
        return by_days[self.log_retention_days]

    def event_source(self, domain: str) -> str:
        """The bus name of a domain's events, apart from other environments of the account."""
        return f"marquee.{self.name}.{domain}"


def environment_from(context: Context) -> Environment:
    """The environment that the context names; SettingsError says what is wrong with it."""
    name = context.try_get_context("environment")
    environments = context.try_get_context("environments") or {}
    if name not in environments:
        known = ", ".join(sorted(environments)) or "none"
        raise SettingsError(f"There is no environment {name!r} in cdk.json (it has: {known}).")
    overrides = json.loads(context.try_get_context("settings") or "{}")
    return _typed(str(name), {**environments[name], **overrides})


def _typed(name: str, settings: Mapping[str, Any]) -> Environment:
    known = {field.name for field in fields(Environment)} - {"name"}
    unknown = set(settings) - known
    missing = known - {"domain"} - set(settings)
    if unknown or missing:
        problems = [f"unknown {key}" for key in sorted(unknown)]
        problems += [f"missing {key}" for key in sorted(missing)]
        raise SettingsError(f"Environment {name}: {', '.join(problems)}.")
    if settings["viewer_protocol"] not in get_args(ViewerProtocol):
        raise SettingsError(f"Environment {name}: viewer_protocol must be one of its two values.")
    domain = settings.get("domain")
    return Environment(
        name=name,
        **{key: value for key, value in settings.items() if key != "domain"},
        domain=Domain(**domain) if domain else None,
    )
