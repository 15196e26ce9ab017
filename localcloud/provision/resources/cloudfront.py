"""CloudFront: kept in the registry, from which the local edge reads it.

What CloudFront refuses when a template is deployed, though it synthesizes, is refused here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from localcloud.provision import naming
from localcloud.provision.errors import Refusal
from localcloud.provision.rules import (
    EDGE,
    TAGS,
    TEXT,
    USED,
    Accepted,
    Only,
    Rule,
)
from localcloud.provision.table import (
    Context,
    Created,
    Properties,
    ResourceType,
    require,
)

_FUNCTION_LIMIT_BYTES = 10_240
"""Source: CloudFront quotas, "Maximum size of a function"."""
_RSA_BITS = 2048
_LAST_MODIFIED = "2026-01-01T00:00:00Z"
"""No reader needs a true time, and runs stay the same."""


def _invalid(cfn_type: str, problem: str) -> str:
    """CloudFormation's words for a request that CloudFront refused."""
    return (
        'Resource handler returned message: "Invalid request provided: '
        f'{cfn_type}: {problem}" (HandlerErrorCode: InvalidRequest)'
    )


def _id(prefix: str, length: int) -> Callable[[Context], str]:
    """Ids of CloudFront: a letter for the kind, then capitals and digits."""
    return lambda context: prefix + naming.token(context.seed, length - len(prefix))


_distribution_id = _id("E", 14)
_public_key_id = _id("K", 14)
_origin_access_control_id = _id("E", 14)


def _create_public_key(context: Context, properties: Properties) -> Created:
    config = properties["PublicKeyConfig"]
    if not _usable_key(config["EncodedKey"]):
        raise Refusal(
            _invalid(
                context.type,
                "The public key that you provided is not valid: it must be RSA 2048 or "
                "ECDSA P-256 in PEM format",
            )
        )
    key_id = _public_key_id(context)
    return Created(key_id, {"Id": key_id, "CreatedTime": _LAST_MODIFIED})


def _usable_key(pem: str) -> bool:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    if isinstance(key, RSAPublicKey):
        return key.key_size == _RSA_BITS
    return isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)


def _create_key_group(context: Context, properties: Properties) -> Created:
    known = {key.physical_id for key in context.others("AWS::CloudFront::PublicKey")}
    for key_id in properties["KeyGroupConfig"]["Items"]:
        require(key_id in known, _invalid(context.type, f"The public key {key_id} does not exist"))
    return _policy_like(context)


def _policy_like(context: Context) -> Created:
    """What has a UUID for an id: key groups and policies."""
    policy_id = naming.derived_uuid(context.seed)
    return Created(policy_id, {"Id": policy_id, "LastModifiedTime": _LAST_MODIFIED})


def _create_origin_access_control(context: Context, properties: Properties) -> Created:
    config = properties["OriginAccessControlConfig"]
    _check_name_is_free(context, "OriginAccessControlConfig", config["Name"])
    control_id = _origin_access_control_id(context)
    return Created(control_id, {"Id": control_id})


def _check_name_is_free(context: Context, config: str, name: str) -> None:
    taken = {other.properties[config]["Name"] for other in context.others(context.type)}
    require(
        name not in taken,
        f"Resource of type '{context.type}' with identifier '{name}' already exists.",
    )


def _create_function(context: Context, properties: Properties) -> Created:
    code = properties["FunctionCode"]
    size = len(code.encode())
    require(
        size <= _FUNCTION_LIMIT_BYTES,
        _invalid(
            context.type,
            f"The function size of {size} bytes exceeds the limit of {_FUNCTION_LIMIT_BYTES} bytes",
        ),
    )
    arn = context.global_arn("cloudfront", f"function/{properties['Name']}")
    stage = "LIVE" if properties.get("AutoPublish") else "DEVELOPMENT"
    return Created(arn, {"FunctionARN": arn, "FunctionMetadata.FunctionARN": arn, "Stage": stage})


def _create_key_value_store(context: Context, properties: Properties) -> Created:
    name = properties["Name"]
    store_id = naming.derived_uuid(context.seed)
    arn = context.global_arn("cloudfront", f"key-value-store/{store_id}")
    return Created(name, {"Arn": arn, "Id": store_id, "Status": "READY"})


