"""Buckets and their policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.provision.rules import (
    CAPACITY,
    TEXT,
    TRIGGERS,
    USED,
)
from localcloud.provision.table import (
    Context,
    Created,
    Properties,
    ResourceType,
    document,
)

_NAME_LIMIT = 63
_BLOCKED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
"""What every bucket made since April 2023 has unless its template says otherwise."""


def _create_bucket(context: Context, properties: Properties) -> Created:
    s3 = context.client("s3")
    name = properties.get("BucketName") or context.name(_NAME_LIMIT, lower=True)
    ownership = properties.get("OwnershipControls", {}).get("Rules", [{}])[0]
    arguments: dict[str, Any] = {
        "Bucket": name,
        "ObjectOwnership": ownership.get("ObjectOwnership", "BucketOwnerEnforced"),
    }
    if context.region != "us-east-1":
        arguments["CreateBucketConfiguration"] = {"LocationConstraint": context.region}
    if properties.get("ObjectLockEnabled"):
        arguments["ObjectLockEnabledForBucket"] = True
    s3.create_bucket(**arguments)
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration=(
            properties.get("PublicAccessBlockConfiguration") or _BLOCKED
        ),
    )
    _configure(s3, name, properties)
    regional = f"{name}.s3.{context.region}.amazonaws.com"
    return Created(
        name,
        {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "DualStackDomainName": f"{name}.s3.dualstack.{context.region}.amazonaws.com",
            "RegionalDomainName": regional,
        },
    )


def _configure(s3: Any, name: str, properties: Properties) -> None:
    if encryption := properties.get("BucketEncryption"):
        rules = [_encryption_rule(r) for r in encryption["ServerSideEncryptionConfiguration"]]
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    if versioning := properties.get("VersioningConfiguration"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=dict(versioning))
    if lock := properties.get("ObjectLockConfiguration"):
        s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
    if cors := properties.get("CorsConfiguration"):
        rules = [_renamed(rule, _CORS_NAMES) for rule in cors["CorsRules"]]
        s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": rules})
    if lifecycle := properties.get("LifecycleConfiguration"):
        s3.put_bucket_lifecycle_configuration(
            Bucket=name,
            LifecycleConfiguration={"Rules": [_lifecycle_rule(r) for r in lifecycle["Rules"]]},
        )
    if tags := properties.get("Tags"):
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})


_CORS_NAMES = {"ExposedHeaders": "ExposeHeaders", "Id": "ID", "MaxAge": "MaxAgeSeconds"}
_TRANSITION_NAMES = {"TransitionInDays": "Days", "TransitionDate": "Date"}
_NONCURRENT_NAMES = {"TransitionInDays": "NoncurrentDays"}


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in values.items()}


def _encryption_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    return _renamed(rule, {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"})


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """S3's own form of a CloudFormation lifecycle rule."""
    made: dict[str, Any] = {"Status": rule["Status"], "Filter": _lifecycle_filter(rule)}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    expiration = _renamed(
        {
            key: rule[key]
            for key in ("ExpirationInDays", "ExpirationDate", "ExpiredObjectDeleteMarker")
            if key in rule
        },
        {"ExpirationInDays": "Days", "ExpirationDate": "Date"},
    )
    if expiration:
        made["Expiration"] = expiration
    if "Transitions" in rule:
        made["Transitions"] = [_renamed(t, _TRANSITION_NAMES) for t in rule["Transitions"]]
    if "NoncurrentVersionTransitions" in rule:
        made["NoncurrentVersionTransitions"] = [
            _renamed(t, _NONCURRENT_NAMES) for t in rule["NoncurrentVersionTransitions"]
        ]
    for same in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if same in rule:
            made[same] = rule[same]
    return made


def _lifecycle_filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {
        key: rule[key]
        for key in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
        if key in rule
    }
    tags = rule.get("TagFilters", [])
    if not tags and len(parts) <= 1:
        return parts or {"Prefix": ""}
    if len(tags) == 1 and not parts:
        return {"Tag": tags[0]}
    return {"And": {**parts, **({"Tags": tags} if tags else {})}}


def _create_bucket_policy(context: Context, properties: Properties) -> Created:
    bucket = properties["Bucket"]
    context.client("s3").put_bucket_policy(
        Bucket=bucket, Policy=document(properties["PolicyDocument"])
    )
    return Created(bucket)


TYPES = (
    ResourceType(
        "AWS::S3::Bucket",
        {
            "AccelerateConfiguration": CAPACITY,
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {
                        "BucketKeyEnabled": USED,
                        "ServerSideEncryptionByDefault": {
                            "SSEAlgorithm": USED,
                            "KMSMasterKeyID": USED,
                        },
                    }
                ]
            },
            "BucketName": USED,
            "CorsConfiguration": {
                "CorsRules": [
                    {
                        "AllowedHeaders": USED,
                        "AllowedMethods": USED,
                        "AllowedOrigins": USED,
                        "ExposedHeaders": USED,
                        "Id": USED,
                        "MaxAge": USED,
                    }
                ]
            },
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": USED},
                        "ExpirationDate": USED,
                        "ExpirationInDays": USED,
                        "ExpiredObjectDeleteMarker": USED,
                        "Id": USED,
                        "NoncurrentVersionExpiration": {
                            "NewerNoncurrentVersions": USED,
                            "NoncurrentDays": USED,
                        },
                        "NoncurrentVersionTransitions": [
                            {
                                "NewerNoncurrentVersions": USED,
                                "StorageClass": USED,
                                "TransitionInDays": USED,
                            }
                        ],
                        "ObjectSizeGreaterThan": USED,
                        "ObjectSizeLessThan": USED,
                        "Prefix": USED,
                        "Status": USED,
                        "TagFilters": USED,
                        "Transitions": [
                            {
                                "StorageClass": USED,
                                "TransitionDate": USED,
                                "TransitionInDays": USED,
                            }
                        ],
                    }
                ]
            },
            # Not given to moto: it delivers each notification twice, and to few targets.
            "NotificationConfiguration": {
                "EventBridgeConfiguration": {"EventBridgeEnabled": TRIGGERS}
            },
            "ObjectLockConfiguration": {
                "ObjectLockEnabled": USED,
                "Rule": {"DefaultRetention": {"Days": USED, "Mode": USED, "Years": USED}},
            },
            "ObjectLockEnabled": USED,
            # Not given to moto, which copies nothing.
            "ReplicationConfiguration": {
                "Role": TRIGGERS,
                "Rules": [
                    {
                        "DeleteMarkerReplication": {"Status": TRIGGERS},
                        "Destination": {"Bucket": TRIGGERS},
                        "Filter": {"Prefix": TRIGGERS},
                        "Id": TEXT,
                        "Prefix": TRIGGERS,
                        "Priority": TRIGGERS,
                        "Status": TRIGGERS,
                    }
                ],
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": USED}]},
            "PublicAccessBlockConfiguration": dict.fromkeys(_BLOCKED, USED),
            "Tags": USED,
            "VersioningConfiguration": {"Status": USED},
        },
        _create_bucket,
        ("Arn", "DomainName", "DualStackDomainName", "RegionalDomainName"),
    ),
    ResourceType(
        "AWS::S3::BucketPolicy",
        {"Bucket": USED, "PolicyDocument": USED},
        _create_bucket_policy,
    ),
)
