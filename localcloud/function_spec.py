"""What a Lambda function is to this machine: everything needed to run it as a process.

Made by the provisioner from the template, used by whoever runs functions; both know only this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True)
class FunctionSpec:
    """One function as the template describes it."""

    name: str
    arn: str
    """Unqualified; versions and aliases are this ARN with `:1` or `:live` behind it."""
    handler: str
    """`package.module.function`, importable with `code_path` as the root."""
    runtime: str
    """As in the template (`python3.13`); here every function runs on this machine's Python."""
    code_path: Path
    """The unpacked bundle: a directory, what is `/var/task` on AWS. Read only."""
    layer_paths: tuple[Path, ...] = ()
    """Unpacked layers in the template's order, each what is merged into `/opt` on AWS (so a
    Python layer holds `python/`). Later ones win."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The template's variables only, without those that Lambda adds."""
    role_arn: str = ""
    memory_mb: int = 128
    timeout: timedelta = timedelta(seconds=3)
    reserved_concurrency: int | None = None
    """None: takes from the account's pool. 0: every invocation is throttled."""
    log_group: str | None = None
    """The log group's name when the template states one, else `/aws/lambda/<name>` is meant."""
    description: str = ""
