"""The dependency sets hold what the functions ask of them, for the machine they run on."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AWS = ROOT / ".build" / "layers" / "aws"

_spec = importlib.util.spec_from_file_location("build", ROOT / "layers" / "build.py")
assert _spec is not None
assert _spec.loader is not None
build = importlib.util.module_from_spec(_spec)
sys.modules["build"] = build
_spec.loader.exec_module(build)


def test_every_service_a_function_calls_has_its_model_in_the_layer() -> None:
    called = {
        service
        for source in (ROOT / "lambdas").rglob("*.py")
        for service in re.findall(r"boto3\.client\(\s*\"([a-z0-9-]+)\"", source.read_text())
    }

    assert called <= build.AWS_SERVICES
    assert build.AWS_SERVICES - called <= {"sts"}, "a model that no function needs is weight"


def test_native_code_is_for_the_deployed_processor_and_interpreter() -> None:
    names = [path.name for path in AWS.rglob("*.so")]

    assert names
    assert all("aarch64" in name or "abi3" in name for name in names)
    assert not [name for name in names if "cpython" in name and "cpython-313" not in name]


def test_every_wheel_is_for_the_deployed_processor_and_interpreter_or_for_any() -> None:
    tags = {
        (path.parent.name, line.removeprefix("Tag: "))
        for path in AWS.rglob("*.dist-info/WHEEL")
        for line in path.read_text().splitlines()
        if line.startswith("Tag: ")
    }

    assert tags
    for wheel, tag in tags:
        interpreter, binary, platform = tag.split("-")
        if platform == "any":
            assert interpreter.startswith("py"), wheel
            continue
        assert platform.startswith("manylinux"), wheel
        assert "aarch64" in platform, wheel
        assert interpreter == "cp313" or binary == "abi3" or interpreter.startswith("py"), wheel


@pytest.mark.parametrize("layer", ["argon2", "crypto", "fido2", "lean", "web"])
def test_a_layer_carries_no_record_of_where_it_was_built(layer: str) -> None:
    left = {path.name for path in (AWS / layer).rglob("*.dist-info/*")}

    assert left
    assert not left & {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"}
    assert not list((AWS / layer).rglob("*.pyc"))


def test_building_twice_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def contents(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    monkeypatch.setattr(build, "BUILD", tmp_path)
    (tmp_path / "aws").mkdir()

    build.build(build.target_named("aws"), ROOT / "layers" / "argon2")

    assert contents(tmp_path / "aws" / "argon2") == contents(AWS / "argon2")
