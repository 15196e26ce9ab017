"""Ids, problems and wrapped keys."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.envelope import DamagedKeyError, unwrap, wrap
from kernel.errors import InvalidInputError, NotFoundError, RefusedError
from kernel.ids import names_one, new_id
from kernel.web.problems import MOST_QUOTED, problem


def test_ids_say_what_they_name_sort_by_time_and_differ(now: datetime) -> None:
    first = new_id("ast", now, entropy=2**80 - 1)
    second = new_id("ast", now + timedelta(milliseconds=1), entropy=0)

    assert first.startswith("ast_")
    assert first < second
    assert len({new_id("ast", now) for _ in range(100)}) == 100


def test_what_cannot_be_an_id_is_told_from_what_can(now: datetime) -> None:
    assert names_one(new_id("ttl", now), "ttl")
    for text in ("", "ttl_", "ast_1", "ttl_A", "ttl_1\n", "ttl_1/2", f"ttl_{'1' * 27}", 1, None):
        assert not names_one(text, "ttl"), text


def test_a_refusal_repeats_only_the_beginning_of_what_was_sent() -> None:
    document = problem(InvalidInputError(f"There is no field {'n' * 9_000}.", field="n" * 9_000))

    assert len(str(document["detail"])) == len(str(document["field"])) == MOST_QUOTED + 1


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInputError("No.", field="name"), 422),
        (RefusedError("No."), 403),
        (NotFoundError("No."), 404),
    ],
)
def test_a_refusal_becomes_a_problem_with_its_facts(error: RefusedError, status: int) -> None:
    document = problem(error)

    assert document["status"] == status
    assert document["detail"] == "No."
    assert document.get("field") == error.facts.get("field")


@given(data_key=st.binary(min_size=32, max_size=32), key=st.binary(min_size=16, max_size=16))
def test_a_content_key_opens_only_under_its_own_data_key(data_key: bytes, key: bytes) -> None:
    wrapped = wrap(data_key, key)

    assert key not in wrapped
    assert unwrap(data_key, wrapped) == key
    with pytest.raises(DamagedKeyError):
        unwrap(bytes(b ^ 1 for b in data_key), wrapped)
    with pytest.raises(DamagedKeyError):
        unwrap(data_key, wrapped[:-1] + bytes([wrapped[-1] ^ 1]))
