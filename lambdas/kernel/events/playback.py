"""What playback tells: plays that were ended by somebody else than their viewer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class PlayRevoked(Event):
    """A play has lost its screen while its signatures are still good."""

    detail_type: ClassVar[str] = "PlayRevoked"

    session_id: str
    account_id: str
    reason: str
    """`taken_over`, `lapsed`, `signed_out`, `device_removed`, `account_blocked` or
    `account_deleted`."""
    expires_at: str
    """ISO 8601: when the last of the play's signatures ends by itself."""

    @property
    def subject(self) -> str:
        """The play."""
        return self.session_id
