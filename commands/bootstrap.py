"""First secrets and accounts of an environment, and their replacement.

    python -m commands.bootstrap keypair --private viewer-key.pem [--environment dev] [--next]
        makes the P-256 pair that signs viewers' access, once, and prints the public PEM; with an
        environment writes it into cdk.json, as the second trusted key with --next
    python -m commands.bootstrap edge --environment dev --outputs outputs.json
        writes what edge-global made in us-east-1 into cdk.json
    python -m commands.bootstrap check --environment dev
        refuses settings that still hold the repository's examples
    python -m commands.bootstrap install --outputs outputs.json --private viewer-key.pem
        puts the private half into Secrets Manager
    MARQUEE_PASSWORD=… python -m commands.bootstrap account --outputs outputs.json \
        --email you@example.com --staff
        makes an account; the password never stands on a command line. Staff sign in in two steps:
        the key of their app is MARQUEE_TOTP_SECRET, or made here and shown this one time
    python -m commands.bootstrap keep --outputs outputs.json
        gives the edge the keys that its tokens are made with
    python -m commands.bootstrap rotate {ticket,pin,origin} --environment dev --outputs outputs.json
        replaces a secret that functions and edges accept together with the one before it
    python -m commands.bootstrap promote --environment dev
        makes the second trusted key the first and only one
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets as randomness
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from commands.outputs import MissingOutputError, Outputs
from commands.settings import EnvironmentSettings, NoSuchEnvironmentError
from commands.totp import new_secret

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

EXAMPLE_KEY_OF = "local"
"""The environment whose public key stands in the repository: nobody has its private half."""

EXAMPLE_DOMAIN = ".example"
"""Reserved for documentation (RFC 2606)."""

SECRET_BYTES = 48

LONGEST_PLAY = timedelta(hours=12)
"""What was signed with a secret may be good for this long, so that only one is forgotten in it."""

EVERY_EDGE_KNOWS = timedelta(seconds=60)
"""CloudFront tells its edges of a change within seconds, it says; nothing tells when it is done."""


class RefusedError(RuntimeError):
    """The service said no; its sentence is the message."""


def key_pair(private: Path) -> str:
    """The public PEM of the pair whose private half is in that file, made if it is not there."""
    if private.exists():
        key = serialization.load_pem_private_key(private.read_bytes(), password=None)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        private.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            )
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def fingerprint(public_pem: str) -> str:
    """The name of a key in the outputs of the signing stack."""
    return hashlib.sha256(public_pem.strip().encode()).hexdigest()[:16]


def write_key(settings: EnvironmentSettings, private: Path, *, as_next: bool) -> str:
    """Put the pair's public half into the settings; what was done, in words.

    RefusedError when the settings hold a key whose private half is not in that file: writing over
    it would cut off every viewer who plays.
    """
    current = settings.get("signing_public_key")
    has_own = bool(current) and current != settings.of(EXAMPLE_KEY_OF, "signing_public_key")
    if has_own and not as_next and not private.exists():
        raise RefusedError(
            f"{settings.name} has a key already, and {private} is not its private half. To replace "
            "it, add --next (docs/operate.md)."
        )
    public = key_pair(private)
    if has_own and not as_next and public != current:
        raise RefusedError(f"{private} is not the private half of {settings.name}'s key.")
    name = "signing_next_public_key" if as_next else "signing_public_key"
    changed = settings.write({name: public})
    return f"{settings.name}: {name} {'is written to cdk.json' if changed else 'stands already'}"


def write_edge(settings: EnvironmentSettings, outputs: Outputs) -> str:
    """Put the certificate's and the firewall's ARNs into the settings."""
    edge = {"certificate_arn": outputs.get("edge-global", "CertificateArn")}
    if settings.get("firewall"):
        edge["firewall_arn"] = outputs.get("edge-global", "FirewallArn")
    changed = settings.write({"edge": edge})
    return f"{settings.name}: edge {'is written to cdk.json' if changed else 'stands already'}"


def examples_left(settings: EnvironmentSettings, *, before_bootstrap: bool) -> list[str]:
    """The settings that are still the repository's examples."""
    account = str(settings.get("account"))
    domain = settings.get("domain") or {}
    edge = settings.get("edge") or {}
    mails = (settings.get("alerts") or {}).get("emails", [])
    left = {
        "account": len(set(account)) == 1,
        "domain": str(domain.get("name", "")).endswith(EXAMPLE_DOMAIN),
        "alerts": any(mail.endswith(EXAMPLE_DOMAIN) for mail in mails),
    }
    if not before_bootstrap:
        example = settings.of(EXAMPLE_KEY_OF, "signing_public_key")
        left["signing_public_key"] = settings.get("signing_public_key") == example
        left["edge"] = bool(domain) and f":{account}:" not in str(edge.get("certificate_arn"))
        left["edge"] |= "00000000-0000-4000-8000-000000000000" in str(edge)
    return [name for name, is_example in left.items() if is_example]


