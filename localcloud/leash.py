"""Becomes a command that ends when whoever started it does, even by kill -9.

    python -I -S leash.py <parent's process id> <command> …

The kernel ends the command when the thread that started it ends (prctl(2)): that thread has to
wait for it. Where there is no prctl the command runs on to its own end.
"""

import os
import sys

PR_SET_PDEATHSIG = 1
SIGKILL = 9


def leashed(command: list[str]) -> list[str]:
    """The command, to be started by a thread that waits for its end."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def _die_with(parent_pid: int) -> None:
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        # It ended before the kernel was asked.
        os._exit(1)


if __name__ == "__main__":
    _die_with(int(sys.argv[1]))
    try:
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - a list built as data, no shell
    except OSError as error:
        sys.exit(f"{sys.argv[2]}: {error}")
