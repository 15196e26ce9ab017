"""Cache, origin request and response headers policies: the template's own and AWS's managed ones.

Managed policies are known by their documented ids; any other id must be in the registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from localcloud.registry import Registry, UnknownResourceError


class UnsupportedDistributionError(ValueError):
    """The template asks the edge for something that this one does not do."""


@dataclass(frozen=True)
class Selection:
    """Which headers, cookies or query parameters a policy means."""

    kind: str = "none"
    """`none`, `all`, `whitelist` or `allExcept`."""
    names: frozenset[str] = frozenset()

    def includes(self, name: str) -> bool:
        """Whether a name is meant. Header names come in lower case."""
        if self.kind == "all":
            return True
        if self.kind == "whitelist":
            return name in self.names
        return self.kind == "allExcept" and name not in self.names


@dataclass(frozen=True)
class CachePolicy:
    """What makes two requests the same object, and how long it is kept. TTLs in seconds."""

    min_ttl: float = 0
    default_ttl: float = 86_400
    max_ttl: float = 31_536_000
    headers: Selection = field(default_factory=Selection)
    cookies: Selection = field(default_factory=Selection)
    query: Selection = field(default_factory=Selection)
    gzip: bool = False
    brotli: bool = False


@dataclass(frozen=True)
class OriginRequestPolicy:
    """What reaches the origin beyond the cache key."""

    headers: Selection = field(default_factory=Selection)
    cookies: Selection = field(default_factory=Selection)
    query: Selection = field(default_factory=Selection)
    cloudfront_headers: frozenset[str] = frozenset()
    """The `cloudfront-*` headers asked for by name."""


@dataclass(frozen=True)
class Cors:
    """The CORS part of a response headers policy."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    expose: tuple[str, ...]
    credentials: bool
    max_age: int | None
    override: bool

    def answer(self, origin: str) -> str | None:
        """What `access-control-allow-origin` says to an origin; None when it is not allowed."""
        if "*" in self.origins:
            return "*"
        return origin if any(fnmatchcase(origin, each) for each in self.origins) else None


@dataclass(frozen=True)
class ResponseHeadersPolicy:
    """Headers added to or taken from every answer of a behaviour."""

    cors: Cors | None = None
    set_headers: tuple[tuple[str, str, bool], ...] = ()
    """Name, value, and whether it replaces what the origin sent."""
    remove: frozenset[str] = frozenset()


_ORIGIN_HEADERS = ("origin", "access-control-request-headers", "access-control-request-method")
_CONTROL = ("host", "origin", "x-http-method-override", "x-http-method", "x-method-override")
_ALL = Selection("all")
_CLOUDFRONT_2022_06 = frozenset(
    {
        "cloudfront-forwarded-proto",
        "cloudfront-is-android-viewer",
        "cloudfront-is-desktop-viewer",
        "cloudfront-is-ios-viewer",
        "cloudfront-is-mobile-viewer",
        "cloudfront-is-smarttv-viewer",
        "cloudfront-is-tablet-viewer",
        "cloudfront-viewer-address",
        "cloudfront-viewer-country",
        "cloudfront-viewer-http-version",
    }
)
"""Those of the managed policy's headers that this edge can know."""


def _listed(*names: str) -> Selection:
    return Selection("whitelist", frozenset(names))


MANAGED_CACHE: Mapping[str, CachePolicy] = {
    # CachingOptimized
    "658327ea-f89d-4fab-a63d-7e88639e58f6": CachePolicy(min_ttl=1, gzip=True, brotli=True),
    # CachingOptimizedForUncompressedObjects
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": CachePolicy(min_ttl=1),
    # CachingDisabled
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": CachePolicy(0, 0, 0),
    # UseOriginCacheControlHeaders
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": CachePolicy(
        0, 0, headers=_listed(*_CONTROL), cookies=_ALL, gzip=True, brotli=True
    ),
    # UseOriginCacheControlHeaders-QueryStrings
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe": CachePolicy(
        0, 0, headers=_listed(*_CONTROL), cookies=_ALL, query=_ALL, gzip=True, brotli=True
    ),
}

