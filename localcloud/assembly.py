"""Reads a CDK cloud assembly (`cdk.out`): its stacks in dependency order and their file assets.

It knows the files' layout (the cloud assembly schema) and nothing of what a resource means.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

_STACK = "aws:cloudformation:stack"
_ASSET_MANIFEST = "cdk:asset-manifest"
_IGNORED_ARTIFACTS = frozenset({"cdk:tree", "cdk:feature-flag-report", "none"})


class AssemblyError(Exception):
    """The assembly cannot be read: missing, of an unknown shape, or contradicting itself."""


@dataclass(frozen=True)
class FileAsset:
    """A file or directory that a deployment would upload to the assets bucket."""

    hash: str
    path: Path
    packaging: str
    """`zip`: a directory that is zipped on upload. `file`: uploaded as it is."""

    def directory(self) -> Path:
        """The content as a directory, a zip file being unpacked beside the assembly once."""
        if self.path.is_dir():
            return self.path
        if not zipfile.is_zipfile(self.path):
            raise AssemblyError(f"asset {self.path.name} is neither a directory nor a zip file")
        unpacked = self.path.parent / f".unpacked.{self.hash}"
        if not unpacked.exists():
            partial = self.path.parent / f".unpacking.{self.hash}"
            with zipfile.ZipFile(self.path) as archive:
                archive.extractall(partial)
            partial.rename(unpacked)
        return unpacked


@dataclass(frozen=True)
class Stack:
    """One stack: its template and where it would be deployed."""

    id: str
    """The artifact's id in the assembly."""
    name: str
    template: Mapping[str, Any]
    account: str | None
    """None when the stack states no account."""
    region: str | None
    dependencies: tuple[str, ...] = ()
    """Ids of the stacks that must exist before."""
    assets: Mapping[str, FileAsset] = field(default_factory=dict)
    """By the object key under which a template finds them."""

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """The template's resources by logical id."""
        resources: Mapping[str, Mapping[str, Any]] = self.template.get("Resources", {})
        return resources

    def asset(self, key: str) -> FileAsset:
        """The asset that is uploaded under this object key; AssemblyError when none is."""
        try:
            return self.assets[key]
        except KeyError:
            raise AssemblyError(f"{self.name} has no file asset with the key {key}") from None


@dataclass(frozen=True)
class Assembly:
    """Everything that one synthesis wrote, the stacks in the order in which to deploy them."""

    path: Path
    stacks: tuple[Stack, ...]

    @classmethod
    def load(cls, path: Path | str) -> Assembly:
        """Read `cdk.out`; AssemblyError when it is not there or holds what is not understood."""
        root = Path(path)
        artifacts = _json(root / "manifest.json").get("artifacts", {})
        for name, artifact in artifacts.items():
            kind = artifact.get("type")
            if kind not in {_STACK, _ASSET_MANIFEST, *_IGNORED_ARTIFACTS}:
                raise AssemblyError(f"artifact {name} has the unsupported type {kind}")
        stacks = {
            name: _stack(root, name, artifact, artifacts)
            for name, artifact in artifacts.items()
            if artifact["type"] == _STACK
        }
        try:
            order = tuple(
                TopologicalSorter(
                    {name: stack.dependencies for name, stack in stacks.items()}
                ).static_order()
            )
        except CycleError as cycle:
            raise AssemblyError(f"stacks depend on each other: {' -> '.join(cycle.args[1])}") from (
                cycle
            )
        return cls(root, tuple(stacks[name] for name in order))

    def stack(self, name: str) -> Stack:
        """The stack of that name; AssemblyError when there is none."""
        for stack in self.stacks:
            if stack.name == name:
                return stack
        raise AssemblyError(f"the assembly has no stack {name}")


def _stack(
    root: Path, name: str, artifact: Mapping[str, Any], artifacts: Mapping[str, Any]
) -> Stack:
    properties = artifact["properties"]
    account, region = _environment(artifact.get("environment", ""))
    manifests = [
        dependency
        for dependency in artifact.get("dependencies", ())
        if artifacts[dependency]["type"] == _ASSET_MANIFEST
    ]
    assets: dict[str, FileAsset] = {}
    for manifest in manifests:
        assets |= _assets(root / artifacts[manifest]["properties"]["file"])
    return Stack(
        id=name,
        name=properties.get("stackName", name),
        template=_json(root / properties["templateFile"]),
        account=account,
        region=region,
        dependencies=tuple(
            dependency
            for dependency in artifact.get("dependencies", ())
            if artifacts[dependency]["type"] == _STACK
        ),
        assets=assets,
    )


def _environment(text: str) -> tuple[str | None, str | None]:
    """`aws://123456789012/eu-west-1`, either part `unknown-…` when the stack leaves it open."""
    if not text:
        return None, None
    account, _, region = text.removeprefix("aws://").partition("/")
    return (
        None if account.startswith("unknown-") else account,
        None if region.startswith("unknown-") else region,
    )


def _assets(manifest_path: Path) -> dict[str, FileAsset]:
    manifest = _json(manifest_path)
    if manifest.get("dockerImages"):
        raise AssemblyError(f"{manifest_path.name} holds container images, which are unsupported")
    found: dict[str, FileAsset] = {}
    for asset_hash, entry in manifest.get("files", {}).items():
        source = entry["source"]
        if "path" not in source:
            raise AssemblyError(f"asset {asset_hash} has no path")
        asset = FileAsset(
            asset_hash, manifest_path.parent / source["path"], source.get("packaging", "file")
        )
        if not asset.path.exists():
            raise AssemblyError(f"asset {asset_hash} is missing: {asset.path}")
        for destination in entry.get("destinations", {}).values():
            found[destination["objectKey"]] = asset
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        raise AssemblyError(f"{path} does not exist: synthesize first") from None
    except json.JSONDecodeError as error:
        raise AssemblyError(f"{path} is not JSON: {error}") from error
    return content
