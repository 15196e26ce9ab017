"""A distribution as the template declares it: behaviours, origins and what guards them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from localcloud.edge.policies import (
    CachePolicy,
    OriginRequestPolicy,
    ResponseHeadersPolicy,
    UnsupportedDistributionError,
    cache_policy,
    origin_request_policy,
    response_headers_policy,
    truth,
)
from localcloud.registry import Registry, Resource


@dataclass(frozen=True, eq=False)
class TrustedKey:
    """One public key of a trusted key group."""

    key_id: str
    key: RSAPublicKey | EllipticCurvePublicKey


_S3_HOST = re.compile(r"^(?P<bucket>.+?)\.s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?$")

_ERROR_CACHING_SECONDS = 10.0
"""How long CloudFront keeps an error that no custom error response speaks of."""


@dataclass(frozen=True)
class Origin:
    """Where objects come from."""

    origin_id: str
    host: str
    path: str
    """OriginPath: put in front of every path."""
    bucket: str | None
    """Set for an S3 origin."""
    signed: bool
    """Read as CloudFront's own principal (origin access control), rather than anonymously."""
    scheme: str
    custom_headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class OriginGroup:
    """A first origin, and where to turn when it answers one of these statuses."""

    members: tuple[str, ...]
    failover_statuses: frozenset[int]


@dataclass(frozen=True)
class EdgeFunction:
    """A CloudFront Function's code."""

    arn: str
    name: str
    code: str
    stores: tuple[str, ...] = ()
    """ARNs of the KeyValueStores that it may read."""


@dataclass(frozen=True)
class Behaviour:
    """What happens to requests of one path pattern."""

    pattern: re.Pattern[str] | None
    """None for the default behaviour."""
    target: str
    viewer_protocol: str
    allowed_methods: frozenset[str]
    cached_methods: frozenset[str]
    cache: CachePolicy
    origin_request: OriginRequestPolicy
    response_headers: ResponseHeadersPolicy
    keys: Mapping[str, TrustedKey] | None
    """By public key id: whose signatures open this behaviour. None: it is open to everybody."""
    viewer_request: EdgeFunction | None
    viewer_response: EdgeFunction | None
    compress: bool = False


@dataclass(frozen=True)
class ErrorResponse:
    """What a custom error response says of one status."""

    caching_seconds: float = _ERROR_CACHING_SECONDS
    page: str | None = None
    status: int | None = None


@dataclass(frozen=True)
class Distribution:
    """One distribution, ready to be followed."""

    distribution_id: str
    domain_name: str
    arn: str
    root_object: str
    behaviours: tuple[Behaviour, ...]
    """In the template's order, the default one last."""
    origins: Mapping[str, Origin]
    groups: Mapping[str, OriginGroup]
    errors: Mapping[int, ErrorResponse]

    def behaviour(self, path: str) -> Behaviour:
        """The first behaviour whose pattern takes a path, after RFC 3986 normalization."""
        normal = normalized(path)
        return next(
            each for each in self.behaviours if each.pattern is None or each.pattern.match(normal)
        )

    def route(self, target: str) -> tuple[Sequence[Origin], frozenset[int]]:
        """The origins to ask in turn, and the statuses that make the next one be asked."""
        if target in self.groups:
            group = self.groups[target]
            return [self.origins[each] for each in group.members], group.failover_statuses
        return [self.origins[target]], frozenset()

    def has_objects(self, target: str) -> bool:
        """Whether every origin of a target is a bucket."""
        origins, _ = self.route(target)
        return all(origin.bucket is not None for origin in origins)


