"""Reads the environment from context and creates the stacks. No AWS call, no logic."""

from __future__ import annotations

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from stacks.api import ApiStack
from stacks.beacons import BeaconsStack
from stacks.billing import BillingStack
from stacks.catalog import CatalogStack
from stacks.delivery import DeliveryStack
from stacks.devices import DevicesStack
from stacks.edge_global import EdgeGlobalStack
from stacks.environment import environment_from
from stacks.identity import IdentityStack
from stacks.keys import KeysStack
from stacks.media import MediaStack
from stacks.notifications import NotificationsStack
from stacks.operations import OperationsStack
from stacks.origin import OriginStack
from stacks.playback import PlaybackStack
from stacks.profiles import ProfilesStack
from stacks.progress import ProgressStack
from stacks.revocation import RevocationStack
from stacks.signing import SigningStack
from stacks.staff_accounts import StaffAccountsStack


def main() -> None:
    """Create the stacks of the environment that the context names, in their one-way order."""
    app = cdk.App()
    env = environment_from(app.node)
    if env.solution_checks:
        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    if env.alerts is not None or env.backup is not None:
        OperationsStack(app, "operations", env=env)
    if env.domain is not None:
        EdgeGlobalStack(app, "edge-global", env=env, domain=env.domain)
    signing = SigningStack(app, "signing", env=env)
    origin = OriginStack(app, "origin", env=env)
    keys = KeysStack(app, "keys", env=env)
    identity = IdentityStack(app, "identity", env=env)

    api = ApiStack(app, "api", env=env)
    # API Gateway asks the issuer for its keys when the authorizer is created.
    api.add_stack_dependency(identity)

    NotificationsStack(app, "notifications", env=env, api=api.ref, mail_key=identity.mail_key)
    BillingStack(app, "billing", env=env, api=api.ref)
    DevicesStack(app, "devices", env=env, api=api.ref, accounts=identity.accounts)
    ProfilesStack(
        app,
        "profiles",
        env=env,
        api=api.ref,
        accounts=identity.accounts,
        signing=signing.signing,
    )
    StaffAccountsStack(
        app,
        "staff-accounts",
        env=env,
        api=api.ref,
        accounts=identity.accounts,
        mail_key=identity.mail_key,
    )
    CatalogStack(app, "catalog", env=env, api=api.ref)
    beacons = BeaconsStack(app, "beacons", env=env, api=api.ref)
    # It has an authorizer of its own.
    beacons.add_stack_dependency(identity)
    ProgressStack(
        app,
        "progress",
        env=env,
        api=api.ref,
        signing=signing.signing,
        beacons=beacons.stream,
    )
    PlaybackStack(
        app,
        "playback",
        env=env,
        api=api.ref,
        signing=signing.signing,
        vault_key=keys.vault_key,
        beacons=beacons.stream,
        beacons_url=beacons.url,
        films=origin.packaged,
    )
    revocation = RevocationStack(app, "revocation", env=env, signing=signing.signing)
    media = MediaStack(
        app,
        "media",
        env=env,
        packaged_bucket=origin.packaged,
        api=api.ref,
        speke_url=keys.speke_url,
        speke_invoke_arn=keys.speke_invoke_arn,
    )
    if env.edge_is_ready:
        DeliveryStack(
            app,
            "delivery",
            env=env,
            packaged=origin.packaged,
            copy=origin.copy,
            web=origin.web,
            api_host=api.host,
            signing=signing.signing,
            plays=revocation.store,
            uploads_url=media.uploads_url,
            beacons_url=beacons.url,
        )
    app.synth()


if __name__ == "__main__":
    main()
