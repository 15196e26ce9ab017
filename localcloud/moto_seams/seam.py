"""One place where moto is overridden: what, why, and how to notice that moto's side changed."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Seam:
    """One override. It is made by installing it, so that none exists outside the list."""

    target: str
    why: str
    original: Any = field(repr=False)
    """Moto's own function, class or value, taken before anything was replaced."""
    digest: str
    """First twelve hexadecimal digits of the SHA-256 of the original's source, or of its value."""
    install: Callable[[], None] = field(repr=False)
    """Puts the override in place; again is the same."""


def source_digest(original: Any) -> str:
    """The digest to compare a seam's with."""
    is_code = inspect.isroutine(original) or inspect.isclass(original)
    text = inspect.getsource(original) if is_code else repr(original)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def replaced(
    owner: Any, name: str, replacement: Any, why: str, digest: str, *, target: str = ""
) -> Seam:
    """A seam that replaces an attribute of a module or class."""
    return Seam(
        target or f"{owner.__name__.removeprefix('moto.')}.{name}",
        why,
        getattr(owner, name),
        digest,
        lambda: setattr(owner, name, replacement),
    )


def set_item(settings: Any, name: str, value: Any, why: str, digest: str, *, target: str) -> Seam:
    """A seam that replaces one entry of a dictionary of moto's settings."""

    def install() -> None:
        settings[name] = value

    return Seam(target, why, settings[name], digest, install)
