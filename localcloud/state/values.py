"""Secrets, and parameters that were given another value after the deployment.

A value that the template itself changed since is the template's: on AWS the update would have
overwritten it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.backends import get_backend

from localcloud.registry import Registry, Resource
from localcloud.state.tables import place_of

_AWS_PARAMETERS = "/aws/"
"""Parameters that AWS publishes."""


class Secrets:
    """Reads and writes moto's secrets."""

    def __init__(self, registry: Registry, account: str, region: str) -> None:
        self._registry = registry
        self._account = account
        self._region = region

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """All versions of each secret of the template, by its place."""
        return {
            place_of(resource): {
                "template": fingerprint(resource),
                "default": secret.default_version_id,
                "versions": secret.versions,
            }
            for resource, secret in self._secrets()
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Give each secret its versions of before."""
        for resource, secret in self._secrets():
            known = saved.get(place_of(resource))
            if known is not None and known["template"] == fingerprint(resource):
                secret.versions = known["versions"]
                secret.set_default_version_id(known["default"])

    def _secrets(self) -> list[tuple[Resource, Any]]:
        backend = get_backend("secretsmanager")[self._account][self._region]
        by_arn = {secret.arn: secret for secret in list(backend.secrets.values())}
        return [
            (resource, by_arn[resource.physical_id])
            for resource in self._registry.by_type("AWS::SecretsManager::Secret")
            if resource.physical_id in by_arn
        ]


class Parameters:
    """Reads and writes SSM parameters through the service's API."""

    def __init__(
        self, registry: Registry, account: str, region: str, client: Callable[[str], Any]
    ) -> None:
        self._registry = registry
        self._client = client
        self._account = account
        self._region = region

    def snapshot(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Values by the parameter's place, and whole parameters that are in no template.

        Of `before` stays what belongs to parameters that the template lacks now.
        """
        ssm = self._client("ssm")
        resources = {one.physical_id: one for one in self._resources()}
        held = {place_of(one) for one in resources.values()}
        saved = before.get("placed", {})
        placed = {place: value for place, value in saved.items() if place not in held}
        others = {}
        for name in self._names():
            answer = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
            if name in resources:
                resource = resources[name]
                if answer["Value"] != str(resource.properties["Value"]):
                    placed[place_of(resource)] = {
                        "template": fingerprint(resource),
                        "value": answer["Value"],
                    }
            else:
                others[name] = {"Type": answer["Type"], "Value": answer["Value"]}
        return {"placed": placed, "others": others}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Set them again."""
        ssm = self._client("ssm")
        for resource in self._resources():
            known = saved.get("placed", {}).get(place_of(resource))
            if known is not None and known["template"] == fingerprint(resource):
                ssm.put_parameter(Name=resource.physical_id, Value=known["value"], Overwrite=True)
        present = set(self._names())
        for name, parameter in saved.get("others", {}).items():
            if name not in present:
                ssm.put_parameter(Name=name, **parameter)

    def _names(self) -> list[str]:
        """Asked of moto directly: DescribeParameters would load what AWS publishes."""
        parameters = get_backend("ssm")[self._account][self._region]._parameters
        return [
            name for name in list(dict.keys(parameters)) if not name.startswith(_AWS_PARAMETERS)
        ]

    def _resources(self) -> list[Resource]:
        return self._registry.by_type("AWS::SSM::Parameter")


def fingerprint(resource: Resource) -> str:
    """Tells whether the template's own properties have changed."""
    text = json.dumps(resource.properties, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