def install(
    secrets: SecretsManagerClient, secret_arn: str, private: Path, trusted: Mapping[str, str]
) -> None:
    """Put the private half where the functions read it, with CloudFront's id of the public one.

    `trusted` is the deployed keys' ids by fingerprint; RefusedError when this one is not of them.
    """
    key_pair_id = trusted.get(fingerprint(key_pair(private)))
    if key_pair_id is None:
        raise RefusedError(
            f"The deployed environment does not trust the key in {private}: put its public half "
            "into the settings (the step keypair) and deploy first."
        )
    pair = {"key_pair_id": key_pair_id, "private_key": private.read_text()}
    secrets.put_secret_value(SecretId=secret_arn, SecretString=json.dumps(pair))


def rotate(secrets: SecretsManagerClient, secret_arn: str) -> str:
    """Give a secret a new value; the version's id. The value before it stays AWSPREVIOUS."""
    value = randomness.token_urlsafe(SECRET_BYTES)
    answer = secrets.put_secret_value(SecretId=secret_arn, SecretString=value)
    return str(answer["VersionId"])


def keep(functions: LambdaClient, function_arn: str) -> int:
    """Let the edge's store be put in order; how many keys it holds. RefusedError."""
    answer = functions.invoke(FunctionName=function_arn, Payload=b"{}")
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise RefusedError(f"The edge's store was not kept: {result.get('errorMessage', result)}")
    return int(result["keys"])


def rotate_tokens(
    secrets: SecretsManagerClient,
    secret_arn: str,
    *,
    tell_edges: Callable[[], object],
    wait: Callable[[], object],
    now: datetime,
    at_once: bool = False,
) -> None:
    """Replace the secret of tokens: edges hear of it before anything is made with it.

    RefusedError when plays still run on the secret before the current one, which this would
    forget; with `at_once` they stop.
    """
    versions = secrets.list_secret_version_ids(SecretId=secret_arn)["Versions"]
    stages = {stage: each for each in versions for stage in each.get("VersionStages", [])}
    current = stages["AWSCURRENT"]
    is_young = "AWSPREVIOUS" in stages and now - current["CreatedDate"] < LONGEST_PLAY
    if is_young and not at_once:
        raise RefusedError(
            f"The secret was replaced at {current['CreatedDate']:%H:%M}: plays of the one before "
            "it run for up to 12 hours. Wait, or stop them with --at-once."
        )
    value = randomness.token_urlsafe(SECRET_BYTES)
    made = secrets.put_secret_value(
        SecretId=secret_arn, SecretString=value, VersionStages=["AWSPENDING"]
    )["VersionId"]
    tell_edges()
    wait()
    secrets.update_secret_version_stage(
        SecretId=secret_arn,
        VersionStage="AWSCURRENT",
        MoveToVersionId=made,
        RemoveFromVersionId=current["VersionId"],
    )
    secrets.update_secret_version_stage(
        SecretId=secret_arn, VersionStage="AWSPENDING", RemoveFromVersionId=made
    )
    if at_once:
        tell_edges()


