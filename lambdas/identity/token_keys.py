"""Which keys this deployment's functions believe and sign with: KMS's own, or a ring's as well.

Part of composition: the ring's code is read only where there is a ring.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from identity import settings
from identity.oauth.kms import KmsKeySet, KmsSigner, PublishedKey
from kernel.aws.json_client import AwsJson
from kernel.clock import utc_now

if TYPE_CHECKING:
    from identity.oauth.ports import AccessSigners, KeySet
    from identity.oauth.wrapped import RememberedRing


def key_set(kms: AwsJson) -> KeySet:
    """What tokens are verified with."""
    own = KmsKeySet(kms, settings.published_keys())
    if settings.wrapping_key() is None:
        return own
    from identity.oauth.wrapped import RingKeySet

    return RingKeySet(own, _ring(), utc_now)


def published(kms: AwsJson) -> Callable[[], Sequence[Mapping[str, str]]]:
    """What the key set shows."""
    keys = [PublishedKey(kms, key) for key in settings.published_keys()]
    if settings.wrapping_key() is None:
        return lambda: [key.jwk for key in keys]
    ring = _ring()
    return lambda: [
        *(key.jwk for key in keys),
        *(key.jwk for key in ring.current().published(utc_now())),
    ]


def access_signers(kms: AwsJson, own: KmsSigner) -> AccessSigners:
    """Who signs access tokens."""
    wrapping_key = settings.wrapping_key()
    if wrapping_key is None or not settings.wrapped_keys_sign():
        return own
    from identity.oauth.wrapped import KmsWrapping, WrappedSigners

    return WrappedSigners(_ring(), KmsWrapping(kms, wrapping_key).open, own, utc_now)


def _ring() -> RememberedRing:
    from identity.oauth.ring_store import DynamoKeyRings
    from identity.oauth.wrapped import RememberedRing
    from kernel.aws.dynamodb import dynamodb

    return RememberedRing(DynamoKeyRings(dynamodb(os.environ), settings.table_name()), utc_now)
