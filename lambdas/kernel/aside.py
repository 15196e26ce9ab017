"""A call that goes on while its caller does something else."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from types import TracebackType
from typing import Generic, Self, TypeVar, cast

Answer = TypeVar("Answer")


class Aside(Generic[Answer]):
    """Runs `work` beside its `with` block, and is over when the block is.

    A function that is frozen half-way through a call would find a broken connection next time:
    so the block is not left before the work has ended, whatever becomes of either.
    """

    def __init__(self, work: Callable[[], Answer]) -> None:
        self._work = work
        self._answer: Answer | None = None
        self._error: Exception | None = None
        self._thread = Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.join()

    @property
    def answer(self) -> Answer:
        """What the work returned, or raises what it raised; to be asked after the block."""
        if self._error is not None:
            raise self._error
        return cast(Answer, self._answer)

    def _run(self) -> None:
        try:
            self._answer = self._work()
        except Exception as error:  # noqa: BLE001 - raised again where the answer is asked for
            self._error = error
