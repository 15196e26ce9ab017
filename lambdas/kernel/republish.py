"""Publishing again what a domain holds, page by page, so that a reader can be rebuilt.

What is told again is told as of now: newer than all that was told before, so that no reader
drops it, and bound to the record being unchanged, so that it never overtakes a real change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kernel import log

Subject = TypeVar("Subject")

PAGE_ITEMS = 50
"""Of the table, in one invocation: each may be one transaction, and an invocation has a minute."""


@dataclass(frozen=True)
class Page(Generic[Subject]):
    """Some of what a domain holds."""

    subjects: Sequence[Subject]
    following: str | None
    """Where the next page begins; None after the last."""


ReadPage = Callable[[str | None, int], Page[Subject]]
"""Where to begin, None for the start, and how many items to look at."""

TellAgain = Callable[[Subject], bool]
"""Publish a subject; False when it changed meanwhile, and so was told of by itself."""


def republishing(
    read: ReadPage[Subject], tell: TellAgain[Subject]
) -> Callable[[Mapping[str, Any], object], dict[str, Any]]:
    """A Lambda handler: `{"after": …}` comes in, `{"told": n, "after": …}` goes out.

    To be called with the answer's `after` until that is null.
    """

    def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        with log.handling("republish", None):
            page = read(event.get("after"), PAGE_ITEMS)
            told = sum(tell(subject) for subject in page.subjects)
            log.note(told=told)
        return {"told": told, "after": page.following}

    return handler


def position(key: Mapping[str, Any] | None) -> str | None:
    """A DynamoDB key as text, to continue from."""
    return None if key is None else json.dumps(key, sort_keys=True)


def key_at(after: str) -> dict[str, Any]:
    """The key behind a text of `position`."""
    key: dict[str, Any] = json.loads(after)
    return key
