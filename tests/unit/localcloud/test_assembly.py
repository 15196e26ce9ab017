from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from localcloud.assembly import Assembly, AssemblyError


def _stack(template: str, *dependencies: str, name: str | None = None) -> dict[str, Any]:
    return {
        "type": "aws:cloudformation:stack",
        "environment": "aws://123456789012/eu-west-1",
        "properties": {"templateFile": template} | ({"stackName": name} if name else {}),
        "dependencies": list(dependencies),
    }


def write(root: Path, artifacts: dict[str, Any], **files: Any) -> Path:
    (root / "manifest.json").write_text(json.dumps({"version": "1", "artifacts": artifacts}))
    for name, content in files.items():
        (root / f"{name}.json").write_text(json.dumps(content))
    return root


def test_stacks_come_after_the_stacks_they_depend_on(tmp_path: Path) -> None:
    artifacts = {
        "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
        "last": _stack("t.json", "middle", name="marquee-last"),
        "middle": _stack("t.json", "first"),
        "first": _stack("t.json"),
    }

    assembly = Assembly.load(write(tmp_path, artifacts, t={"Resources": {}}))

    assert [stack.name for stack in assembly.stacks] == ["first", "middle", "marquee-last"]
    assert assembly.stack("marquee-last").region == "eu-west-1"
    assert assembly.stack("marquee-last").account == "123456789012"


def test_a_stack_without_an_environment_goes_anywhere(tmp_path: Path) -> None:
    artifact = _stack("t.json") | {"environment": "aws://unknown-account/unknown-region"}

    (stack,) = Assembly.load(write(tmp_path, {"one": artifact}, t={})).stacks

    assert (stack.account, stack.region) == (None, None)


def test_stacks_that_depend_on_each_other_are_refused(tmp_path: Path) -> None:
    artifacts = {"a": _stack("t.json", "b"), "b": _stack("t.json", "a")}

    with pytest.raises(AssemblyError, match=r"depend on each other: [ab] -> [ab] -> [ab]"):
        Assembly.load(write(tmp_path, artifacts, t={}))


def _with_asset(root: Path, path: str, packaging: str) -> Path:
    assets = {
        "files": {
            "abc": {
                "source": {"path": path, "packaging": packaging},
                "destinations": {"here": {"bucketName": "assets", "objectKey": "abc.zip"}},
            }
        }
    }
    artifacts = {
        "one.assets": {"type": "cdk:asset-manifest", "properties": {"file": "a.json"}},
        "one": _stack("t.json", "one.assets"),
    }
    return write(root, artifacts, t={}, a=assets)


def test_a_directory_asset_is_used_as_it_lies(tmp_path: Path) -> None:
    (tmp_path / "asset.abc").mkdir()

    (stack,) = Assembly.load(_with_asset(tmp_path, "asset.abc", "zip")).stacks

    assert stack.asset("abc.zip").directory() == tmp_path / "asset.abc"


def test_a_zip_asset_is_unpacked_once(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "asset.abc.zip", "w") as archive:
        archive.writestr("python/module.py", "x = 1")
    (stack,) = Assembly.load(_with_asset(tmp_path, "asset.abc.zip", "file")).stacks

    first, second = stack.asset("abc.zip").directory(), stack.asset("abc.zip").directory()

    assert first == second
    assert (first / "python" / "module.py").read_text() == "x = 1"


def test_a_missing_asset_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match="asset abc is missing"):
        Assembly.load(_with_asset(tmp_path, "asset.abc", "zip"))


def test_an_unknown_asset_key_is_named(tmp_path: Path) -> None:
    (stack,) = Assembly.load(write(tmp_path, {"one": _stack("t.json")}, t={})).stacks

    with pytest.raises(AssemblyError, match="one has no file asset with the key zzz"):
        stack.asset("zzz")


def test_a_missing_assembly_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match="synthesize first"):
        Assembly.load(tmp_path / "cdk.out")


def test_an_unknown_artifact_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match="unsupported type cdk:plugin"):
        Assembly.load(write(tmp_path, {"odd": {"type": "cdk:plugin"}}))
