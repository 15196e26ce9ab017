"""The typed settings of one environment: the only thing in which two deployments differ.

They come from `cdk.json` (`environments.<name>`), overridden by the JSON object in the context
key `settings`. An unknown, missing or impossible setting is an error that names it, before any
synthesis. A part that an environment does not state (alerts, rollout, firewall, …) has no
resources there: the decision is the setting, never the environment's name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from aws_cdk import RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from stacks.settings_reader import SettingsError, read

__all__ = [
    "Alerts",
    "Backup",
    "Budget",
    "Capacity",
    "Domain",
    "Edge",
    "Environment",
    "Firewall",
    "LicenceServers",
    "Partner",
    "SettingsError",
    "Throttle",
    "Units",
    "environment_from",
]

ViewerProtocol = Literal["redirect-to-https", "allow-all"]
PriceClass = Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"]
WrappedKeys = Literal["none", "published", "signing"]
LogRetention = Literal[7, 14, 30, 90, 365]
Rollout = Literal[
    "canary-10-percent-5-minutes",
    "canary-10-percent-30-minutes",
    "linear-10-percent-every-minute",
]

_RETENTION: Mapping[int, logs.RetentionDays] = {
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}

LONGEST_RECOVERY_DAYS = 35
"""Source: DynamoDB, point-in-time recovery: a period of 1 to 35 days."""


class Context(Protocol):
    """Where settings come from: a construct tree's context."""

    def try_get_context(self, key: str) -> Any:
        """The value of a context key, None when there is none."""


@dataclass(frozen=True)
class Domain:
    """The DNS name an environment is reached by; without one, AWS's own names serve."""

    name: str
    """Viewers use `watch.<name>`, sign-in `auth.<name>`, the API behind the edge `api.<name>`, and
    what players tell goes to `beacons.<name>`."""
    hosted_zone_id: str


@dataclass(frozen=True)
class Edge:
    """What `edge-global` made in us-east-1, written here by `make bootstrap`."""

    certificate_arn: str
    firewall_arn: str | None = None


@dataclass(frozen=True)
class Firewall:
    """The WAF in front of the distribution. It charges for each request, segments included."""

    api_requests_per_five_minutes: int
    """What one address may ask of `/v1/` before it is blocked for the rest of the window."""
    managed_rules: Literal["count", "block"]
    """What AWS's common rules do: count first, block once their counts show no honest viewer."""


@dataclass(frozen=True)
class Alerts:
    """Who hears of alarms. Each address has to confirm its subscription once."""

    emails: tuple[str, ...] = ()
    webhooks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Budget:
    """What the account may cost in a month before somebody hears of it."""

    monthly_usd: int


@dataclass(frozen=True)
class Backup:
    """Daily copies of the tables in a vault, beyond what point-in-time recovery covers."""

    keep_days: int


@dataclass(frozen=True)
class Throttle:
    """What each HTTP API takes before it answers 429, so that one environment cannot take the
    region's quota from another."""

    requests_per_second: int
    burst: int


@dataclass(frozen=True)
class Units:
    """Capacity units a second, between which a table follows what is used of them."""

    least: int
    """Paid for at night, too."""
    most: int
    """Where it throttles whatever is asked, and where it begins."""


@dataclass(frozen=True)
class Capacity:
    """What the tables that every play writes are provisioned with. Leave it out for on demand,
    which takes an evening that nobody foresaw and costs more where the load is known."""

    reads: Units
    writes: Units

    @property
    def is_possible(self) -> bool:
        """Whether there is something to follow the load between."""
        return all(0 < units.least <= units.most for units in (self.reads, self.writes))


@dataclass(frozen=True)
class LicenceServers:
    """Where the DRM systems' vendors license for us; one that is not stated is not offered."""

    widevine: str | None = None
    playready: str | None = None
    fairplay: str | None = None

    @property
    def urls(self) -> Mapping[str, str]:
        """DRM system to address, for those that are offered."""
        stated = {
            "widevine": self.widevine,
            "playready": self.playready,
            "fairplay": self.fairplay,
        }
        return {drm: url for drm, url in stated.items() if url is not None}


@dataclass(frozen=True)
class Partner:
    """An app that is somebody else's and may ask members to sign in to it."""

    client_id: str
    name: str
    """What members know it by."""
    redirect_uri: str
    """Where it takes its answers, exactly."""
    post_logout_redirect_uri: str | None = None
    """Where somebody goes on who signed out of it, exactly; None is a page of ours."""

    @property
    def origin(self) -> str:
        """Of its pages, if it has any."""
        address = urlsplit(self.redirect_uri)
        return f"{address.scheme}://{address.netloc}"

    @property
    def is_safe(self) -> bool:
        """Whether an answer arrives only there: encrypted, or on the same machine."""
        named = (self.redirect_uri, self.post_logout_redirect_uri)
        return all(_is_safe(address) for address in named if address is not None)


