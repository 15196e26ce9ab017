"""What members do with profiles: one public method for each thing the API offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from identity.accounts.domain import WrongPasswordError
from identity.accounts.limited import give_all_back, take_all_or_tell
from identity.accounts.limits import PINS_BY_ACCOUNT, PINS_BY_DEVICE, PINS_BY_PROFILE
from identity.accounts.ports import Limits, Members
from identity.accounts.sign_in import PasswordCheck
from identity.domain import Account
from identity.oauth.ports import Grants
from identity.ports import Passwords
from identity.profiles.domain import (
    Household,
    NotWatchingError,
    NoWayPastError,
    Profile,
    ProfileInUseError,
    ProfileNotFoundError,
    ProofNeededError,
    WrongProofError,
    checked_pin,
)
from kernel import pin_grants
from kernel.clock import Clock, epoch_milliseconds
from kernel.errors import UnauthenticatedError
from kernel.events import Event
from kernel.events.identity import ProfileDeleted, ProfileGuardChanged, ProfilePinFailed
from kernel.ids import new_id, time_of
from kernel.pin_grants import PinGrant
from kernel.tokens import MacKeys

_OVER = "This sign-in has ended. Sign in again."

Edit = Callable[[Profile], Profile]


@dataclass(frozen=True)
class Session:
    """A sign-in, by what its access token says."""

    account_id: str
    family_id: str


@dataclass(frozen=True)
class Proof:
    """What shows that it is no child who asks; both empty when nothing was given."""

    pin: str = ""
    password: str = ""


@dataclass(frozen=True)
class _Home:
    """A session's account, and whom it is watching as."""

    account: Account
    household: Household
    current: Profile
    device_id: str
    """Of the session."""


