"""Whether a profile may watch a title at its age limit, or because a PIN has opened it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kernel import pin_grants, tokens
from kernel.maturity import CLOSED, AgeLimit, PinRequiredError
from kernel.pin_grants import PinGrant
from kernel.tokens import MacKeys
from playback.domain import Title, Viewer


@dataclass(frozen=True)
class Sight:
    """What a start says of what may be seen."""

    limit: AgeLimit
    pin_grant: str = ""
    """What identity gave for a PIN; empty when none was entered."""


BLIND = Sight(CLOSED)


class PinGrants:
    """Believes what identity says that a PIN has opened."""

    def __init__(self, mac_keys: Callable[[], MacKeys]) -> None:
        """`mac_keys` is called for the first grant: most starts have none."""
        self._mac_keys = mac_keys

    def opened(self, token: str, now: datetime) -> PinGrant | None:
        """What a grant opens; None for one that is over, was altered or is none of ours."""
        try:
            return tokens.believed(lambda keys: pin_grants.read(token, now, keys), self._mac_keys())
        except tokens.TokenError:
            return None


def check(
    title: Title, viewer: Viewer, sight: Sight, pins: PinGrants | None, now: datetime
) -> None:
    """AboveMaturityError, or PinRequiredError unless this viewer's PIN grant is for this title."""
    try:
        sight.limit.check(title.maturity)
    except PinRequiredError:
        wanted = PinGrant(viewer.account_id, viewer.profile_id, viewer.device_id, title.title_id)
        if pins is None or not sight.pin_grant or pins.opened(sight.pin_grant, now) != wanted:
            raise
