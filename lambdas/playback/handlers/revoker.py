"""Puts revoked plays on the edge's deny list."""

from __future__ import annotations

import os

from playback.deny_list import Revoker
from playback.events import revoker_handler
from playback.key_value_store import CloudFrontKeyValueStore

handler = revoker_handler(Revoker(CloudFrontKeyValueStore(os.environ["EDGE_STORE"], os.environ)))
