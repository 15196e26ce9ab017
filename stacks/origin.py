"""Where the edge fetches from: the packaged films and the web app, both private buckets."""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnElement, CfnOutput, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components import MarqueeStack, acknowledge
from stacks.environment import Environment

WORK = "work/"
"""Captures, reports and proxies of the pipeline; no behaviour of the edge reaches them."""

WORK_IS_USELESS_AFTER = Duration.days(7)
"""A retry of a failed film makes them anew; until then they show what happened."""

FETCHED = ("m/", "art/")
"""Films and artwork: what viewers fetch through the edge."""

OLD_VERSIONS_LAST = Duration.days(1)


class OriginStack(MarqueeStack):
    """Two buckets that only this account's distributions may read."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        self.copy = self._bucket("PackagedCopy", env, versioned=True) if env.copy_films else None
        """What the edge turns to when `packaged` fails; None where the environment keeps none."""
        copying = (
            iam.Role(self, "CopyingRole", assumed_by=iam.ServicePrincipal("s3.amazonaws.com"))
            if self.copy
            else None
        )
        self.packaged = self._bucket(
            "Packaged",
            env,
            versioned=env.copy_films,
            copies=self._copied_to(self.copy),
            copying=copying,
        )
        self.packaged.add_lifecycle_rule(prefix=WORK, expiration=WORK_IS_USELESS_AFTER)
        if self.copy is not None and copying is not None:
            self._let_copy(copying, self.copy)
        self.web = self._bucket("Web", env)
        CfnOutput(self, "WebBucket", value=self.web.bucket_name)

    def _let_copy(self, role: iam.Role, copy: s3.Bucket) -> None:
        """What replication within an account needs (S3 user guide, "Setting up permissions")."""
        films = self.packaged
        of_bucket = ("s3:GetReplicationConfiguration", "s3:ListBucket")
        of_objects = (
            "s3:GetObjectVersionForReplication",
            "s3:GetObjectVersionAcl",
            "s3:GetObjectVersionTagging",
        )
        to_copy = ("s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags")
        for actions, resource in (
            (of_bucket, films.bucket_arn),
            (of_objects, films.arn_for_objects("*")),
            (to_copy, copy.arn_for_objects("*")),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=[resource]))
        for bucket in (films, copy):
            acknowledge(
                role,
                f"AwsSolutions-IAM5[Resource::<{self._logical_id(bucket)}.Arn>/*]",
                "S3 copies whatever is written under the rules' prefixes.",
            )

    def _logical_id(self, bucket: s3.Bucket) -> str:
        return self.get_logical_id(cast(CfnElement, bucket.node.default_child))

    def _copied_to(self, copy: s3.IBucket | None) -> list[s3.ReplicationRule] | None:
        """What viewers fetch; what the pipeline works with is of use to nobody else."""
        if copy is None:
            return None
        return [
            s3.ReplicationRule(
                destination=copy,
                id=prefix.rstrip("/"),
                priority=priority,
                filter=s3.Filter(prefix=prefix),
                delete_marker_replication=True,
            )
            for priority, prefix in enumerate(FETCHED)
        ]

    def _bucket(
        self,
        construct_id: str,
        env: Environment,
        *,
        versioned: bool = False,
        copies: list[s3.ReplicationRule] | None = None,
        copying: iam.Role | None = None,
    ) -> s3.Bucket:
        # Segments are encrypted already and the web app is public: S3's own keys suffice, and
        # CloudFront would otherwise need a grant on a KMS key for each request.
        bucket = s3.Bucket(
            self,
            construct_id,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=env.viewer_protocol == "redirect-to-https",
            removal_policy=env.removal_policy,
            versioned=versioned,
            replication_rules=copies,
            replication_role=copying,
        )
        if versioned:
            # Replication asks for versions; nobody else does.
            bucket.add_lifecycle_rule(noncurrent_version_expiration=OLD_VERSIONS_LAST)
        acknowledge(
            bucket,
            "AwsSolutions-S1",
            "Only CloudFront reads it, by the policy below, and the pipeline's roles write it.",
        )
        # By pattern, not by distribution: naming it here would make a cycle with delivery.
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                actions=["s3:GetObject"],
                resources=[bucket.arn_for_objects("*")],
                conditions={
                    "ArnLike": {
                        "AWS:SourceArn": f"arn:{self.partition}:cloudfront::{self.account}"
                        ":distribution/*"
                    }
                },
            )
        )
        return bucket
