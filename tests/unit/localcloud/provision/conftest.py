from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from localcloud.assembly import Assembly
from localcloud.function_spec import FunctionSpec
from localcloud.provision import Provisioner
from localcloud.registry import Registry, Resource

ACCOUNT = "123456789012"
REGION = "eu-west-1"


@dataclass
class RecordedFunctions:
    """Functions that were created, without running any."""

    created: dict[str, FunctionSpec] = field(default_factory=dict)

    def create(self, spec: FunctionSpec) -> None:
        self.created[spec.name] = spec


@dataclass
class Cloud:
    """An empty cloud, and what a deployment left in it."""

    directory: Path
    functions: RecordedFunctions = field(default_factory=RecordedFunctions)
    registry: Registry = field(default_factory=Registry)
    issuers: list[str] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)
    stacks_done: list[str] = field(default_factory=list)
    provisioner: Provisioner = field(init=False)

    def __post_init__(self) -> None:
        self.provisioner = Provisioner(
            client=self.client,
            functions=self.functions,
            registry=self.registry,
            account=ACCOUNT,
            region=REGION,
            check_issuer=self._check_issuer,
            on_stack=self.stacks_done.append,
        )

    def client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]  # any service, as in production
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def deploy(self, **resources: Any) -> None:
        """One stack named `stack` with these resources."""
        self.deploy_stacks({"stack": {"Resources": resources}})

    def deploy_stacks(self, templates: dict[str, dict[str, Any]]) -> None:
        """Stacks that are deployed in the order given."""
        self.provisioner.provision(self.assembly(templates))

    def assembly(self, templates: dict[str, dict[str, Any]]) -> Assembly:
        artifacts: dict[str, Any] = {
            "assets": {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}}
        }
        for name, template in templates.items():
            (self.directory / f"{name}.template.json").write_text(json.dumps(template))
            artifacts[name] = {
                "type": "aws:cloudformation:stack",
                "properties": {"templateFile": f"{name}.template.json"},
                "dependencies": list(artifacts),
            }
        (self.directory / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
        files = {
            path.name.removeprefix("asset."): {
                "source": {"path": path.name, "packaging": "zip" if path.is_dir() else "file"},
                "destinations": {"here": {"objectKey": path.name.removeprefix("asset.")}},
            }
            for path in self.directory.glob("asset.*")
        }
        (self.directory / "assets.json").write_text(json.dumps({"files": files}))
        return Assembly.load(self.directory)

    def asset(self, key: str, files: dict[str, str]) -> dict[str, str]:
        """A directory asset, and the code location that names it."""
        for name, content in files.items():
            path = self.directory / f"asset.{key}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return {"S3Bucket": "assets", "S3Key": key}

    def resource(self, logical_id: str, stack: str = "stack") -> Resource:
        return self.registry.get(stack, logical_id)

    def _check_issuer(self, issuer: str) -> None:
        self.issuers.append(issuer)
        if issuer in self.unreachable:
            raise ConnectionError("connection refused")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with mock_aws():
        yield Cloud(tmp_path)


@pytest.fixture
def another_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Cloud]]:
    """Makes further empty clouds, each with nothing of the one before."""
    with mock_aws() as aws:

        def make() -> Cloud:
            aws.reset()
            return Cloud(tmp_path_factory.mktemp("cloud"))

        yield make
