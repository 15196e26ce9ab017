"""Letters as their readers see them: in the mailbox that `ready.json` names."""

from __future__ import annotations

import re
import secrets
from typing import Any

import httpx

from tests.cloud import RunningCloud, eventually

PATIENCE_SECONDS = 60
"""Outbox, bus, queue and function, each of them cold."""

_CODE = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b")


def new_address() -> str:
    """Somebody whom no test has met."""
    return f"ada-{secrets.token_hex(6)}@example.com"


def letters_to(cloud: RunningCloud, address: str) -> list[dict[str, Any]]:
    """What an address was sent so far, oldest first."""
    sent = httpx.get(f"{cloud.ready['mailbox']}mailbox.json", timeout=30).json()["messages"]
    return [letter for letter in sent if address in letter["recipients"]]


def await_letter(cloud: RunningCloud, address: str, subject: str) -> dict[str, Any]:
    """The newest letter with that subject, once there is one."""

    def found() -> dict[str, Any] | None:
        letters = letters_to(cloud, address)
        return next((one for one in reversed(letters) if one["subject"] == subject), None)

    letter = eventually(found, PATIENCE_SECONDS, f"a letter “{subject}”")
    assert letter is not None
    return letter


def code_in(letter: dict[str, Any]) -> str:
    """The code that a letter shows."""
    (code,) = set(_CODE.findall(letter["text"]))
    return str(code)