def promote(settings: EnvironmentSettings) -> str:
    """Trust only the second key from now on; RefusedError when there is none."""
    following = settings.get("signing_next_public_key")
    if not following:
        raise RefusedError(f"{settings.name} has no signing_next_public_key.")
    settings.write({"signing_public_key": following, "signing_next_public_key": None})
    return f"{settings.name}: the next key is now the only one"


def create_account(
    functions: LambdaClient,
    function_arn: str,
    email: str,
    password: str,
    scopes: list[str],
    totp_secret: str = "",
) -> bool:
    """Make an account; False when there is one with that address. RefusedError otherwise.

    With a secret it signs in in two steps.
    """
    request = {"email": email, "password": password, "scopes": scopes, "totp_secret": totp_secret}
    return _asked(functions, function_arn, request, unless="email_taken")


def give_app(functions: LambdaClient, function_arn: str, email: str, totp_secret: str) -> bool:
    """Have an account sign in in two steps; False when it does already. RefusedError otherwise."""
    request = {"give_app": {"email": email, "totp_secret": totp_secret}}
    return _asked(functions, function_arn, request, unless="two_step_is_on")


def _asked(
    functions: LambdaClient, function_arn: str, request: Mapping[str, object], *, unless: str
) -> bool:
    """Whether the account function did it; False for that one refusal, RefusedError otherwise."""
    answer = functions.invoke(FunctionName=function_arn, Payload=json.dumps(request).encode())
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise RefusedError(f"The account function failed: {result.get('errorMessage', result)}")
    error = result.get("error")
    if error and error["code"] == unless:
        return False
    if error:
        raise RefusedError(str(error["message"]))
    return True


def _keypair_step(arguments: argparse.Namespace) -> None:
    if arguments.environment is None:
        print(key_pair(arguments.private), end="")
        return
    settings = EnvironmentSettings(arguments.environment)
    print(write_key(settings, arguments.private, as_next=arguments.next))


def _edge_step(arguments: argparse.Namespace) -> None:
    print(write_edge(EnvironmentSettings(arguments.environment), Outputs(arguments.outputs)))


def _check_step(arguments: argparse.Namespace) -> None:
    settings = EnvironmentSettings(arguments.environment)
    left = examples_left(settings, before_bootstrap=arguments.before_bootstrap)
    if left:
        raise RefusedError(
            f"{settings.name} still has the repository's examples for {', '.join(left)}: see "
            "docs/operate.md."
        )


def _install_step(arguments: argparse.Namespace) -> None:
    outputs = Outputs(arguments.outputs)
    secret = outputs.get("signing", "ViewerPrivateKeySecret")
    listed = outputs.get("signing", "ViewerKeyIds").split(" ")
    trusted = dict(entry.split("=", 1) for entry in listed)
    install(boto3.client("secretsmanager"), secret, arguments.private, trusted)


def _account_step(arguments: argparse.Namespace) -> None:
    password = os.environ.get("MARQUEE_PASSWORD")
    if not password:
        raise RefusedError("Set MARQUEE_PASSWORD to the new account's password.")
    function = Outputs(arguments.outputs).get("identity", "CreateAccountFunction")
    scopes = ["member", "staff"] if arguments.staff else ["member"]
    handed = os.environ.get("MARQUEE_TOTP_SECRET", "")
    secret = handed or (new_secret() if arguments.staff else "")
    functions, email = boto3.client("lambda"), arguments.email
    made = create_account(functions, function, email, password, scopes, secret)
    print(f"{email}: {'made' if made else 'exists already'}")
    given = bool(secret) and (made or give_app(functions, function, email, secret))
    if given and not handed:
        print(f"Put this key into an authenticator app now, it is shown only here: {secret}")


