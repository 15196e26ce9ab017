"""KMS keys: the same id and the same material in every run, so that what they encrypted opens."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import serialization
from moto.backends import get_backend

from localcloud.registry import Registry
from localcloud.state.tables import place_of


class Keys:
    """Reads and writes moto's keys."""

    def __init__(self, registry: Registry, account: str, region: str) -> None:
        self._registry = registry
        self._region = region
        self._account = account

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Each key's id and material, by its place."""
        return {
            place_of(resource): _describe(self._backend.keys[resource.physical_id])
            for resource in self._registry.by_type("AWS::KMS::Key")
            if resource.physical_id in self._backend.keys
        }

    def adopt(self, saved: Mapping[str, Any], created_id: str) -> str:
        """Make the key just created the one that was saved; its id from now on."""
        backend = self._backend
        key = backend.keys.pop(created_id)
        if _kind(key) != saved["kind"]:
            # The template asks for another kind of key: on AWS that is another key.
            backend.keys[created_id] = key
            return created_id
        key_id: str = saved["id"]
        key.id = key_id
        key.arn = key.arn.replace(created_id, key_id)
        key.key_material = base64.b64decode(saved["material"])
        key.private_key.private_key = serialization.load_pem_private_key(
            saved["private_key"].encode(), password=None
        )
        key.creation_date = saved["created"]
        if key.multi_region:
            key.multi_region_configuration["PrimaryKey"]["Arn"] = key.arn
        for alias in key.aliases.values():
            alias.target_key_id = key_id
        tags = backend.tagger.get_tag_dict_for_resource(created_id)
        backend.tagger.delete_all_tags_for_resource(created_id)
        if tags:
            listed = [{"TagKey": name, "TagValue": value} for name, value in tags.items()]
            backend.tagger.tag_resource(key_id, listed)
        backend.keys[key_id] = key
        return key_id

    @property
    def _backend(self) -> Any:
        return get_backend("kms")[self._account][self._region]


def _describe(key: Any) -> dict[str, Any]:
    private_key = key.private_key.private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "id": key.id,
        "material": base64.b64encode(key.key_material).decode(),
        "private_key": private_key.decode(),
        "created": key.creation_date,
        "kind": _kind(key),
    }


def _kind(key: Any) -> list[Any]:
    return [key.key_spec, key.key_usage, key.multi_region]
