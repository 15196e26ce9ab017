"""The key server's environment, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Settings:
    """What the stack tells the function."""

    table_name: str
    vault_key_id: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """KeyError names the variable that is missing."""
        return cls(table_name=environment["KEYS_TABLE"], vault_key_id=environment["VAULT_KEY_ID"])
