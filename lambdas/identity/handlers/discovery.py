"""Serves discovery and the key set."""

from __future__ import annotations

import os

from identity import settings
from identity.oauth.kms import PublishedKey
from identity.oauth.routes import discovery
from kernel.aws.json_client import KMS, AwsJson
from kernel.web.payload import answering

_kms = AwsJson(KMS, os.environ)
_keys = [PublishedKey(_kms, key) for key in settings.published_keys()]
handler = answering(discovery(settings.issuer(), lambda: [key.jwk for key in _keys]))
