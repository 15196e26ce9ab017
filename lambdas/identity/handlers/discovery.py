"""Serves discovery and the key set."""

from __future__ import annotations

import boto3

from identity import settings
from identity.kms import KmsSigner
from identity.routes import discovery

_kms = boto3.client("kms")
_signers = [KmsSigner(_kms, key) for key in settings.published_keys()]
_answer = discovery(settings.issuer(), lambda: [signer.jwk for signer in _signers])


def handler(event: dict[str, object], _context: object) -> dict[str, object]:
    """Answer one request."""
    return _answer(event)
