"""Puts the built web app into the web bucket, with the settings it starts from.

    python -m commands.publish_web --outputs outputs.json

File names of assets carry their content's hash, so browsers may keep them for ever; the page and
its settings are asked for anew each time. Assets go first: a page never names what is not there.
"""

from __future__ import annotations

import argparse
import json
import mimetypes
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from commands.outputs import MissingOutputError, Outputs

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")


def configuration(issuer: str, beacons: str) -> bytes:
    """The settings that the app reads before anything else."""
    settings = {"issuer": issuer, "client_id": "web", "api": "/v1", "beacons": beacons}
    return json.dumps(settings).encode()


def publish(s3: S3Client, bucket: str, dist: Path, settings: bytes) -> int:
    """Upload the app and its settings; the number of files."""
    files = sorted(path for path in dist.rglob("*") if path.is_file())
    pages_last = sorted(files, key=lambda path: path.suffix == ".html")
    s3.put_object(
        Bucket=bucket,
        Key="config.json",
        Body=settings,
        ContentType="application/json",
        CacheControl=ASK_AGAIN,
    )
    for path in pages_last:
        key = path.relative_to(dist).as_posix()
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=path.read_bytes(),
            ContentType=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            CacheControl=FOR_EVER if key.startswith("assets/") else ASK_AGAIN,
        )
    return len(files) + 1


def main() -> int:
    """Publish what `npm run build` made."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--outputs", type=Path, required=True)
    parser.add_argument("--dist", type=Path, default=Path("web/dist"))
    arguments = parser.parse_args()
    if not (arguments.dist / "index.html").is_file():
        print(f"{arguments.dist} has no index.html; run: make setup", file=sys.stderr)
        return 1
    try:
        outputs = Outputs(arguments.outputs)
        bucket = outputs.get("origin", "WebBucket")
        settings = configuration(
            issuer=outputs.get("identity", "Issuer"), beacons=outputs.get("beacons", "BeaconsUrl")
        )
    except MissingOutputError as error:
        print(error, file=sys.stderr)
        return 1
    count = publish(boto3.client("s3"), bucket, arguments.dist, settings)
    print(f"Published {count} files to {bucket}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
