"""What a deployment answered: the file that `cdk deploy --outputs-file` writes."""

from __future__ import annotations

import json
from pathlib import Path


class MissingOutputError(LookupError):
    """The outputs file lacks what is asked of it; the message says what to run."""


class Outputs:
    """Stack outputs by the end of the stack's name and the output's name."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise MissingOutputError(f"{path} is missing; deploy the environment first.")
        self._path = path
        self._stacks: dict[str, dict[str, str]] = json.loads(path.read_text())

    def get(self, stack: str, output: str) -> str:
        """One output, such as `("origin", "WebBucket")`; MissingOutputError."""
        for name, outputs in self._stacks.items():
            if name.endswith(f"-{stack}") and output in outputs:
                return outputs[output]
        raise MissingOutputError(f"{self._path} has no output {output} of the stack {stack}.")
