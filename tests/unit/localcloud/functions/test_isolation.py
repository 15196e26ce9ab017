from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.localcloud.functions.conftest import Lambda

ENVIRONMENT = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
IMPORTER = """
    import importlib
    def handler(event, context):
        return importlib.import_module(event).__file__
"""


def environment_of(aws: Lambda, **spec: Any) -> dict[str, str]:
    aws.create(ENVIRONMENT, **spec)
    values = json.loads(aws.functions.invoke("hello:live", b"{}").payload)
    assert isinstance(values, dict)
    return values


def layer(root: Path, name: str, **modules: str) -> Path:
    folder = root / "layers" / name / "python"
    folder.mkdir(parents=True)
    for module, source in modules.items():
        (folder / f"{module}.py").write_text(source)
    return folder.parent


@pytest.mark.parametrize("module", ["moto", "fastapi", "boto3", "pytest", "localcloud", "kernel"])
def test_what_is_in_no_layer_cannot_be_imported(aws: Lambda, module: str) -> None:
    aws.create(IMPORTER)

    error = json.loads(aws.functions.invoke("hello", json.dumps(module).encode()).payload)

    assert error["errorMessage"] == f"No module named '{module}'"


def test_a_layers_packages_can_be_imported_behind_the_functions_own(
    aws: Lambda, tmp_path: Path
) -> None:
    first = layer(tmp_path, "first", shared="ORIGIN = 'first'", app="", base="")
    second = layer(tmp_path, "second", shared="ORIGIN = 'second'")
    aws.create(
        "import base, shared\ndef handler(event, context):\n    return shared.ORIGIN\n",
        layer_paths=(first, second),
    )

    assert aws.functions.invoke("hello", b"{}").payload == b'"second"'


def test_archives_are_unpacked(aws: Lambda, tmp_path: Path) -> None:
    code = tmp_path / "code.zip"
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "import extra\ndef handler(e, c):\n    return extra.VALUE\n")
    third_party = tmp_path / "layer.zip"
    with zipfile.ZipFile(third_party, "w") as archive:
        archive.writestr("python/extra.py", "VALUE = 42")
    aws.create("", code_path=code, layer_paths=(third_party,))

    assert aws.functions.invoke("hello", b"{}").payload == b"42"


def test_nothing_of_this_process_environment_is_inherited(
    aws: Lambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARQUEE_SECRET", "of the developer")
    monkeypatch.setenv("AWS_PROFILE", "production")

    values = environment_of(aws)

    assert "MARQUEE_SECRET" not in values
    assert "AWS_PROFILE" not in values
    assert values["HOME"].startswith(str(aws.data_dir))


def test_a_function_has_lambdas_variables_and_its_own(aws: Lambda) -> None:
    values = environment_of(aws, environment={"TABLE_NAME": "titles"}, memory_mb=512)

    assert {
        "TABLE_NAME": "titles",
        "AWS_LAMBDA_FUNCTION_NAME": "hello",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/hello",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "ASIA1",
        "AWS_SECRET_ACCESS_KEY": "secret1",
        "AWS_SESSION_TOKEN": "token1",
        "_HANDLER": "app.handler",
        "TZ": ":UTC",
    }.items() <= values.items()
    assert values["LAMBDA_TASK_ROOT"] == str((aws.tmp_path / "code" / "hello").resolve())
    assert aws.identities.issued == [("arn:aws:iam::123456789012:role/hello", "hello")]


def test_the_bundle_stays_as_it_was(aws: Lambda) -> None:
    aws.create("import other\ndef handler(event, context):\n    return 1\n")
    code = aws.tmp_path / "code" / "hello"
    (code / "other.py").write_text("")

    aws.functions.invoke("hello", b"{}")

    assert sorted(path.name for path in code.rglob("*")) == ["app.py", "other.py"]