def _is_safe(text: str) -> bool:
    address = urlsplit(text)
    encrypted = address.scheme == "https" or address.hostname == "localhost"
    return encrypted and not address.query and not address.fragment


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
    mail_sender: str
    """The address that letters come from; within the domain, where there is one."""
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
    log_retention_days: LogRetention
    signing_public_key: str
    """PEM of the P-256 key that signs viewers' cookies; the private half is a secret."""
    signing_next_public_key: str | None = None
    """PEM of a second key that is trusted as well while the first one is being replaced."""
    token_keys: tuple[str, ...] = ("1",)
    """Names of the keys whose access tokens are good; the first signs. More than one only while
    the first is being replaced."""
    wrapped_keys: WrappedKeys = "none"
    """Whether access tokens are signed by keys that live a day and that KMS only wraps. On the way
    there and back, `published` comes between, for as long as `docs/operate.md` says."""
    partners: tuple[Partner, ...] = ()
    """Other people's apps that members may let in."""
    origin_secret_version: str | None = None
    """Version of the origin secret that the edge sends; None is the first one. A new value is what
    makes CloudFormation read the secret anew."""
    recovery_days: int = 14
    """How far back a table can be restored to any second."""
    copy_films: bool = False
    """Whether a second bucket holds every packaged film, which the edge turns to when the first
    one fails; it doubles what their storage costs."""
    other_cdns: tuple[str, ...] = ()
    """Origins of CDNs that hold the same films and take our tokens, in the order to turn to them;
    a player that gets no answer here goes on there."""
    price_class: PriceClass = "PriceClass_All"
    """Which of CloudFront's locations serve."""
    access_logs: bool = False
    """Whether each HTTP API logs one line per request."""
    s3_endpoint: str | None = None
    """Where S3 answers, its buckets being folders there; None is each bucket's regional host."""
    beacons_origin: str | None = None
    """Where the API of beacons answers; None is the domain's own name for it, or AWS's."""
    solution_checks: bool = False
    """Whether synthesis fails on a rule of cdk-nag's AwsSolutions that nobody acknowledged."""
    domain: Domain | None = None
    edge: Edge | None = None
    firewall: Firewall | None = None
    alerts: Alerts | None = None
    budget: Budget | None = None
    backup: Backup | None = None
    throttle: Throttle | None = None
    capacity: Capacity | None = None
    licence_servers: LicenceServers | None = None
    rollout: Rollout | None = None
    """How traffic moves to a new version of a function; None is all at once."""

    def __post_init__(self) -> None:
        for fault, problem in (
            (
                self.rollout is not None and self.alerts is None,
                "rollout needs alerts: its alarms are what a deployment is rolled back on",
            ),
            (
                self.firewall is not None and self.domain is None,
                "firewall needs a domain: both live in edge-global",
            ),
            (
                self.edge is not None and self.domain is None,
                "edge needs a domain: without one there is no certificate",
            ),
            (
                not all(url.startswith("https://") for url in self.licence_server_urls.values()),
                "licence_servers must be https: content keys travel there",
            ),
            (
                self.capacity is not None and not self.capacity.is_possible,
                "capacity needs at least one unit, and no more at least than at most",
            ),
            (not self.token_keys, "token_keys must name the key that signs"),
            (
                not all(partner.is_safe for partner in self.partners),
                "partners take their answers at https, without query or fragment",
            ),
            (
                not 1 <= self.recovery_days <= LONGEST_RECOVERY_DAYS,
                f"recovery_days must be between 1 and {LONGEST_RECOVERY_DAYS}",
            ),
            (
                self.domain is not None
                and self.public_origin != f"https://watch.{self.domain.name}",
                "public_origin must be https://watch.<domain>",
            ),
            (
                self.domain is not None and self.issuer != f"https://auth.{self.domain.name}",
                "issuer must be https://auth.<domain>",
            ),
            (
                self.domain is not None and not self.mail_sender.endswith(f"@{self.domain.name}"),
                "mail_sender must be an address of the domain: SES sends as nobody else",
            ),
        ):
            if fault:
                raise SettingsError(f"Environment {self.name}: {problem}.")

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
        return _RETENTION[self.log_retention_days]

    @property
    def passkey_domain(self) -> str:
        """What passkeys are made for: the domain, whose every host may then ask for them."""
        return self.domain.name if self.domain else str(urlsplit(self.issuer).hostname)

    @property
    def is_https(self) -> bool:
        """Whether viewers only ever arrive encrypted."""
        return self.viewer_protocol == "redirect-to-https"

    @property
    def edge_is_ready(self) -> bool:
        """Whether the distribution can be made: its certificate exists, or it needs none."""
        return self.domain is None or self.edge is not None

    @property
    def licence_server_urls(self) -> Mapping[str, str]:
        """DRM system to its licence server's address."""
        return {} if self.licence_servers is None else self.licence_servers.urls

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
    settings = {**environments[name], **overrides, "name": name}
    return read(Environment, settings, f"Environment {name}")
