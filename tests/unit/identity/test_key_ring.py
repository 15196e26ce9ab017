"""Keys that live a day: known before they sign, remembered until their last token is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from identity.oauth.claims import ACCESS_TOKEN_LIFE
from identity.oauth.key_ring import (
    GATEWAY_MEMORY,
    PUBLISHED_BEFORE,
    RING_MEMORY,
    SIGNS_FOR,
    SPARE,
    TURNED_EVERY,
    WrappedKey,
    read,
    written,
)
from identity.oauth.turning import Turning
from identity.oauth.wrapped import RememberedRing, RingKeySet, WrappedSigners, new_rsa_key
from tests.fakes.identity import FakeKeyRings, LocalSigner

KMS = LocalSigner()
PAIRS = [new_rsa_key() for _ in range(3)]
"""Made once: the rules do not care, and a key takes a while."""

HOUR = timedelta(hours=1)


@dataclass
class Deployment:
    """Functions, the schedule and the clock."""

    now: datetime
    rings: FakeKeyRings = field(default_factory=FakeKeyRings)
    made: int = 0
    opened: list[str] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def make(self) -> tuple[bytes, bytes]:
        self.made += 1
        return PAIRS[self.made % len(PAIRS)]

    def turn(self) -> None:
        Turning(self.rings, self.make, lambda _kid, private: private.hex(), self.clock).turn()

    def function(self) -> WrappedSigners:
        """One that starts now."""

        def opened(key: WrappedKey) -> bytes:
            self.opened.append(key.key_id)
            return bytes.fromhex(key.sealed)

        return WrappedSigners(RememberedRing(self.rings, self.clock), opened, KMS, self.clock)

    @property
    def key_set(self) -> Mapping[str, Mapping[str, str]]:
        """What the key set shows now."""
        ring = self.rings.ring.published(self.now)
        return {key.key_id: key.jwk for key in ring} | {KMS.key_id: KMS.published}

    def pass_by(self, hours: float) -> None:
        """The hours go by, and the schedule with them."""
        end = self.now + timedelta(hours=hours)
        while self.now + TURNED_EVERY <= end:
            self.now += TURNED_EVERY
            self.turn()
        self.now = end


@pytest.fixture
def deployment(now: datetime) -> Deployment:
    deployment = Deployment(now)
    deployment.turn()
    return deployment


def test_a_key_is_published_for_three_hours_before_it_signs(deployment: Deployment) -> None:
    (kid,) = set(deployment.key_set) - {KMS.key_id}

    deployment.now += PUBLISHED_BEFORE - timedelta(seconds=1)
    assert deployment.function().current().key_id == KMS.key_id
    deployment.now += timedelta(seconds=1)
    assert deployment.function().current().key_id == kid


def test_each_day_has_a_key_and_the_next_one_is_ready(deployment: Deployment) -> None:
    signing = []
    for _ in range(24 * 6):
        deployment.pass_by(1)
        signing.append(deployment.function().current().key_id)

    days = [kid for at, kid in enumerate(signing) if at == 0 or signing[at - 1] != kid]
    assert days[0] == KMS.key_id, "the first key is too new for three hours"
    assert KMS.key_id not in days[1:]
    assert deployment.made in (6, 7)
    assert len(deployment.key_set) <= 4


def test_no_token_meets_a_gateway_that_does_not_know_its_key(deployment: Deployment) -> None:
    """Whatever set the gateway kept up to two hours ago, from a function that kept an old ring, and
    whatever old ring the function has that signs."""
    step = timedelta(minutes=20)
    oldest = GATEWAY_MEMORY + RING_MEMORY + ACCESS_TOKEN_LIFE
    shown: list[tuple[datetime, set[str]]] = []
    signed: list[tuple[datetime, str]] = []
    stale = deployment.function()
    for at in range(3 * 24 * 3):
        deployment.now += step
        if at % 3 == 0:
            deployment.turn()
        if at % 5 == 0:
            stale = deployment.function()
        shown.append((deployment.now, set(deployment.key_set)))
        signed.append((deployment.now, deployment.function().current().key_id))
        signed.append((deployment.now, stale.current().key_id))

    for moment, kid in signed:
        remembered = [
            known for then, known in shown if moment - oldest <= then <= moment + ACCESS_TOKEN_LIFE
        ]
        assert all(kid in known for known in remembered)


def test_a_key_is_forgotten_when_its_last_token_is_over_everywhere(
    deployment: Deployment,
) -> None:
    (kid,) = set(deployment.key_set) - {KMS.key_id}
    last = PUBLISHED_BEFORE + SIGNS_FOR + SPARE
    needed = last + RING_MEMORY + ACCESS_TOKEN_LIFE + GATEWAY_MEMORY

    deployment.now += needed - timedelta(seconds=1)
    assert kid in deployment.key_set
    deployment.now += timedelta(seconds=1)
    assert kid not in deployment.key_set
    assert (
        RingKeySet(KMS, RememberedRing(deployment.rings, deployment.clock), deployment.clock).jwk(
            kid
        )
        is None
    )
    deployment.turn()
    assert kid not in {key.key_id for key in deployment.rings.ring.keys}


def test_when_nobody_turns_the_ring_kms_signs_again(deployment: Deployment) -> None:
    deployment.now += PUBLISHED_BEFORE + SIGNS_FOR + SPARE - timedelta(seconds=1)
    assert deployment.function().current().key_id != KMS.key_id

    deployment.now += timedelta(seconds=1)

    assert deployment.function().current().key_id == KMS.key_id


def test_a_schedule_that_misses_some_hours_is_not_noticed(deployment: Deployment) -> None:
    deployment.pass_by(20)

    deployment.now += 10 * HOUR

    assert deployment.function().current().key_id != KMS.key_id
    deployment.turn()
    assert len(deployment.rings.ring.keys) >= 1


def test_kms_opens_a_key_once_for_each_function_and_the_ring_is_read_every_five_minutes(
    deployment: Deployment,
) -> None:
    deployment.pass_by(5)
    function, reads = deployment.function(), deployment.rings.reads
    for _ in range(10):
        function.current().sign(b"message")
        deployment.now += timedelta(minutes=1)

    assert len(deployment.opened) == 1
    assert deployment.rings.reads - reads == 2


def test_two_that_turn_the_ring_at_once_turn_it_once(now: datetime) -> None:
    deployment = Deployment(now)

    class Late(FakeKeyRings):
        def read(self) -> object:  # type: ignore[override]
            found = deployment.rings.read()
            deployment.turn()
            return found

        def replace(self, ring: object) -> bool:
            return deployment.rings.replace(ring)  # type: ignore[arg-type]

    Turning(Late(), deployment.make, lambda _kid, private: private.hex(), lambda: now).turn()

    assert len(deployment.rings.ring.keys) == 1
    assert deployment.rings.ring.version == 1


def test_the_ring_is_stored_as_it_is(deployment: Deployment) -> None:
    deployment.now = deployment.now.replace(microsecond=0)
    deployment.pass_by(23)
    ring = deployment.rings.ring

    assert read(written(ring), ring.version) == ring
