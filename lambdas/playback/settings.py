"""The playback functions' environments, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class SessionSettings:
    """What starting a play needs."""

    table_name: str
    public_origin: str
    signing_secret: str
    ticket_secret: str
    origin_secret: str
    clearkey: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """KeyError names the variable that is missing."""
        return cls(
            table_name=environment["PLAYBACK_TABLE"],
            public_origin=environment["PUBLIC_ORIGIN"],
            signing_secret=environment["SIGNING_SECRET"],
            ticket_secret=environment["TICKET_SECRET"],
            origin_secret=environment["ORIGIN_SECRET"],
            clearkey=environment["CLEARKEY"] == "true",
        )


@dataclass(frozen=True)
class LicenceSettings:
    """What a licence needs."""

    table_name: str
    ticket_secret: str
    vault_key_id: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """KeyError names the variable that is missing."""
        return cls(
            table_name=environment["PLAYBACK_TABLE"],
            ticket_secret=environment["TICKET_SECRET"],
            vault_key_id=environment["VAULT_KEY_ID"],
        )
