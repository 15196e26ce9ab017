"""A call beside another: both happen, and the block is not left before both are over."""

from __future__ import annotations

from threading import Event

import pytest

from kernel.aside import Aside


def test_the_work_goes_on_beside_the_block() -> None:
    begun = Event()

    def work() -> str:
        begun.set()
        return "done"

    with Aside(work) as aside:
        assert begun.wait(5)

    assert aside.answer == "done"


def test_what_the_work_raises_is_raised_where_its_answer_is_asked_for() -> None:
    def work() -> str:
        raise LookupError("nothing there")

    with Aside(work) as aside:
        pass

    with pytest.raises(LookupError, match="nothing there"):
        _ = aside.answer


def test_a_block_that_fails_is_left_after_the_work_has_ended() -> None:
    failed, ended = Event(), Event()

    def work() -> None:
        assert failed.wait(5)
        ended.set()

    def fail() -> None:
        with Aside(work):
            failed.set()
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()

    assert ended.is_set()
