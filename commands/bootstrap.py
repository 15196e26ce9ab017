"""First secrets and accounts of an environment.

    python -m commands.bootstrap keypair --private viewer-key.pem
        makes the P-256 pair that signs viewers' access, once, and prints the public PEM: the
        environment's `signing_public_key`
    python -m commands.bootstrap install --outputs outputs.json --private viewer-key.pem
        puts the private half into Secrets Manager
    MARQUEE_PASSWORD=… python -m commands.bootstrap account --outputs outputs.json \
        --email you@example.com --staff
        makes an account; the password never stands on a command line
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from commands.outputs import MissingOutputError, Outputs

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient


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


def install(secrets: SecretsManagerClient, secret_arn: str, private: Path) -> None:
    """Put the private half where the functions read it."""
    secrets.put_secret_value(SecretId=secret_arn, SecretString=private.read_text())


def create_account(
    functions: LambdaClient, function_arn: str, email: str, password: str, scopes: list[str]
) -> bool:
    """Make an account; False when there is one with that address. RefusedError otherwise."""
    request = {"email": email, "password": password, "scopes": scopes}
    answer = functions.invoke(FunctionName=function_arn, Payload=json.dumps(request).encode())
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise RefusedError(f"The account function failed: {result.get('errorMessage', result)}")
    error = result.get("error")
    if error and error["code"] == "email_taken":
        return False
    if error:
        raise RefusedError(str(error["message"]))
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="First secrets and accounts of an environment.")
    steps = parser.add_subparsers(dest="step", required=True)
    pair = steps.add_parser("keypair", help="make the pair that signs viewers' access")
    pair.add_argument("--private", type=Path, required=True)
    installing = steps.add_parser("install", help="put the private half into Secrets Manager")
    installing.add_argument("--outputs", type=Path, required=True)
    installing.add_argument("--private", type=Path, required=True)
    account = steps.add_parser("account", help="make an account")
    account.add_argument("--outputs", type=Path, required=True)
    account.add_argument("--email", required=True)
    account.add_argument("--staff", action="store_true")
    return parser


def _run(arguments: argparse.Namespace) -> None:
    if arguments.step == "keypair":
        print(key_pair(arguments.private), end="")
        return
    outputs = Outputs(arguments.outputs)
    if arguments.step == "install":
        secret = outputs.get("signing", "ViewerPrivateKeySecret")
        install(boto3.client("secretsmanager"), secret, arguments.private)
        return
    password = os.environ.get("MARQUEE_PASSWORD")
    if not password:
        raise RefusedError("Set MARQUEE_PASSWORD to the new account's password.")
    function = outputs.get("identity", "CreateAccountFunction")
    scopes = ["member", "staff"] if arguments.staff else ["member"]
    made = create_account(boto3.client("lambda"), function, arguments.email, password, scopes)
    print(f"{arguments.email}: {'made' if made else 'exists already'}")


def main() -> int:
    """Take one step; 1 with a sentence when it is refused."""
    try:
        _run(_parser().parse_args())
    except (MissingOutputError, RefusedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
