"""The wish to stop, from a signal or from a thread, and the one who waits for it."""

from __future__ import annotations

import contextlib
import signal
import socket


class StopRequest:
    """Set once, by anyone; waited for by one.

    Not a `threading.Event`: the kernel may hand a signal to any thread, and the main thread does
    not wake from a lock for a signal that another thread took. What the interpreter writes to the
    wake-up socket arrives whichever thread it was.
    """

    def __init__(self) -> None:
        self._waiting, self._asking = socket.socketpair()
        self._asking.setblocking(False)

    def on_signals(self, *numbers: signal.Signals) -> None:
        """Any of these sets it from now on. To be called from the main thread."""
        for number in numbers:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._asking.fileno(), warn_on_full_buffer=False)

    def set(self) -> None:
        """Ask. From any thread."""
        with contextlib.suppress(BlockingIOError):
            # A socket that is full has been asked often enough.
            self._asking.send(b"\0")

    def wait(self) -> None:
        """Until someone asks; at once when someone has."""
        self._waiting.recv(1)
