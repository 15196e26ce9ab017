"""What of a film may be skipped, as a person writes it: `--intro 0:30-1:15 --credits 1:32:05`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from commands.service_api import Api, CommandError

_CLOCK = re.compile(r"(?:(?:(\d+):)?([0-5]?\d):)?(\d+(?:\.\d{1,3})?)")


@dataclass(frozen=True)
class Markers:
    """Where the intro and the credits are; None for what is not marked."""

    intro: tuple[float, float] | None = None
    credits_at: float | None = None

    @classmethod
    def named(cls, intro: str | None, credits_at: str | None) -> Markers | None:
        """As written, None where nothing is; CommandError for what is no moment."""
        if intro is None and credits_at is None:
            return None
        return cls(
            None if intro is None else _span("--intro", intro),
            None if credits_at is None else _seconds("--credits", credits_at),
        )

    def set(self, api: Api, title_id: str) -> None:
        """Mark a title; CommandError with the service's reason when they cannot be true."""
        intro = self.intro and {
            "starts_at_seconds": self.intro[0],
            "ends_at_seconds": self.intro[1],
        }
        body = {"intro": intro, "credits_at_seconds": self.credits_at}
        api.put(f"/v1/titles/{title_id}/markers", body)


def _span(option: str, text: str) -> tuple[float, float]:
    starts_at, dash, ends_at = text.partition("-")
    if not dash:
        raise CommandError(f"{option} {text}: from and to, such as 0:30-1:15")
    return _seconds(option, starts_at), _seconds(option, ends_at)


def _seconds(option: str, text: str) -> float:
    """Of `75`, `1:15` or `1:01:15.5`."""
    read = _CLOCK.fullmatch(text.strip())
    if read is None or (read[2] is not None and float(read[3]) >= 60):
        raise CommandError(f"{option} {text}: write a moment as 1:15, or in seconds")
    hours, minutes, seconds = read.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)