MANAGED_ORIGIN_REQUEST: Mapping[str, OriginRequestPolicy] = {
    # AllViewer
    "216adef6-5c7f-47e4-b989-5492eafa07d3": OriginRequestPolicy(_ALL, _ALL, _ALL),
    # AllViewerExceptHostHeader
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": OriginRequestPolicy(
        Selection("allExcept", frozenset({"host"})), _ALL, _ALL
    ),
    # AllViewerAndCloudFrontHeaders-2022-06
    "33f36d7e-f396-46d9-90e0-52428a34d9dc": OriginRequestPolicy(
        _ALL, _ALL, _ALL, _CLOUDFRONT_2022_06
    ),
    # CORS-CustomOrigin
    "59781a5b-3903-41f3-afcb-af62929ccde1": OriginRequestPolicy(_listed("origin")),
    # CORS-S3Origin
    "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": OriginRequestPolicy(_listed(*_ORIGIN_HEADERS)),
    # UserAgentRefererHeaders
    "acba4595-bd28-49b8-b9fe-13317c0390fa": OriginRequestPolicy(_listed("user-agent", "referer")),
    # HostHeaderOnly
    "bf0718e1-ba1e-49d1-88b1-f726733018ae": OriginRequestPolicy(_listed("host")),
}

_SIMPLE_CORS = Cors(("*",), (), (), (), credentials=False, max_age=None, override=False)
_PREFLIGHT_CORS = Cors(
    ("*",),
    ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"),
    (),
    ("*",),
    credentials=False,
    max_age=None,
    override=False,
)
_SECURITY: tuple[tuple[str, str, bool], ...] = (
    ("x-xss-protection", "1; mode=block", False),
    ("x-frame-options", "SAMEORIGIN", False),
    ("referrer-policy", "strict-origin-when-cross-origin", False),
    ("x-content-type-options", "nosniff", True),
    ("strict-transport-security", "max-age=31536000", False),
)

MANAGED_RESPONSE_HEADERS: Mapping[str, ResponseHeadersPolicy] = {
    # SimpleCORS
    "60669652-455b-4ae9-85a4-c4c02393f86c": ResponseHeadersPolicy(_SIMPLE_CORS),
    # CORS-With-Preflight
    "5cc3b908-e619-4b99-88e5-2cf7f45965bd": ResponseHeadersPolicy(_PREFLIGHT_CORS),
    # SecurityHeadersPolicy
    "67f7725c-6f97-4210-82d7-5512b31e9d03": ResponseHeadersPolicy(None, _SECURITY),
    # CORS-and-SecurityHeadersPolicy
    "e61eb60c-9c35-4d20-a928-2b84e02af89c": ResponseHeadersPolicy(_SIMPLE_CORS, _SECURITY),
    # CORS-with-preflight-and-SecurityHeadersPolicy
    "eaab4381-ed33-4a86-88ca-d9558dc6cd63": ResponseHeadersPolicy(_PREFLIGHT_CORS, _SECURITY),
}


def cache_policy(policy_id: str, registry: Registry) -> CachePolicy:
    """The cache policy of an id; UnsupportedDistributionError when nobody knows it."""
    if policy_id in MANAGED_CACHE:
        return MANAGED_CACHE[policy_id]
    config = _config("AWS::CloudFront::CachePolicy", policy_id, "CachePolicyConfig", registry)
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    return CachePolicy(
        min_ttl=float(config.get("MinTTL", 0)),
        default_ttl=float(config.get("DefaultTTL", 86_400)),
        max_ttl=float(config.get("MaxTTL", 31_536_000)),
        headers=_selection(key["HeadersConfig"], "HeaderBehavior", "Headers", lower=True),
        cookies=_selection(key["CookiesConfig"], "CookieBehavior", "Cookies"),
        query=_selection(key["QueryStringsConfig"], "QueryStringBehavior", "QueryStrings"),
        gzip=truth(key.get("EnableAcceptEncodingGzip")),
        brotli=truth(key.get("EnableAcceptEncodingBrotli")),
    )


def origin_request_policy(policy_id: str, registry: Registry) -> OriginRequestPolicy:
    """The origin request policy of an id; UnsupportedDistributionError when nobody knows it."""
    if policy_id in MANAGED_ORIGIN_REQUEST:
        return MANAGED_ORIGIN_REQUEST[policy_id]
    config = _config(
        "AWS::CloudFront::OriginRequestPolicy", policy_id, "OriginRequestPolicyConfig", registry
    )
    headers = config["HeadersConfig"]
    names = frozenset(name.lower() for name in headers.get("Headers") or ())
    behaviour = headers["HeaderBehavior"]
    if behaviour == "whitelist" and "authorization" in names:
        raise UnsupportedDistributionError(
            "CloudFront refuses Authorization in an origin request policy; list it in the cache "
            "policy"
        )
    every = behaviour in ("allViewer", "allViewerAndWhitelistCloudFront")
    return OriginRequestPolicy(
        headers=_ALL if every else Selection(behaviour, names),
        cookies=_selection(config["CookiesConfig"], "CookieBehavior", "Cookies"),
        query=_selection(config["QueryStringsConfig"], "QueryStringBehavior", "QueryStrings"),
        cloudfront_headers=frozenset()
        if behaviour in ("allExcept", "none")
        else frozenset(name for name in names if name.startswith("cloudfront-")),
    )


