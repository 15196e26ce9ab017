"""Profiles of one account and what guards them. Pure.

A child holds the same remote as its parents: whatever lets a session see more than it does, or
takes a guard away, wants a proof that the child does not have.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

from kernel.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError

MOST_PROFILES = 5

AGES = (0, 6, 12, 16, 18)
"""Germany's FSK; other countries' ratings are mapped onto it."""

EVERYTHING = AGES[-1]
KIDS_LIMIT = 12
"""The most that a kids profile may be let see."""

AVATARS = ("reel", "ticket", "rocket", "cat", "owl", "whale", "robot", "sun")
"""The web app draws them."""

MOST_NAME_CHARACTERS = 30

_LANGUAGE = re.compile(r"[a-z]{2,3}")
"""A primary subtag of BCP 47."""
_PIN = re.compile(r"[0-9]{4}")
"""What a remote types fast; ASCII alone, as every remote has it."""


class ProfileNotFoundError(NotFoundError):
    """The account has no such profile."""

    code: ClassVar[str] = "profile_not_found"


class TooManyProfilesError(ConflictError):
    """The account has as many as there may be."""

    code: ClassVar[str] = "too_many_profiles"


class LastProfileError(ConflictError):
    """Somebody has to watch."""

    code: ClassVar[str] = "last_profile"


class ProfileInUseError(ConflictError):
    """The session that asks watches as this one."""

    code: ClassVar[str] = "profile_in_use"


class NotWatchingError(ConflictError):
    """The session that asks watches as another one."""

    code: ClassVar[str] = "not_watching"


class NoWayPastError(RefusedError):
    """A kids profile's limit is opened by nobody."""

    code: ClassVar[str] = "above_maturity"


class ProofNeededError(RefusedError):
    """It takes a PIN or the account's password."""

    code: ClassVar[str] = "proof_needed"


class WrongProofError(RefusedError):
    """The PIN or the password is not the right one."""

    code: ClassVar[str] = "wrong_proof"


@dataclass(frozen=True)
class Profile:
    """Someone of the household."""

    profile_id: str
    name: str
    avatar: str = AVATARS[0]
    language: str = "en"
    """What they like to hear and read: a primary subtag of BCP 47."""
    maturity: int = EVERYTHING
    """Titles for a higher age are not theirs to see."""
    kids: bool = False
    pin_hash: str = ""
    """Argon2id in PHC string form; empty when anybody may enter."""

    def told(self) -> dict[str, object]:
        """What its owners may know of it: all but the PIN."""
        told = asdict(self)
        return {"has_pin": bool(told.pop("pin_hash")), **told}

    @property
    def is_limited(self) -> bool:
        """Whether it is somebody's who may not decide what they see."""
        return self.kids or self.maturity < EVERYTHING

    def sees_more_than(self, other: Profile) -> bool:
        """Whether going from the other to this one lifts a limit."""
        return self.maturity > other.maturity or (other.kids and not self.kids)

    def pin_change(self, before: Profile) -> str:
        """`set`, `removed` or `changed`; empty when the PIN is as it was."""
        if self.pin_hash == before.pin_hash:
            return ""
        if not before.pin_hash:
            return "set"
        return "changed" if self.pin_hash else "removed"

    def loosens(self, before: Profile) -> bool:
        """Whether having become this lifts a limit or takes the PIN's place."""
        return self.sees_more_than(before) or (
            before.pin_hash != "" and self.pin_hash != before.pin_hash
        )


def checked(profile: Profile) -> Profile:
    """The profile, when it can be one; InvalidInputError names the field that cannot."""
    name = profile.name.strip()
    if not (0 < len(name) <= MOST_NAME_CHARACTERS and name.isprintable()):
        raise InvalidInputError(f"A name has 1 to {MOST_NAME_CHARACTERS} characters.", field="name")
    if profile.avatar not in AVATARS:
        raise InvalidInputError(f"An avatar is one of {', '.join(AVATARS)}.", field="avatar")
    if not _LANGUAGE.fullmatch(profile.language):
        raise InvalidInputError("A language is given as in en or de.", field="language")
    if profile.maturity not in AGES:
        ages = ", ".join(map(str, AGES))
        raise InvalidInputError(f"An age limit is one of {ages}.", field="maturity")
    if profile.kids and profile.maturity > KIDS_LIMIT:
        raise InvalidInputError(
            f"A kids profile's age limit is at most {KIDS_LIMIT}.", field="maturity"
        )
    return replace(profile, name=name)


def checked_pin(pin: str) -> str:
    """The PIN, when it can be one."""
    if not _PIN.fullmatch(pin):
        raise InvalidInputError("A PIN has four digits.", field="pin")
    return pin


@dataclass(frozen=True)
class Household:
    """An account's profiles, the first one first."""

    profiles: tuple[Profile, ...]

    def named(self, profile_id: str) -> Profile:
        """The profile; ProfileNotFoundError."""
        for profile in self.profiles:
            if profile.profile_id == profile_id:
                return profile
        raise ProfileNotFoundError("The account has no such profile.", profile_id=profile_id)

    def watching(self, chosen: str) -> Profile:
        """Whose a session is that chose so, the first one's before a choice.

        ProfileNotFoundError when the chosen one is gone: the session ends, for nobody gets at
        what another profile sees by the deletion of their own.
        """
        return self.named(chosen) if chosen else self.profiles[0]

    def begins_as(self, wanted: str) -> Profile:
        """Whose a new sign-in is on a device that last watched as `wanted`, an id or empty.

        The first one's, unless the wanted one may be entered from there without a proof: what a
        device remembers proves nothing.
        """
        first = self.profiles[0]
        for profile in self.profiles:
            if profile.profile_id == wanted and not self.is_guarded(profile, first):
                return profile
        return first

    @staticmethod
    def is_guarded(profile: Profile, current: Profile) -> bool:
        """Whether going from the current one to that profile takes a proof."""
        is_other = profile.profile_id != current.profile_id
        return is_other and (profile.pin_hash != "" or profile.sees_more_than(current))

    def with_new(self, profile: Profile) -> Household:
        """One more; TooManyProfilesError."""
        if len(self.profiles) >= MOST_PROFILES:
            raise TooManyProfilesError(
                f"An account has at most {MOST_PROFILES} profiles. Delete one first.",
                limit=MOST_PROFILES,
            )
        return Household((*self.profiles, checked(profile)))

    def with_changed(self, profile: Profile) -> Household:
        """The profile of that id as it is now."""
        now = checked(profile)
        return Household(
            tuple(now if one.profile_id == now.profile_id else one for one in self.profiles)
        )

    def without(self, profile: Profile) -> Household:
        """One less; LastProfileError."""
        if len(self.profiles) == 1:
            raise LastProfileError("An account keeps at least one profile.")
        return Household(tuple(one for one in self.profiles if one != profile))

    def pins_to_enter(self, profile: Profile) -> list[str]:
        """The hashes of the PINs that open a profile: its own, else those of who decides."""
        return [profile.pin_hash] if profile.pin_hash else self._deciding()

    def pins_to_change(self, profile: Profile) -> list[str]:
        """The hashes of the PINs that may change a profile: a limited one's own does not lift
        its own limit, and who decides does not open another's who does."""
        is_its_own = profile.pin_hash and not profile.is_limited
        return [profile.pin_hash] if is_its_own else self._deciding()

    def _deciding(self) -> list[str]:
        return [one.pin_hash for one in self.profiles if one.pin_hash and not one.is_limited]
