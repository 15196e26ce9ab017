"""Which statements of the roles' policies were needed: what no test needed, no test protects.

CDK merges grants into statements, so actions and resources are counted one by one: a pattern
that allowed nothing could be removed without anybody noticing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from localcloud.iam.account import MotoAccount
from localcloud.iam.conditions import Context
from localcloud.iam.policy import Access, Statement
from localcloud.registry import Registry

ROLE = "AWS::IAM::Role"


class Usage:
    """Collects what allowed each access; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: set[tuple[str, Statement, str, str]] = set()

    def record(
        self, role_arn: str, statements: Iterable[Statement], access: Access, context: Context
    ) -> None:
        """These statements of the role allowed an access."""
        found = [
            (role_arn, statement, action, resource)
            for statement in statements
            for actions, resources in [statement.matching(access, context)]
            for action in actions or ["*"]
            for resource in resources or ["*"]
        ]
        with self._lock:
            self._used.update(found)

    def report(self, registry: Registry, account: MotoAccount) -> dict[str, Any]:
        """Every role of the templates with its Allow statements, and which parts were needed."""
        with self._lock:
            used = set(self._used)
        roles = {}
        for resource in registry.by_type(ROLE):
            role = account.role(resource.attributes["Arn"])
            if role is None:
                continue
            mine = [entry for entry in used if entry[0] == role.arn]
            roles[f"{resource.stack}/{resource.logical_id}"] = [
                _described(statement, [one for one in mine if one[1] == statement])
                for policy in role.policies
                for statement in policy.statements
                if statement.allows
            ]
        return {"roles": roles}


def _described(
    statement: Statement, used: list[tuple[str, Statement, str, str]]
) -> dict[str, dict[str, bool]]:
    actions = {action for _, _, action, _ in used}
    resources = {resource for _, _, _, resource in used}
    return {
        "actions": {one: one in actions for one in statement.actions},
        "resources": {one: one in resources for one in statement.resources},
    }


@dataclass(frozen=True)
class Allowed:
    """Parts of policies that may stay unneeded in the tests, and why."""

    pattern: str
    """Matches lines such as `marquee-local-keys/SpekeRole1234: kms:Decrypt` by wildcards."""
    reason: str


GENERATED = (
    Allowed("*: *:table/*/index/[*]", "CDK grants a table's indexes along with the table"),
    Allowed("*: secretsmanager:DescribeSecret", "part of CDK's grant_read; only reading is used"),
    Allowed("*: dynamodb:ListStreams", "part of CDK's grant_stream_read"),
    Allowed("*: kms:DescribeKey", "part of CDK's grants of a bucket's key"),
    Allowed("*: kms:Encrypt", "part of CDK's grants of a bucket's key; S3 makes data keys"),
    Allowed("*: kms:ReEncrypt[*]", "part of CDK's grants of a bucket's key"),
    Allowed("*: s3:Abort[*]", "part of CDK's grant_put"),
    Allowed("*: s3:GetBucket[*]", "part of CDK's grant_read"),
    Allowed("*: s3:List[*]", "part of CDK's grant_read"),
    Allowed("*: s3:PutObjectLegalHold", "part of CDK's grant_put"),
    Allowed("*: s3:PutObjectRetention", "part of CDK's grant_put"),
    Allowed("*: s3:PutObject*Tagging", "part of CDK's grant_put"),
    Allowed("*: sqs:GetQueueAttributes", "part of CDK's grants of a queue"),
    Allowed("*: sqs:GetQueueUrl", "part of CDK's grants of a queue"),
    Allowed("*: logs:*", "Lambda's own logging, which writes files here"),
    Allowed("*: xray:*", "tracing, which nothing takes in here"),
    Allowed("*: events:*Rule", "the rule behind a .sync task, whose end is asked for here"),
    Allowed("*: events:PutTargets", "the rule behind a .sync task, whose end is asked for here"),
)
"""What CDK writes beside what was asked for, and what acts only on AWS."""


def unused(report: Mapping[str, Any], allowed: Iterable[Allowed] = GENERATED) -> list[str]:
    """A line for each part of a policy that nothing needed, unless it is allowed to be so."""
    lines = [line for line in _lines(report) if not _is_allowed(line, allowed)]
    return sorted(set(lines))


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    for role, statements in report["roles"].items():
        for statement in statements:
            for action, needed in statement["actions"].items():
                if not needed:
                    yield f"{role}: {action}"
            resources = statement["resources"]
            used = [resource for resource, needed in resources.items() if needed]
            # A statement without any use is told of by its actions alone.
            for resource in resources if used else ():
                # A bucket stands beside the objects that are meant.
                beside = any(one.startswith(f"{resource}/") for one in used)
                if not resources[resource] and not beside:
                    yield f"{role}: {resource}"


def _is_allowed(line: str, allowed: Iterable[Allowed]) -> bool:
    return any(fnmatchcase(line, one.pattern) for one in allowed)


def joined(reports: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What several runs of the same templates needed together.

    Parts of a policy are the same by their place: what they are called has ids that differ from
    run to run. ValueError for runs of other templates.
    """
    every = [report["roles"] for report in reports]
    return {
        "roles": {
            role: [
                _needed_by_any(alike)
                for alike in zip(*(roles.get(role, ()) for roles in every), strict=True)
            ]
            for role in every[0]
        }
    }


def _needed_by_any(
    alike: Sequence[Mapping[str, Mapping[str, bool]]],
) -> dict[str, dict[str, bool]]:
    """One statement as several runs have it, under the names of the first."""
    return {
        part: {
            name: any(needed)
            for name, *needed in zip(
                named, *(statement[part].values() for statement in alike), strict=True
            )
        }
        for part, named in alike[0].items()
    }


def write(report: Mapping[str, Any], path: Path) -> None:
    """Keep a report for the check that follows, its parts in the order of the templates."""
    path.write_text(json.dumps(report, indent=2), encoding="utf-8")
