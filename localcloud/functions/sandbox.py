"""What a function's process may see: its interpreter, search path, environment and folders.

Pure data apart from `runtime_folder`, which gathers AWS's runtime client; no process starts here.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Protocol

from localcloud.function_spec import FunctionSpec
from localcloud.functions.errors import InvalidFunctionError

LAUNCHER = Path(__file__).with_name("launcher.py")
ENVIRONMENT_LIMIT_BYTES = 4096
"""All variables of a function together (Lambda quotas)."""
RUNTIME_DISTRIBUTIONS = ("awslambdaric", "simplejson", "snapshot-restore-py")
"""The runtime client and all that it requires."""
RESERVED_VARIABLES = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Names that CreateFunction refuses (Lambda guide, "Defined runtime environment variables")."""


class Keys(Protocol):
    """The three parts of temporary credentials."""

    @property
    def access_key_id(self) -> str: ...
    @property
    def secret_access_key(self) -> str: ...
    @property
    def session_token(self) -> str | None: ...


@dataclass(frozen=True)
class Sandbox:
    """The folders that all processes of one local cloud share."""

    root: Path
    endpoint_url: str
    region: str

    @property
    def runtime(self) -> Path:
        """Holds AWS's runtime client and nothing else."""
        return self.root / "runtime"

    def command(self, spec: FunctionSpec, parent_pid: int) -> list[str]:
        """How to start a process of the function.

        The base interpreter with -P -S -s: neither a virtual environment's packages, nor the
        machine's, nor the working folder are importable.
        """
        # What Python itself calls the interpreter that a virtual environment was made from.
        base: str = getattr(sys, "_base_executable", sys.executable)
        isolated = [base, "-P", "-S", "-s", str(LAUNCHER)]
        return [*isolated, str(parent_pid), str(self.runtime), spec.handler]

    def environment(
        self, spec: FunctionSpec, *, version: str, keys: Keys, api: str, home: Path, stream: str
    ) -> dict[str, str]:
        """Every variable of a process: nothing is inherited."""
        code = str(spec.code_path)
        inherited_path = spec.environment.get("PYTHONPATH")
        search_path = [code, *_layer_paths(spec), *([inherited_path] if inherited_path else [])]
        return {
            **dict(spec.environment),
            "AWS_ACCESS_KEY_ID": keys.access_key_id,
            "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
            **({} if keys.session_token is None else {"AWS_SESSION_TOKEN": keys.session_token}),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": spec.name,
            "AWS_LAMBDA_FUNCTION_VERSION": version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group or f"/aws/lambda/{spec.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "AWS_LAMBDA_RUNTIME_API": api,
            "LAMBDA_TASK_ROOT": code,
            "LAMBDA_RUNTIME_DIR": str(self.runtime),
            "_HANDLER": spec.handler,
            "TZ": ":UTC",
            "LANG": "en_US.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": ":".join(search_path),
            # Bundles are read-only on AWS: byte code is kept apart, and shared by all functions.
            "PYTHONPYCACHEPREFIX": str(self.root / "pycache"),
            # boto3 must not find the developer's own profiles.
            "HOME": str(home),
            "TMPDIR": str(home),
        }


def checked(spec: FunctionSpec, root: Path) -> FunctionSpec:
    """The function with its archives unpacked; InvalidFunctionError as CreateFunction has it."""
    reserved = sorted(RESERVED_VARIABLES.intersection(spec.environment))
    refused = "Lambda was unable to configure your environment variables because the environment "
    if reserved:
        raise InvalidFunctionError(
            refused + "variables you have provided contains reserved keys that are currently not "
            f"supported for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    if environment_size_bytes(spec.environment) > ENVIRONMENT_LIMIT_BYTES:
        raise InvalidFunctionError(
            refused
            + "variables you have provided exceeded the 4KB limit. String measured: "
            + json.dumps(dict(spec.environment), separators=(",", ":"))
        )
    if not spec.code_path.exists():
        raise InvalidFunctionError(f"{spec.name}: its code is missing: {spec.code_path}")
    layers = tuple(unpacked(layer, root) for layer in spec.layer_paths)
    code = unpacked(spec.code_path, root).resolve()
    return replace(spec, code_path=code, layer_paths=layers)


def environment_size_bytes(environment: Mapping[str, str]) -> int:
    """What Lambda counts against its 4 KB: the variables as one JSON object."""
    return len(json.dumps(dict(environment), separators=(",", ":")).encode())


def unpacked(path: Path, root: Path) -> Path:
    """The folder itself, or the folder that a zip archive was unpacked to, by its content."""
    if not path.is_file():
        return path
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    target = root / "unpacked" / digest
    if not target.exists():
        partial = target.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(partial)
        partial.rename(target)
    return target


def gather_runtime(folder: Path) -> None:
    """Make a folder in which AWS's runtime client is importable, and nothing else is."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in RUNTIME_DISTRIBUTIONS:
        distribution = metadata.distribution(name)
        tops = {file.parts[0] for file in distribution.files or [] if file.parts[0] != ".."}
        for top in sorted(tops):
            if not top.endswith(".dist-info") and top != "__pycache__":
                source = Path(str(distribution.locate_file(top))).resolve()
                (folder / top).symlink_to(source, target_is_directory=source.is_dir())


def _layer_paths(spec: FunctionSpec) -> list[str]:
    """Later layers overwrite earlier ones on AWS, so here they come first."""
    version = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    paths = []
    for layer in reversed(spec.layer_paths):
        paths.append(str(layer / "python"))
        if (layer / "python" / version).is_dir():
            paths.append(str(layer / "python" / version))
    return paths