def _create_cache_policy(context: Context, properties: Properties) -> Created:
    config = properties["CachePolicyConfig"]
    _check_name_is_free(context, "CachePolicyConfig", config["Name"])
    lowest, default, highest = config["MinTTL"], config["DefaultTTL"], config["MaxTTL"]
    require(
        lowest <= default <= highest,
        _invalid(context.type, "MinTTL, DefaultTTL and MaxTTL must not decrease in this order"),
    )
    parameters = config["ParametersInCacheKeyAndForwardedToOrigin"]
    if highest == 0:
        _check_caches_nothing(context, parameters)
    _check_accept_encoding(context, parameters)
    return _policy_like(context)


def _check_caches_nothing(context: Context, parameters: Mapping[str, Any]) -> None:
    """With a maximum of 0 s there is no cache key, so nothing may be listed in it."""
    stated = {
        "HeaderBehavior": parameters["HeadersConfig"]["HeaderBehavior"] != "none",
        "CookieBehavior": parameters["CookiesConfig"]["CookieBehavior"] != "none",
        "QueryStringBehavior": parameters["QueryStringsConfig"]["QueryStringBehavior"] != "none",
        "EnableAcceptEncodingGzip": parameters.get("EnableAcceptEncodingGzip", False),
        "EnableAcceptEncodingBrotli": parameters.get("EnableAcceptEncodingBrotli", False),
    }
    for name, is_stated in stated.items():
        require(
            not is_stated,
            _invalid(
                context.type,
                f"The parameter {name} is invalid for policy with caching disabled.",
            ),
        )


def _check_accept_encoding(context: Context, parameters: Mapping[str, Any]) -> None:
    compresses = parameters.get("EnableAcceptEncodingGzip") or parameters.get(
        "EnableAcceptEncodingBrotli"
    )
    listed = {name.lower() for name in parameters["HeadersConfig"].get("Headers", [])}
    require(
        not (compresses and "accept-encoding" in listed),
        _invalid(
            context.type, "The parameter Headers contains Accept-Encoding that is not allowed."
        ),
    )


def _create_origin_request_policy(context: Context, properties: Properties) -> Created:
    config = properties["OriginRequestPolicyConfig"]
    _check_name_is_free(context, "OriginRequestPolicyConfig", config["Name"])
    for name in config["HeadersConfig"].get("Headers", []):
        require(
            name.lower() not in {"authorization", "accept-encoding"},
            _invalid(context.type, f"The parameter Headers contains {name} that is not allowed."),
        )
    return _policy_like(context)


def _create_response_headers_policy(context: Context, properties: Properties) -> Created:
    config = properties["ResponseHeadersPolicyConfig"]
    _check_name_is_free(context, "ResponseHeadersPolicyConfig", config["Name"])
    cors = config.get("CorsConfig", {})
    require(
        not (
            cors.get("AccessControlAllowCredentials")
            and "*" in cors.get("AccessControlAllowOrigins", {}).get("Items", [])
        ),
        _invalid(
            context.type,
            "The parameter Access-Control-Allow-Origin cannot be * when credentials are allowed.",
        ),
    )
    return _policy_like(context)


def _create_distribution(context: Context, properties: Properties) -> Created:
    config = properties["DistributionConfig"]
    origins = {origin["Id"] for origin in config["Origins"]}
    groups = config.get("OriginGroups", {}).get("Items", [])
    for behavior in _behaviors(config):
        require(
            behavior["TargetOriginId"] in origins | {group["Id"] for group in groups},
            _invalid(context.type, "One or more of your origins or origin groups do not exist."),
        )
        _check_named(context, behavior)
    for group in groups:
        for member in group["Members"]["Items"]:
            require(
                member["OriginId"] in origins,
                _invalid(context.type, "One or more of your origins do not exist."),
            )
    distribution_id = _distribution_id(context)
    domain = f"d{naming.lower_token(context.seed, 13)}.cloudfront.net"
    return Created(distribution_id, {"Id": distribution_id, "DomainName": domain})


