"""Serves discovery and the key set."""

from __future__ import annotations

import os

from identity import settings
from identity.oauth.discovery_routes import discovery
from identity.token_keys import published
from kernel.aws.json_client import KMS, AwsJson
from kernel.web.payload import answering

handler = answering(discovery(settings.issuer(), published(AwsJson(KMS, os.environ))))