def wildcard(pattern: str) -> re.Pattern[str]:
    """A pattern of CloudFront's: `*` any run of characters, `?` any one; case counts."""
    parts = [".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern]
    return re.compile(f"(?s){''.join(parts)}\\Z")


def normalized(path: str) -> str:
    """A path as behaviours see it: unreserved characters decoded, dot segments gone."""
    decoded = re.sub(
        r"%(2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])",
        lambda match: unquote(match.group(0)),
        path,
    )
    kept: list[str] = []
    segments = decoded.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def read_distribution(resource: Resource, registry: Registry, account_id: str) -> Distribution:
    """The distribution of a resource; UnsupportedDistributionError for what is not done here."""
    config: dict[str, Any] = resource.properties["DistributionConfig"]
    behaviours = [*(config.get("CacheBehaviors") or ()), config["DefaultCacheBehavior"]]
    origins = [_origin(each) for each in config["Origins"]]
    errors = config.get("CustomErrorResponses") or ()
    groups = (config.get("OriginGroups") or {}).get("Items") or ()
    distribution = Distribution(
        distribution_id=resource.physical_id,
        domain_name=resource.attributes.get("DomainName", ""),
        arn=f"arn:aws:cloudfront::{account_id}:distribution/{resource.physical_id}",
        root_object=str(config.get("DefaultRootObject") or "").lstrip("/"),
        behaviours=tuple(_behaviour(each, registry) for each in behaviours),
        origins={origin.origin_id: origin for origin in origins},
        groups={group["Id"]: _group(group) for group in groups},
        errors={int(each["ErrorCode"]): _error(each) for each in errors},
    )
    for behaviour in distribution.behaviours:
        distribution.route(behaviour.target)
    return distribution


def _behaviour(config: Mapping[str, Any], registry: Registry) -> Behaviour:
    if "CachePolicyId" not in config:
        raise UnsupportedDistributionError("a behaviour without CachePolicyId (ForwardedValues)")
    pattern = config.get("PathPattern")
    origin_request = config.get("OriginRequestPolicyId")
    response_headers = config.get("ResponseHeadersPolicyId")
    functions = {
        each["EventType"]: _function(each["FunctionARN"], registry)
        for each in config.get("FunctionAssociations") or ()
    }
    if config.get("LambdaFunctionAssociations") or config.get("TrustedSigners"):
        raise UnsupportedDistributionError("Lambda@Edge and trusted signers are not done here")
    return Behaviour(
        pattern=wildcard(pattern if pattern.startswith("/") else f"/{pattern}")
        if pattern
        else None,
        target=config["TargetOriginId"],
        viewer_protocol=config["ViewerProtocolPolicy"],
        allowed_methods=frozenset(config.get("AllowedMethods") or ("GET", "HEAD")),
        cached_methods=frozenset(config.get("CachedMethods") or ("GET", "HEAD")),
        cache=cache_policy(config["CachePolicyId"], registry),
        origin_request=origin_request_policy(origin_request, registry)
        if origin_request
        else OriginRequestPolicy(),
        response_headers=response_headers_policy(response_headers, registry)
        if response_headers
        else ResponseHeadersPolicy(),
        keys=_keys(config["TrustedKeyGroups"], registry)
        if config.get("TrustedKeyGroups")
        else None,
        viewer_request=functions.get("viewer-request"),
        viewer_response=functions.get("viewer-response"),
        compress=truth(config.get("Compress")),
    )


def _keys(group_ids: Sequence[str], registry: Registry) -> dict[str, TrustedKey]:
    keys: dict[str, TrustedKey] = {}
    for group_id in group_ids:
        group = registry.by_physical_id("AWS::CloudFront::KeyGroup", group_id)
        for key_id in group.properties["KeyGroupConfig"]["Items"]:
            resource = registry.by_physical_id("AWS::CloudFront::PublicKey", key_id)
            pem = resource.properties["PublicKeyConfig"]["EncodedKey"]
            key = load_pem_public_key(pem.encode("ascii"))
            if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
                raise UnsupportedDistributionError(f"{resource.logical_id} is neither RSA nor EC")
            keys[key_id] = TrustedKey(key_id, key)
    return keys


def _function(arn: str, registry: Registry) -> EdgeFunction:
    for resource in registry.by_type("AWS::CloudFront::Function"):
        if arn == resource.physical_id or arn in resource.attributes.values():
            config = resource.properties["FunctionConfig"]
            if config.get("Runtime") != "cloudfront-js-2.0":
                raise UnsupportedDistributionError(f"{resource.logical_id} wants another runtime")
            name = str(resource.properties.get("Name") or resource.logical_id)
            stores = tuple(
                str(each["KeyValueStoreARN"])
                for each in config.get("KeyValueStoreAssociations") or ()
            )
            return EdgeFunction(arn, name, resource.properties["FunctionCode"], stores)
    raise UnsupportedDistributionError(f"no CloudFront function is {arn}")


def _origin(config: Mapping[str, Any]) -> Origin:
    host = str(config["DomainName"])
    s3 = _S3_HOST.match(host) if "S3OriginConfig" in config else None
    if "S3OriginConfig" in config and s3 is None:
        raise UnsupportedDistributionError(f"{host} names no bucket")
    protocol = (config.get("CustomOriginConfig") or {}).get("OriginProtocolPolicy", "https-only")
    return Origin(
        origin_id=config["Id"],
        host=host,
        path=str(config.get("OriginPath") or "").rstrip("/"),
        bucket=s3.group("bucket") if s3 else None,
        signed=bool(config.get("OriginAccessControlId")),
        scheme="http" if protocol == "http-only" else "https",
        custom_headers=tuple(
            (each["HeaderName"].lower(), each["HeaderValue"])
            for each in config.get("OriginCustomHeaders") or ()
        ),
    )


def _group(config: Mapping[str, Any]) -> OriginGroup:
    return OriginGroup(
        members=tuple(member["OriginId"] for member in config["Members"]["Items"]),
        failover_statuses=frozenset(
            int(code) for code in config["FailoverCriteria"]["StatusCodes"]["Items"]
        ),
    )


def _error(config: Mapping[str, Any]) -> ErrorResponse:
    status = config.get("ResponseCode")
    return ErrorResponse(
        caching_seconds=float(config.get("ErrorCachingMinTTL", _ERROR_CACHING_SECONDS)),
        page=config.get("ResponsePagePath"),
        status=int(status) if status else None,
    )
