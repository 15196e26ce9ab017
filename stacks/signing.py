"""What signs a viewer's access to the edge: the key CloudFront trusts, and our secrets."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import CfnOutput
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.components import MarqueeStack
from stacks.environment import Environment


@dataclass(frozen=True)
class Signing:
    """What a stack that signs, or checks signatures, needs to know."""

    key_pair_id: str
    """CloudFront's id of the public key: it goes into every cookie."""
    key_group_id: str
    private_key: secretsmanager.ISecret
    """PEM of the P-256 key; `make bootstrap` puts it there."""
    ticket_secret: secretsmanager.ISecret
    """MACs licence tokens and session tickets."""


class SigningStack(MarqueeStack):
    """The trusted key group and the secrets behind it."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        public_key = cloudfront.CfnPublicKey(
            self,
            "ViewerKey",
            public_key_config=cloudfront.CfnPublicKey.PublicKeyConfigProperty(
                caller_reference=f"marquee-{env.name}-viewer-1",
                encoded_key=env.signing_public_key,
                name=f"marquee-{env.name}-viewer-1",
            ),
        )
        key_group = cloudfront.CfnKeyGroup(
            self,
            "ViewerKeys",
            key_group_config=cloudfront.CfnKeyGroup.KeyGroupConfigProperty(
                items=[public_key.ref], name=f"marquee-{env.name}-viewers"
            ),
        )
        private_key = secretsmanager.Secret(
            self,
            "ViewerPrivateKey",
            description="PEM of the P-256 key that signs viewers' cookies; set by make bootstrap",
            removal_policy=env.removal_policy,
        )
        ticket_secret = secretsmanager.Secret(
            self,
            "TicketSecret",
            description="MACs licence tokens and session tickets",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=64, exclude_punctuation=True
            ),
            removal_policy=env.removal_policy,
        )
        CfnOutput(self, "ViewerPrivateKeySecret", value=private_key.secret_arn)
        self.signing = Signing(
            key_pair_id=public_key.ref,
            key_group_id=key_group.ref,
            private_key=private_key,
            ticket_secret=ticket_secret,
        )