def _rotate_step(arguments: argparse.Namespace) -> None:
    outputs = Outputs(arguments.outputs)
    if arguments.which == "ticket":
        functions, keeper = boto3.client("lambda"), outputs.get("revocation", "EdgeKeeperFunction")
        rotate_tokens(
            boto3.client("secretsmanager"),
            outputs.get("signing", "TicketSecretArn"),
            tell_edges=lambda: keep(functions, keeper),
            wait=lambda: time.sleep(arguments.wait),
            now=datetime.now(UTC),
            at_once=arguments.at_once,
        )
        print("The secret of tokens is replaced; running functions follow within five minutes.")
        return
    if arguments.which == "pin":
        rotate(boto3.client("secretsmanager"), outputs.get("signing", "PinSecretArn"))
        print("The secret of PINs is replaced; running functions follow by themselves.")
        return
    secret = outputs.get("signing", "OriginSecretArn")
    version = rotate(boto3.client("secretsmanager"), secret)
    EnvironmentSettings(arguments.environment).write({"origin_secret_version": version})
    print("The origin secret is replaced and its version written to cdk.json: deploy now.")


def _keep_step(arguments: argparse.Namespace) -> None:
    function = Outputs(arguments.outputs).get("revocation", "EdgeKeeperFunction")
    print(f"The edge knows {keep(boto3.client('lambda'), function)} keys of tokens.")


def _promote_step(arguments: argparse.Namespace) -> None:
    print(promote(EnvironmentSettings(arguments.environment)))


_STEPS: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "keypair": _keypair_step,
    "edge": _edge_step,
    "check": _check_step,
    "install": _install_step,
    "account": _account_step,
    "keep": _keep_step,
    "rotate": _rotate_step,
    "promote": _promote_step,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="First secrets and accounts of an environment.")
    steps = parser.add_subparsers(dest="step", required=True)
    pair = steps.add_parser("keypair", help="make the pair that signs viewers' access")
    pair.add_argument("--private", type=Path, required=True)
    pair.add_argument("--environment")
    pair.add_argument("--next", action="store_true")
    edge = steps.add_parser("edge", help="write what edge-global made into cdk.json")
    edge.add_argument("--environment", required=True)
    edge.add_argument("--outputs", type=Path, required=True)
    checking = steps.add_parser("check", help="refuse the repository's examples")
    checking.add_argument("--environment", required=True)
    checking.add_argument("--before-bootstrap", action="store_true")
    installing = steps.add_parser("install", help="put the private half into Secrets Manager")
    installing.add_argument("--outputs", type=Path, required=True)
    installing.add_argument("--private", type=Path, required=True)
    keeping = steps.add_parser("keep", help="give the edge the keys of tokens")
    keeping.add_argument("--outputs", type=Path, required=True)
    account = steps.add_parser("account", help="make an account")
    account.add_argument("--outputs", type=Path, required=True)
    account.add_argument("--email", required=True)
    account.add_argument("--staff", action="store_true")
    rotating = steps.add_parser("rotate", help="replace a secret")
    rotating.add_argument("which", choices=["ticket", "pin", "origin"])
    rotating.add_argument("--environment", required=True)
    rotating.add_argument("--outputs", type=Path, required=True)
    rotating.add_argument("--at-once", action="store_true", help="stop plays, a secret has leaked")
    rotating.add_argument(
        "--wait",
        type=float,
        default=EVERY_EDGE_KNOWS.total_seconds(),
        help="seconds until every edge has heard of the new secret",
    )
    promoting = steps.add_parser("promote", help="make the next viewer key the only one")
    promoting.add_argument("--environment", required=True)
    return parser


def main() -> int:
    """Take one step; 1 with a sentence when it is refused."""
    arguments = _parser().parse_args()
    try:
        _STEPS[arguments.step](arguments)
    except (MissingOutputError, NoSuchEnvironmentError, RefusedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
