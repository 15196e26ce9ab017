"""What a deployment tells the identity functions; a missing one stops the function at start."""

from __future__ import annotations

import json
import os

from identity.oauth.clients import Client, clients, partner


def table_name() -> str:
    """The domain's table."""
    return os.environ["TABLE_NAME"]


def issuer() -> str:
    """The issuer that tokens and discovery name."""
    return os.environ["ISSUER"]


def public_origin() -> str:
    """Where the web app lives: scheme, host and port."""
    return os.environ["PUBLIC_ORIGIN"]


def passkey_domain() -> str:
    """The domain that passkeys are for; a passkey made for another one is never found again."""
    return os.environ["PASSKEY_DOMAIN"]


def mail_key() -> str:
    """The KMS key under which events are sealed that become letters, by ARN."""
    return os.environ["MAIL_KEY"]


def factor_key() -> str:
    """The KMS key under which the secrets of authenticator apps are sealed, by ARN."""
    return os.environ["FACTOR_KEY"]


def signing_key() -> str:
    """The KMS key that signs tokens, by ARN."""
    return os.environ["SIGNING_KEY"]


def published_keys() -> list[str]:
    """The KMS keys whose tokens are good, by ARN: the one that signs, and others in a rotation."""
    return os.environ["PUBLISHED_KEYS"].split(",")


def wrapping_key() -> str | None:
    """The KMS key that wraps short-lived token keys, by ARN; None where KMS signs each token."""
    return os.environ.get("WRAPPING_KEY")


def wrapped_keys_sign() -> bool:
    """Whether wrapped keys sign, and are not only published."""
    return os.environ.get("WRAPPED_KEYS") == "signing"


def resource_server_secret() -> str:
    """The secret by which a resource server proves itself, by ARN."""
    return os.environ["RESOURCE_SERVER_SECRET"]


def known_clients() -> dict[str, Client]:
    """The clients there are, with those of others that the environment names."""
    partners = [partner(**each) for each in json.loads(os.environ["PARTNERS"])]
    return clients(public_origin(), issuer(), partners)