def response_headers_policy(policy_id: str, registry: Registry) -> ResponseHeadersPolicy:
    """The response headers policy of an id; UnsupportedDistributionError when nobody knows it."""
    if policy_id in MANAGED_RESPONSE_HEADERS:
        return MANAGED_RESPONSE_HEADERS[policy_id]
    config = _config(
        "AWS::CloudFront::ResponseHeadersPolicy", policy_id, "ResponseHeadersPolicyConfig", registry
    )
    custom = [
        (item["Header"].lower(), str(item["Value"]), truth(item.get("Override")))
        for item in (config.get("CustomHeadersConfig") or {}).get("Items") or ()
    ]
    removed = (config.get("RemoveHeadersConfig") or {}).get("Items") or ()
    return ResponseHeadersPolicy(
        cors=_cors(config.get("CorsConfig")),
        set_headers=(*_security(config.get("SecurityHeadersConfig") or {}), *custom),
        remove=frozenset(item["Header"].lower() for item in removed),
    )


def _config(cfn_type: str, policy_id: str, member: str, registry: Registry) -> dict[str, Any]:
    try:
        resource = registry.by_physical_id(cfn_type, policy_id)
    except UnknownResourceError as error:
        raise UnsupportedDistributionError(f"no {cfn_type} is named {policy_id}") from error
    config: dict[str, Any] = resource.properties[member]
    return config


def _selection(
    config: Mapping[str, Any], behaviour: str, member: str, *, lower: bool = False
) -> Selection:
    names = config.get(member) or ()
    return Selection(
        config[behaviour], frozenset(name.lower() if lower else name for name in names)
    )


def _cors(config: Mapping[str, Any] | None) -> Cors | None:
    if not config:
        return None
    max_age = config.get("AccessControlMaxAgeSec")

    def items(member: str) -> tuple[str, ...]:
        return tuple((config.get(member) or {}).get("Items") or ())

    methods = items("AccessControlAllowMethods")
    return Cors(
        origins=items("AccessControlAllowOrigins"),
        methods=_PREFLIGHT_CORS.methods if methods == ("ALL",) else methods,
        headers=items("AccessControlAllowHeaders"),
        expose=items("AccessControlExposeHeaders"),
        credentials=truth(config.get("AccessControlAllowCredentials")),
        max_age=None if max_age is None else int(max_age),
        override=truth(config.get("OriginOverride")),
    )


def _security(config: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    found: list[tuple[str, str, bool]] = []

    def add(member: str, name: str, value: str) -> None:
        found.append((name, value, truth(config[member].get("Override"))))

    if options := config.get("ContentTypeOptions"):
        add("ContentTypeOptions", "x-content-type-options", "nosniff")
    if options := config.get("FrameOptions"):
        add("FrameOptions", "x-frame-options", options["FrameOption"])
    if options := config.get("ReferrerPolicy"):
        add("ReferrerPolicy", "referrer-policy", options["ReferrerPolicy"])
    if options := config.get("ContentSecurityPolicy"):
        add("ContentSecurityPolicy", "content-security-policy", options["ContentSecurityPolicy"])
    if options := config.get("StrictTransportSecurity"):
        parts = [f"max-age={options['AccessControlMaxAgeSec']}"]
        parts += ["includeSubDomains"] if truth(options.get("IncludeSubdomains")) else []
        parts += ["preload"] if truth(options.get("Preload")) else []
        add("StrictTransportSecurity", "strict-transport-security", "; ".join(parts))
    if options := config.get("XSSProtection"):
        value = "1" if truth(options.get("Protection")) else "0"
        value += "; mode=block" if truth(options.get("ModeBlock")) else ""
        value += f"; report={options['ReportUri']}" if options.get("ReportUri") else ""
        add("XSSProtection", "x-xss-protection", value)
    return found


def truth(value: object) -> bool:
    """A template's boolean, which may be written as a string."""
    return value is True or (isinstance(value, str) and value.lower() == "true")
