"""Rebuilds a read model from what the domains that feed it hold.

    python -m commands.rebuild playback --outputs outputs.json

Every publisher tells of its whole state again, as of now; the reader takes it in as it takes in
any event. Nothing is deleted, plays go on meanwhile, and running it twice changes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from commands.outputs import MissingOutputError, Outputs

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

PUBLISHERS = {"playback": ("catalog", "keys", "billing"), "progress": ("catalog",)}
"""Who feeds a read model."""

OUTPUT = "RepublishFunction"
"""Where a publisher's stack names its function."""


class RebuildError(RuntimeError):
    """A publisher failed; running the command again is safe."""


def republish(functions: LambdaClient, function_arn: str) -> int:
    """Let a publisher tell of everything again; how many things it told of."""
    told, after = 0, None
    while True:
        payload = json.dumps({"after": after}).encode()
        answer = functions.invoke(FunctionName=function_arn, Payload=payload)
        result = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise RebuildError(f"{function_arn} failed: {result.get('errorMessage', result)}")
        told += result["told"]
        after = result["after"]
        if after is None:
            return told


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild; 1 with a sentence when that is not possible."""
    parser = argparse.ArgumentParser(prog="rebuild", description="Rebuild a read model.")
    parser.add_argument("reader", choices=sorted(PUBLISHERS))
    parser.add_argument("--outputs", type=Path, required=True, help="what the deployment answered")
    given = parser.parse_args(arguments)
    try:
        outputs = Outputs(given.outputs)
        for publisher in PUBLISHERS[given.reader]:
            told = republish(boto3.client("lambda"), outputs.get(publisher, OUTPUT))
            print(f"{publisher:<10} told of {told} again")
    except (MissingOutputError, RebuildError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{given.reader} takes them in as they arrive, usually within seconds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
