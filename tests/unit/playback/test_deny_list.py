"""What stays on the edge's deny list for how long, and which keys the edge knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from kernel.errors import UnavailableError
from kernel.tokens import MacKey
from playback.cwt import edge_key
from playback.deny_list import READY, Keeper, Revoker, forgettable
from tests.fakes.edge_store import FakeEdgeStore

OLD = MacKey(b"an old token secret, long enough!")
NEW = MacKey(b"a new token secret, long enough!!")
NEXT = MacKey(b"the token secret that comes next!")


@dataclass
class FakeSecrets:
    keys: list[MacKey] = field(default_factory=lambda: [NEW])

    def accepted(self) -> list[MacKey]:
        return self.keys


@pytest.fixture
def store() -> FakeEdgeStore:
    return FakeEdgeStore()


def keeper(store: FakeEdgeStore, now: datetime, *keys: MacKey) -> Keeper:
    return Keeper(store, FakeSecrets(list(keys) or [NEW]), lambda: now)


def names(*keys: MacKey) -> set[str]:
    return {f"key:{edge_key(key).key_id}" for key in keys}


def test_a_revoked_play_is_denied_until_its_signatures_end(
    store: FakeEdgeStore, now: datetime
) -> None:
    Revoker(store).revoke("ses_1", now + timedelta(hours=4))

    assert store.kept == {"ses_1": str(int((now + timedelta(hours=4)).timestamp()))}


def test_revoking_again_is_the_same(store: FakeEdgeStore, now: datetime) -> None:
    revoker = Revoker(store)

    sizes = [revoker.revoke("ses_1", now) for _ in range(2)]

    assert sizes[0] == sizes[1] == sum(map(len, ("ses_1", store.kept["ses_1"])))


def test_a_revocation_that_was_not_written_is_not_taken_for_done(
    store: FakeEdgeStore, now: datetime
) -> None:
    store.is_down = True

    with pytest.raises(UnavailableError):
        Revoker(store).revoke("ses_1", now)


def test_a_new_store_gets_its_keys_and_the_word_that_it_is_ready(
    store: FakeEdgeStore, now: datetime
) -> None:
    kept = keeper(store, now).keep()

    assert set(store.kept) == {READY, *names(NEW)}
    assert store.kept[f"key:{edge_key(NEW).key_id}"] == edge_key(NEW).secret.decode()
    assert (kept.keys, kept.denied, kept.forgotten) == (1, 0, 0)


def test_the_secret_that_is_about_to_be_is_known_before_it_makes_tokens(
    store: FakeEdgeStore, now: datetime
) -> None:
    keeper(store, now, OLD, NEW, NEXT).keep()

    assert set(store.kept) >= names(OLD, NEW, NEXT)


def test_a_secret_that_nothing_is_made_with_any_more_is_forgotten(
    store: FakeEdgeStore, now: datetime
) -> None:
    keeper(store, now, OLD, NEW).keep()

    keeper(store, now, NEW, NEXT).keep()

    assert set(store.kept) == {READY, *names(NEW, NEXT)}


def test_plays_are_forgotten_when_their_signatures_have_ended_and_not_before(
    store: FakeEdgeStore, now: datetime
) -> None:
    revoker = Revoker(store)
    revoker.revoke("ses_0ver", now)
    revoker.revoke("ses_0n", now + timedelta(seconds=1))

    kept = keeper(store, now).keep()

    assert "ses_0ver" not in store.kept
    assert "ses_0n" in store.kept
    assert (kept.denied, kept.forgotten) == (1, 1)
    assert kept.size_bytes == sum(len(name) + len(value) for name, value in store.kept.items())


def test_what_cannot_be_read_stays_denied(now: datetime) -> None:
    entries = [("ses_1", "soon"), ("ses_2", ""), (READY, "1"), ("key:12345678", "1")]

    assert forgettable(entries, now) == []


def test_a_long_list_is_swept_in_several_calls(store: FakeEdgeStore, now: datetime) -> None:
    store.kept = {f"ses_{number}": "1" for number in range(120)}

    assert keeper(store, now).keep().forgotten == 120
    assert set(store.kept) == {READY, *names(NEW)}
    assert store.writes == 4
