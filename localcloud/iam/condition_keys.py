"""Which condition keys a policy may ask for here; any other is an error, never a silent mismatch.

A key that AWS fills and this local cloud does not would make an Allow too narrow or a Deny too
wide without a word. Source: IAM user guide, "AWS global condition context keys", and each
service's Service Authorization Reference.
"""

from __future__ import annotations

from localcloud.iam.conditions import PolicyError

FILLED = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:securetransport",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:tokenissuetime",
        "aws:useragent",
        "aws:userid",
        "aws:viaawsservice",
        "cloudwatch:namespace",
        "dynamodb:leadingkeys",
        "dynamodb:returnvalues",
        "dynamodb:select",
        "events:detail-type",
        "events:source",
        "iam:passedtoservice",
        "kms:calleraccount",
        "kms:datakeypairspec",
        "kms:encryptionalgorithm",
        "kms:encryptioncontextkeys",
        "kms:keyorigin",
        "kms:keyspec",
        "kms:keyusage",
        "kms:macalgorithm",
        "kms:messagetype",
        "kms:multiregion",
        "kms:requestalias",
        "kms:resourcealiases",
        "kms:signingalgorithm",
        "kms:viaservice",
        "s3:delimiter",
        "s3:max-keys",
        "s3:prefix",
        "s3:tlsversion",
        "s3:versionid",
        "secretsmanager:name",
        "secretsmanager:secretid",
        "secretsmanager:versionid",
        "secretsmanager:versionstage",
        "ses:apiversion",
        "ses:fromaddress",
        "ses:fromdisplayname",
        "ses:recipients",
        "sns:endpoint",
        "sns:protocol",
        "ssm:recursive",
    }
)
"""Keys that a request here carries whenever it would on AWS."""

FILLED_FAMILIES = (
    "aws:principaltag/",
    "kms:encryptioncontext:",
    # Headers of the request: absent when the request has none, as on AWS.
    "s3:x-amz-",
    "s3:if-",
)
"""Beginnings of such keys."""

NEVER_HERE = {
    "aws:federatedprovider": "nobody signs in to AWS through an identity provider",
    "aws:multifactorauthage": "sessions of roles carry no second factor",
    "aws:multifactorauthpresent": "sessions of roles carry no second factor",
    "aws:principalorgid": "the account is in no organization",
    "aws:principalorgpaths": "the account is in no organization",
    "aws:resourceorgid": "the account is in no organization",
    "aws:resourceorgpaths": "the account is in no organization",
    "aws:sourceidentity": "no session sets one",
    "aws:sourceorgid": "the account is in no organization",
    "aws:sourceowner": "retired; only services that no topic here listens to still send it",
    "aws:sourcevpc": "no request comes through a VPC endpoint",
    "aws:sourcevpce": "no request comes through a VPC endpoint",
    "aws:vpcsourceip": "no request comes through a VPC endpoint",
    "kms:grantisforawsresource": "grants are not supported: CreateGrant itself is refused",
    "lambda:functionurlauthtype": "no function has a URL of its own",
    "sts:externalid": "roles are assumed within this account, without an external id",
}
"""Keys that would be absent from these requests on AWS too, and why."""


def check_key(key: str) -> None:
    """Raise PolicyError for a key whose value nobody here can know."""
    name = key.lower()
    if name in FILLED or name in NEVER_HERE or name.startswith(FILLED_FAMILIES):
        return
    raise PolicyError(f"no request here carries the condition key '{key}'; see condition_keys.py")
