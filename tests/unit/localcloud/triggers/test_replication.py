"""Objects of one bucket in another, as the bucket's rules say and as its role may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from localcloud.registry import Registry, Resource
from localcloud.triggers.replication import Replication

ROLE = "arn:aws:iam::123456789012:role/replication"


def rule(prefix: str, priority: int, **changes: Any) -> dict[str, Any]:
    return {
        "Id": prefix,
        "Status": "Enabled",
        "Priority": priority,
        "Filter": {"Prefix": prefix},
        "Destination": {"Bucket": "arn:aws:s3:::copy"},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        **changes,
    }


@dataclass
class S3:
    """What was done, and what the role may not."""

    copied: list[tuple[str, str, str]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    forbidden: str = ""

    def check(self, role: str, action: str, resource: str) -> None:
        assert role == ROLE
        self.asked.append((action, resource))
        if action == self.forbidden:
            raise PermissionError(action)

    def copy(self, source: str, key: str, destination: str) -> None:
        self.copied.append((source, key, destination))


@pytest.fixture
def s3() -> S3:
    return S3()


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    return [rule("m/", 1), rule("art/", 0)]


@pytest.fixture
def replication(s3: S3, rules: list[dict[str, Any]]) -> Iterator[Replication]:
    registry = Registry()
    for name, properties in (
        ("films", {"ReplicationConfiguration": {"Role": ROLE, "Rules": rules}}),
        ("copy", {}),
    ):
        resource = Resource("origin", name, "AWS::S3::Bucket", name, {}, dict(properties))
        registry.add(resource)
    made = Replication(registry, s3.check, s3.copy)
    yield made
    made.stop()


def write(replication: Replication, bucket: str, *keys: str) -> None:
    for key in keys:
        replication.on_object_created(bucket, key, 1, "etag", "ObjectCreated:Put")


def test_what_the_rules_name_is_copied_and_nothing_else(replication: Replication, s3: S3) -> None:
    write(replication, "films", "m/ast_1/v1/a.cmfv", "work/ast_1/x.csv", "art/ast_1/poster.jpg")
    write(replication, "copy", "m/ast_1/v1/a.cmfv")

    replication.stop()

    assert s3.copied == [
        ("films", "m/ast_1/v1/a.cmfv", "copy"),
        ("films", "art/ast_1/poster.jpg", "copy"),
    ]


def test_the_role_is_asked_for_each_right_that_s3_asks_it_for(
    replication: Replication, s3: S3
) -> None:
    write(replication, "films", "m/a")

    replication.stop()

    assert s3.asked == [
        ("s3:GetReplicationConfiguration", "arn:aws:s3:::films"),
        ("s3:ListBucket", "arn:aws:s3:::films"),
        ("s3:GetObjectVersionForReplication", "arn:aws:s3:::films/m/a"),
        ("s3:GetObjectVersionAcl", "arn:aws:s3:::films/m/a"),
        ("s3:GetObjectVersionTagging", "arn:aws:s3:::films/m/a"),
        ("s3:ReplicateObject", "arn:aws:s3:::copy/m/a"),
        ("s3:ReplicateTags", "arn:aws:s3:::copy/m/a"),
    ]


@pytest.mark.parametrize("right", ["s3:ListBucket", "s3:ReplicateObject"])
def test_without_a_right_nothing_is_copied_and_the_next_is_tried(
    replication: Replication, s3: S3, right: str
) -> None:
    s3.forbidden = right
    write(replication, "films", "m/a", "m/b")

    replication.stop()

    assert s3.copied == []
    assert ("s3:GetReplicationConfiguration", "arn:aws:s3:::films") in s3.asked


def test_a_deleted_film_is_gone_in_the_copy(replication: Replication, s3: S3) -> None:
    replication.on_object_removed("films", "m/a")
    replication.on_object_removed("films", "work/a")

    replication.stop()

    assert s3.copied == [("films", "m/a", "copy")]
    assert ("s3:ReplicateDelete", "arn:aws:s3:::copy/m/a") in s3.asked


@pytest.mark.parametrize(
    "rules",
    [[rule("m/", 1, DeleteMarkerReplication={"Status": "Disabled"}, Status="Disabled")]],
)
def test_a_rule_that_is_off_copies_nothing(replication: Replication, s3: S3) -> None:
    write(replication, "films", "m/a")
    replication.on_object_removed("films", "m/a")

    replication.stop()

    assert s3.copied == []
