"""What accounts add to the identity stack: their pages, the key of their letters, a schedule."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.environment import Environment

ACCOUNT_ROUTES = (
    "GET /sign-up",
    "POST /sign-up",
    "POST /verify",
    "GET /forgot-password",
    "POST /forgot-password",
    "POST /reset-password",
    "GET /account",
    "GET /account/password",
    "POST /account/password",
    "GET /account/email",
    "POST /account/email",
    "POST /account/email/confirm",
    "GET /account/delete",
    "POST /account/delete",
)

APP_ROUTES = ("GET /account/apps", "POST /account/apps", "POST /account/apps/withdraw")
EXPORT_ROUTES = ("GET /account/export", "POST /account/export")

PASSKEY_SIGN_IN_ROUTES = ("GET /passkeys.js", "POST /passkey/options", "POST /passkey")
CONFIRMATION_ROUTES = (
    "GET /account/confirm",
    "POST /account/confirm/options",
    "POST /account/confirm",
)
PASSKEY_ROUTES = (
    "GET /account/passkeys",
    "POST /account/passkeys",
    "POST /account/passkeys/add",
    "POST /account/passkeys/rename",
    "POST /account/passkeys/remove",
)


def mail_key(scope: Construct, env: Environment) -> kms.Key:
    """Addresses and codes in events are ciphertexts under it; only the mail function decrypts."""
    return kms.Key(
        scope,
        "MailKey",
        description="Seals what events carry for letters",
        multi_region=True,
        enable_key_rotation=True,
        removal_policy=env.removal_policy,
    )


TWO_STEP_ROUTES = (
    "GET /account/two-step",
    "POST /account/two-step",
    "POST /account/two-step/confirm",
    "GET /account/two-step/off",
    "POST /account/two-step/off",
    "GET /account/recovery-codes",
    "POST /account/recovery-codes",
)


def factor_key(scope: Construct, env: Environment) -> kms.Key:
    """The secrets of authenticator apps are ciphertexts under it; who reads the table has none."""
    return kms.Key(
        scope,
        "FactorKey",
        description="Seals the secrets of authenticator apps",
        multi_region=True,
        enable_key_rotation=True,
        removal_policy=env.removal_policy,
    )
