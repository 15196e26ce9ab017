"""An environment's settings in cdk.json, as a person or `make bootstrap` changes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CDK_JSON = Path("cdk.json")


class NoSuchEnvironmentError(LookupError):
    """cdk.json has no such environment; the message lists those it has."""

    def __str__(self) -> str:
        return str(self.args[0])


class EnvironmentSettings:
    """One environment's part of the file; writing leaves the rest as it was."""

    def __init__(self, name: str, path: Path = CDK_JSON) -> None:
        self.name = name
        self._path = path
        self._file: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if name not in self._all:
            known = ", ".join(self._all)
            raise NoSuchEnvironmentError(f"cdk.json has no environment {name} (it has: {known}).")

    @property
    def _all(self) -> dict[str, dict[str, Any]]:
        environments: dict[str, dict[str, Any]] = self._file["context"]["environments"]
        return environments

    def get(self, setting: str) -> Any:
        """A setting's value, None when it is not stated."""
        return self._all[self.name].get(setting)

    def of(self, environment: str, setting: str) -> Any:
        """Another environment's value."""
        return self._all.get(environment, {}).get(setting)

    def write(self, changes: Mapping[str, Any]) -> bool:
        """Set these, None takes one away; False when nothing changed."""
        before = dict(self._all[self.name])
        after = {key: value for key, value in {**before, **changes}.items() if value is not None}
        if after == before:
            return False
        self._all[self.name] = after
        text = json.dumps(self._file, indent=2, ensure_ascii=False) + "\n"
        self._path.write_text(text, encoding="utf-8")
        return True