@dataclass(frozen=True)
class Profiles:
    """Keeps an account's profiles and lets sessions into them."""

    members: Members
    grants: Grants
    passwords: Passwords
    check: PasswordCheck
    limits: Limits
    clock: Clock
    pin_keys: Callable[[], MacKeys]
    """What signs grants; asked for with the first one."""

    def all(self, session: Session) -> tuple[Sequence[Profile], Profile]:
        """The profiles, and the one that the session's next token is for."""
        home = self._home(session)
        return home.household.profiles, home.current

    def create(self, session: Session, edit: Edit, pin: str | None, proof: Proof) -> Profile:
        """One more profile; TooManyProfilesError, InvalidInputError, or what proofs refuse."""
        home = self._home(session)
        empty = Profile(new_id("prf", self.clock()), "", language=home.account.language)
        wanted = self._with_pin(edit(empty), pin)
        household = home.household.with_new(wanted)
        if home.current.is_limited:
            self._prove(home, wanted, home.household.pins_to_change(home.current), proof)
        told = self._guard_told(home, empty, wanted)
        return self._kept(home, household, *told).named(wanted.profile_id)

    def change(
        self, session: Session, profile_id: str, edit: Edit, pin: str | None, proof: Proof
    ) -> Profile:
        """A profile as it is wanted; `pin` sets one, takes it away when empty, None leaves it."""
        home = self._home(session)
        before = home.household.named(profile_id)
        wanted = self._with_pin(edit(before), pin)
        household = home.household.with_changed(wanted)
        if home.current.is_limited or wanted.loosens(before):
            self._prove(home, before, home.household.pins_to_change(before), proof)
        told = self._guard_told(home, before, wanted)
        return self._kept(home, household, *told).named(profile_id)

    def delete(self, session: Session, profile_id: str, proof: Proof) -> None:
        """Forget a profile and, by an event, all that is kept for it.

        LastProfileError, ProfileInUseError, or what proofs refuse. Sessions of others that watch
        as it end.
        """
        home = self._home(session)
        profile = home.household.named(profile_id)
        household = home.household.without(profile)
        if profile == home.current:
            raise ProfileInUseError("You are watching as this profile. Enter another one first.")
        if home.current.is_limited or profile.pin_hash:
            self._prove(home, profile, home.household.pins_to_change(profile), proof)
        told = ProfileDeleted(
            sequence=epoch_milliseconds(self.clock()),
            account_id=session.account_id,
            profile_id=profile_id,
        )
        self._kept(home, household, told)

    def enter(self, session: Session, profile_id: str, proof: Proof) -> Profile:
        """Watch as somebody else from the session's next token on."""
        home = self._home(session)
        profile = home.household.named(profile_id)
        if home.household.is_guarded(profile, home.current):
            self._prove(home, profile, home.household.pins_to_enter(profile), proof)
        if not self.grants.enter(session.account_id, session.family_id, profile_id):
            raise UnauthenticatedError(_OVER)
        return profile

    def open_title(self, session: Session, profile_id: str, title_id: str, proof: Proof) -> str:
        """A grant for one title above the limit of the session's profile, for what a proof says.

        NoWayPastError in a kids profile, NotWatchingError when the session watches as another, or
        what proofs refuse.
        """
        home = self._home(session)
        profile = home.household.named(profile_id)
        if profile != home.current:
            raise NotWatchingError("You are watching as another profile.")
        if profile.kids:
            raise NoWayPastError("A kids profile keeps to its age limit, whatever the PIN.")
        if profile.is_limited:
            self._prove(home, profile, home.household.pins_to_change(profile), proof)
        grant = PinGrant(session.account_id, profile_id, home.device_id, title_id)
        return pin_grants.make(grant, self.clock(), self.pin_keys().current())

    def _home(self, session: Session) -> _Home:
        """UnauthenticatedError to a session that was ended, whose token is not over yet."""
        account = self.members.by_id(session.account_id)
        family = self.grants.family(session.account_id, session.family_id)
        if account is None or family is None or family.is_revoked:
            raise UnauthenticatedError(_OVER)
        if not account.keeps(time_of(family.family_id)):
            raise UnauthenticatedError(_OVER)
        household = account.household
        try:
            current = household.watching(family.profile_id)
        except ProfileNotFoundError as error:
            raise UnauthenticatedError(_OVER) from error
        return _Home(account, household, current, family.device_id)

    def _prove(self, home: _Home, profile: Profile, pins: Sequence[str], proof: Proof) -> None:
        """ProofNeededError without a proof, WrongProofError with a wrong one, and
        TooManyAttemptsError before anything is compared."""
        if proof.password:
            self._check_password(home, proof.password)
        elif not proof.pin:
            raise ProofNeededError(
                "This takes a PIN or the account's password.", pin_is_enough=bool(pins)
            )
        else:
            self._check_pin(home, profile, pins, proof.pin)

    def _check_password(self, home: _Home, password: str) -> None:
        email, account_id = home.account.email, home.account.account_id
        try:
            # Counted for the device of the session: strangers who guess have none of the account's.
            self.check.account(email, password, account_id, device=home.device_id)
        except WrongPasswordError as error:
            raise WrongProofError("That is not the account's password.") from error

    def _check_pin(self, home: _Home, profile: Profile, pins: Sequence[str], pin: str) -> None:
        now, account_id = self.clock(), home.account.account_id
        # The narrowest first: what it refuses leaves the others theirs.
        counted = (
            (PINS_BY_DEVICE, f"{account_id} {home.device_id}"),
            (PINS_BY_PROFILE, f"{account_id} {profile.profile_id}"),
            (PINS_BY_ACCOUNT, account_id),
        )
        announcements = self.check.announcements
        take_all_or_tell(self.limits, announcements, counted, lambda: account_id, now)
        if not any(self.passwords.matches(pin_hash, pin) for pin_hash in pins):
            failed = ProfilePinFailed(
                sequence=epoch_milliseconds(now),
                account_id=account_id,
                profile_id=profile.profile_id,
            )
            announcements.tell(failed, now)
            raise WrongProofError(
                "That PIN is not right. If you forgot it, use the account's password."
            )
        give_all_back(self.limits, counted)

    def _with_pin(self, profile: Profile, pin: str | None) -> Profile:
        if pin is None:
            return profile
        return replace(profile, pin_hash=self.passwords.hash(checked_pin(pin)) if pin else "")

    def _guard_told(self, home: _Home, before: Profile, now: Profile) -> list[Event]:
        """What is told of a profile that became another: nothing, or its other guard."""
        pin = now.pin_change(before)
        if not pin and (now.maturity, now.kids) == (before.maturity, before.kids):
            return []
        return [
            ProfileGuardChanged(
                sequence=epoch_milliseconds(self.clock()),
                account_id=home.account.account_id,
                profile_id=now.profile_id,
                pin=pin,
                maturity=now.maturity,
                kids=now.kids,
            )
        ]

    def _kept(self, home: _Home, household: Household, *told: Event) -> Household:
        self.members.change_profiles(home.account, household.profiles, told, self.clock())
        return household