def _behaviors(config: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", [])]


def _check_named(context: Context, behavior: Mapping[str, Any]) -> None:
    """Key groups and functions that a behaviour names must exist; functions must be published."""
    groups = {group.physical_id for group in context.others("AWS::CloudFront::KeyGroup")}
    for group_id in behavior.get("TrustedKeyGroups", []):
        require(
            group_id in groups,
            _invalid(context.type, f"One or more of the key groups do not exist: {group_id}"),
        )
    functions = {f.physical_id: f for f in context.others("AWS::CloudFront::Function")}
    for association in behavior.get("FunctionAssociations", []):
        function = functions.get(association["FunctionARN"])
        require(
            function is not None and function.attributes["Stage"] == "LIVE",
            _invalid(
                context.type,
                f"The function {association['FunctionARN']} does not exist in the LIVE stage.",
            ),
        )


_COUNT = Accepted("says how many Items there are")
_LOOPBACK = Accepted("the local origins are on this machine's loopback")
_BEHAVIOR: dict[str, Rule] = {
    "AllowedMethods": EDGE,
    "CachePolicyId": EDGE,
    "CachedMethods": EDGE,
    "Compress": EDGE,
    "FunctionAssociations": [{"EventType": EDGE, "FunctionARN": EDGE}],
    "OriginRequestPolicyId": EDGE,
    "ResponseHeadersPolicyId": EDGE,
    "TargetOriginId": EDGE,
    "TrustedKeyGroups": EDGE,
    "ViewerProtocolPolicy": EDGE,
}
_ORIGIN: dict[str, Rule] = {
    "ConnectionAttempts": _LOOPBACK,
    "ConnectionTimeout": _LOOPBACK,
    "CustomOriginConfig": {
        "HTTPPort": Only(80),
        "HTTPSPort": Only(443),
        "IpAddressType": _LOOPBACK,
        "OriginKeepaliveTimeout": _LOOPBACK,
        "OriginProtocolPolicy": EDGE,
        "OriginReadTimeout": Accepted("the API answers within its own 30 s"),
        "OriginSSLProtocols": Accepted("the local origins speak HTTP"),
    },
    "DomainName": EDGE,
    "Id": EDGE,
    "OriginAccessControlId": EDGE,
    "OriginCustomHeaders": [{"HeaderName": EDGE, "HeaderValue": EDGE}],
    "OriginPath": EDGE,
    "OriginShield": Accepted("there is one edge in front of the origin here"),
    "S3OriginConfig": {"OriginAccessIdentity": Only("")},
}
_LISTS: dict[str, Rule] = {
    "CookiesConfig": {"CookieBehavior": EDGE, "Cookies": EDGE},
    "HeadersConfig": {"HeaderBehavior": EDGE, "Headers": EDGE},
    "QueryStringsConfig": {"QueryStringBehavior": EDGE, "QueryStrings": EDGE},
}
_ITEMS: dict[str, Rule] = {"Items": EDGE}

TYPES = (
    ResourceType(
        "AWS::CloudFront::Distribution",
        {
            "DistributionConfig": {
                "Aliases": Accepted("the local edge answers to every host"),
                "CacheBehaviors": [_BEHAVIOR | {"PathPattern": EDGE}],
                "Comment": TEXT,
                "CustomErrorResponses": [
                    {
                        "ErrorCachingMinTTL": EDGE,
                        "ErrorCode": EDGE,
                        "ResponseCode": EDGE,
                        "ResponsePagePath": EDGE,
                    }
                ],
                "DefaultCacheBehavior": _BEHAVIOR,
                "DefaultRootObject": EDGE,
                "Enabled": Only(True),
                "HttpVersion": Accepted("the local edge speaks HTTP/1.1"),
                "IPV6Enabled": _LOOPBACK,
                "Logging": {
                    "Bucket": Accepted("access logs only observe"),
                    "IncludeCookies": Accepted("access logs only observe"),
                    "Prefix": Accepted("access logs only observe"),
                },
                "OriginGroups": {
                    "Items": [
                        {
                            "FailoverCriteria": {
                                "StatusCodes": {"Items": EDGE, "Quantity": _COUNT}
                            },
                            "Id": EDGE,
                            "Members": {"Items": [{"OriginId": EDGE}], "Quantity": _COUNT},
                            "SelectionCriteria": Only("default"),
                        }
                    ],
                    "Quantity": _COUNT,
                },
                "Origins": [_ORIGIN],
                "PriceClass": Accepted("prices do not apply here"),
                "Restrictions": {
                    "GeoRestriction": {"Locations": Only([]), "RestrictionType": Only("none")}
                },
                "ViewerCertificate": Accepted("the local edge speaks HTTP"),
            },
            "Tags": TAGS,
        },
        _create_distribution,
        ("Id", "DomainName"),
    ),
    ResourceType(
        "AWS::CloudFront::PublicKey",
        {
            "PublicKeyConfig": {
                "CallerReference": Accepted("each run creates anew"),
                "Comment": TEXT,
                "EncodedKey": EDGE,
                "Name": TEXT,
            }
        },
        _create_public_key,
        ("Id", "CreatedTime"),
    ),
    ResourceType(
        "AWS::CloudFront::KeyGroup",
        {"KeyGroupConfig": {"Comment": TEXT, "Items": EDGE, "Name": TEXT}},
        _create_key_group,
        ("Id", "LastModifiedTime"),
    ),
    ResourceType(
        "AWS::CloudFront::OriginAccessControl",
        {
            "OriginAccessControlConfig": {
                "Description": TEXT,
                "Name": EDGE,
                "OriginAccessControlOriginType": Only("s3"),
                "SigningBehavior": Only("always"),
                "SigningProtocol": Only("sigv4"),
            }
        },
        _create_origin_access_control,
        ("Id",),
    ),
    ResourceType(
        "AWS::CloudFront::Function",
        {
            "AutoPublish": USED,
            "FunctionCode": USED,
            "FunctionConfig": {
                "Comment": TEXT,
                "KeyValueStoreAssociations": [{"KeyValueStoreARN": EDGE}],
                "Runtime": Only("cloudfront-js-2.0"),
            },
            "Name": USED,
            "Tags": TAGS,
        },
        _create_function,
        ("FunctionARN", "FunctionMetadata.FunctionARN", "Stage"),
    ),
    ResourceType(
        "AWS::CloudFront::KeyValueStore",
        {"Comment": TEXT, "Name": USED, "Tags": TAGS},
        _create_key_value_store,
        ("Arn", "Id", "Status"),
    ),
    ResourceType(
        "AWS::CloudFront::CachePolicy",
        {
            "CachePolicyConfig": {
                "Comment": TEXT,
                "DefaultTTL": EDGE,
                "MaxTTL": EDGE,
                "MinTTL": EDGE,
                "Name": EDGE,
                "ParametersInCacheKeyAndForwardedToOrigin": _LISTS
                | {"EnableAcceptEncodingBrotli": EDGE, "EnableAcceptEncodingGzip": EDGE},
            }
        },
        _create_cache_policy,
        ("Id", "LastModifiedTime"),
    ),
    ResourceType(
        "AWS::CloudFront::OriginRequestPolicy",
        {"OriginRequestPolicyConfig": _LISTS | {"Comment": TEXT, "Name": EDGE}},
        _create_origin_request_policy,
        ("Id", "LastModifiedTime"),
    ),
    ResourceType(
        "AWS::CloudFront::ResponseHeadersPolicy",
        {
            "ResponseHeadersPolicyConfig": {
                "Comment": TEXT,
                "CorsConfig": {
                    "AccessControlAllowCredentials": EDGE,
                    "AccessControlAllowHeaders": _ITEMS,
                    "AccessControlAllowMethods": _ITEMS,
                    "AccessControlAllowOrigins": _ITEMS,
                    "AccessControlExposeHeaders": _ITEMS,
                    "AccessControlMaxAgeSec": EDGE,
                    "OriginOverride": EDGE,
                },
                "CustomHeadersConfig": {
                    "Items": [{"Header": EDGE, "Override": EDGE, "Value": EDGE}]
                },
                "Name": EDGE,
                "RemoveHeadersConfig": {"Items": [{"Header": EDGE}]},
                "SecurityHeadersConfig": {
                    "ContentSecurityPolicy": {"ContentSecurityPolicy": EDGE, "Override": EDGE},
                    "ContentTypeOptions": {"Override": EDGE},
                    "FrameOptions": {"FrameOption": EDGE, "Override": EDGE},
                    "ReferrerPolicy": {"Override": EDGE, "ReferrerPolicy": EDGE},
                    "StrictTransportSecurity": {
                        "AccessControlMaxAgeSec": EDGE,
                        "IncludeSubdomains": EDGE,
                        "Override": EDGE,
                        "Preload": EDGE,
                    },
                    "XSSProtection": {
                        "ModeBlock": EDGE,
                        "Override": EDGE,
                        "Protection": EDGE,
                        "ReportUri": EDGE,
                    },
                },
            }
        },
        _create_response_headers_policy,
        ("Id", "LastModifiedTime"),
    ),
)
