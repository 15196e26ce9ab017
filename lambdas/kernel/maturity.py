"""From which age a title may be watched, and who may: the same rule wherever titles are shown.

Ages are whole years, Germany's FSK; other countries' ratings are mapped onto it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from kernel.errors import RefusedError, UnauthenticatedError

OLDEST = 18
"""A limit of so many years lets everything be seen."""

UNRATED = OLDEST
"""What nobody has rated is for those alone who may see everything."""

_AGE = re.compile(r"1[0-8]|[0-9]")


class AboveMaturityError(RefusedError):
    """The title is for older viewers than the kids profile that asks."""

    code = "above_maturity"


class PinRequiredError(RefusedError):
    """The title is above the profile's age limit, and the PIN of who set it opens it."""

    code = "pin_required"


@dataclass(frozen=True)
class AgeLimit:
    """What a profile may see."""

    age: int
    """Titles for a higher age are not theirs."""
    is_kid: bool
    """Whether there is no way past it."""

    @classmethod
    def claimed(cls, claims: Mapping[str, str]) -> Self:
        """As an access token says; UnauthenticatedError for one that does not say it."""
        age, kids = claims.get("maturity", ""), claims.get("kids")
        if not _AGE.fullmatch(age) or kids not in ("true", "false"):
            raise UnauthenticatedError("Sign in again: the access token says no age limit.")
        return cls(int(age), kids == "true")

    def allows(self, maturity: int) -> bool:
        """Whether a title for viewers of that age is theirs to see."""
        return maturity <= self.age

    def check(self, maturity: int) -> None:
        """AboveMaturityError or PinRequiredError for a title that is not theirs."""
        if self.allows(maturity):
            return
        if self.is_kid:
            raise AboveMaturityError("This title is not for this profile.", maturity=maturity)
        raise PinRequiredError(
            f"This title is for viewers of {maturity} and older.", maturity=maturity
        )


CLOSED = AgeLimit(0, is_kid=True)
"""Of who said nothing of themselves."""
