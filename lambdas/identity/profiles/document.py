"""How an account's profiles are kept beside it: one JSON text, read and written as a whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from identity.profiles.domain import Profile


def written(profiles: Sequence[Profile]) -> str:
    """Profiles as they are stored."""
    return json.dumps([asdict(profile) for profile in profiles], separators=(",", ":"))


def read(document: str) -> tuple[Profile, ...]:
    """Profiles as `written` left them."""
    return tuple(Profile(**one) for one in json.loads(document))
