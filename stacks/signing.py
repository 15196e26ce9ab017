"""What signs a viewer's access to the edge: the key CloudFront trusts, and our secrets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from aws_cdk import CfnOutput, SecretValue
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.components import MarqueeStack, acknowledge
from stacks.environment import Environment


@dataclass(frozen=True)
class Signing:
    """What a stack that signs, or checks signatures, needs to know."""

    key_group_id: str
    private_key: secretsmanager.ISecret
    """The P-256 key and CloudFront's id of its public half; `make bootstrap` puts them there."""
    ticket_secret: secretsmanager.ISecret
    """MACs licence tokens and session tickets."""
    pin_secret: secretsmanager.ISecret
    """MACs what a PIN opens: identity makes it, playback believes it."""
    origin_secret: secretsmanager.ISecret
    """What the edge sends to the API, so that functions may believe its viewer headers."""
    origin_secret_reference: str
    """The same for a template: CloudFormation reads it, so it stands in no file."""


class SigningStack(MarqueeStack):
    """The trusted key group and the secrets behind it."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        trusted = {
            _fingerprint(pem): self._public_key(env, pem)
            for pem in (env.signing_public_key, env.signing_next_public_key)
            if pem is not None
        }
        key_group = cloudfront.CfnKeyGroup(
            self,
            "ViewerKeys",
            key_group_config=cloudfront.CfnKeyGroup.KeyGroupConfigProperty(
                items=[key.ref for key in trusted.values()], name=f"marquee-{env.name}-viewers"
            ),
        )
        CfnOutput(
            self,
            "ViewerKeyIds",
            description="CloudFront's id of each trusted key, by the key's fingerprint",
            value=" ".join(f"{print_}={key.ref}" for print_, key in trusted.items()),
        )
        private_key = secretsmanager.Secret(
            self,
            "ViewerPrivateKey",
            description="The P-256 key that signs viewers' cookies; set by make bootstrap",
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
        pin_secret = secretsmanager.Secret(
            self,
            "PinSecret",
            description="MACs what a PIN opens, between identity and playback",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=64, exclude_punctuation=True
            ),
            removal_policy=env.removal_policy,
        )
        origin_secret = secretsmanager.Secret(
            self,
            "OriginSecret",
            description="Proves to the API that a request came through the edge",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=64, exclude_punctuation=True
            ),
            removal_policy=env.removal_policy,
        )
        for secret in (private_key, ticket_secret, pin_secret, origin_secret):
            acknowledge(
                secret,
                "AwsSolutions-SMG4",
                "CloudFront and running functions have to follow in order, so rotation is a "
                "command of ours (docs/operate.md), not a schedule.",
            )
        CfnOutput(self, "TicketSecretArn", value=ticket_secret.secret_arn)
        CfnOutput(self, "PinSecretArn", value=pin_secret.secret_arn)
        CfnOutput(self, "OriginSecretArn", value=origin_secret.secret_arn)
        CfnOutput(self, "ViewerPrivateKeySecret", value=private_key.secret_arn)
        self.signing = Signing(
            key_group_id=key_group.ref,
            private_key=private_key,
            ticket_secret=ticket_secret,
            pin_secret=pin_secret,
            origin_secret=origin_secret,
            origin_secret_reference=SecretValue.secrets_manager(
                origin_secret.secret_arn, version_id=env.origin_secret_version
            ).unsafe_unwrap(),
        )

    def _public_key(self, env: Environment, pem: str) -> cloudfront.CfnPublicKey:
        """A key under an id of its own: CloudFront cannot change one, only trust another."""
        name = f"marquee-{env.name}-viewer-{_fingerprint(pem)}"
        return cloudfront.CfnPublicKey(
            self,
            f"ViewerKey{_fingerprint(pem)}",
            public_key_config=cloudfront.CfnPublicKey.PublicKeyConfigProperty(
                caller_reference=name, encoded_key=pem, name=name
            ),
        )


def _fingerprint(pem: str) -> str:
    """Which key it is, as `commands.bootstrap install` finds it: SHA-256 of the PEM, shortened."""
    return hashlib.sha256(pem.strip().encode()).hexdigest()[:16]
