"""Where the edge fetches from: the packaged films and the web app, both private buckets."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components import MarqueeStack
from stacks.environment import Environment


class OriginStack(MarqueeStack):
    """Two buckets that only this account's distributions may read."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        self.packaged = self._bucket("Packaged", env)
        self.web = self._bucket("Web", env)

    def _bucket(self, construct_id: str, env: Environment) -> s3.Bucket:
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
