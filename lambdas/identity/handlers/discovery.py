"""Serves discovery and the key set."""

from __future__ import annotations

import boto3

from identity import settings
from identity.kms import KmsSigner
from identity.routes import discovery

_signer = KmsSigner(boto3.client("kms"), settings.signing_key())
_answer = discovery(settings.issuer(), lambda: _signer.jwk)


def handler(event: dict[str, object], _context: object) -> dict[str, object]:
    """Answer one request."""
    return _answer(event)
