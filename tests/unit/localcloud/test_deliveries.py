from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial

import pytest

from localcloud.deliveries import Deliveries

WITHIN = timedelta(seconds=20)


def test_a_later_task_waits_for_its_time_and_does_not_hold_up_the_others() -> None:
    deliveries = Deliveries("test", threads=1)
    done: list[str] = []

    deliveries.submit(lambda: done.append("later"), after=timedelta(milliseconds=50))
    deliveries.submit(lambda: done.append("now"))

    assert deliveries.wait_idle(WITHIN)
    assert done == ["now", "later"]


def test_tasks_run_beside_each_other_up_to_the_number_of_threads() -> None:
    deliveries = Deliveries("test", threads=3)
    together = threading.Barrier(3, timeout=20)
    done: list[int] = []

    def meet(number: int) -> None:
        together.wait()
        done.append(number)

    for number in range(3):
        deliveries.submit(partial(meet, number))

    assert deliveries.wait_idle(WITHIN)
    assert sorted(done) == [0, 1, 2]


def test_a_task_that_fails_does_not_end_the_thread(capfd: pytest.CaptureFixture[str]) -> None:
    deliveries = Deliveries("test", threads=1)
    done: list[str] = []

    def fail() -> None:
        raise ValueError("a defect")

    deliveries.submit(fail)
    deliveries.submit(lambda: done.append("after"))

    assert deliveries.wait_idle(WITHIN)
    assert done == ["after"]
    assert "ValueError: a defect" in capfd.readouterr().err


def test_what_is_not_due_when_all_stops_is_dropped() -> None:
    deliveries = Deliveries("test")
    done: list[str] = []
    deliveries.submit(lambda: done.append("late"), after=timedelta(seconds=60))

    deliveries.stop()
    deliveries.submit(lambda: done.append("too late"))

    assert deliveries.wait_idle(WITHIN)
    assert done == []
