"""First code of a function's process: ties its life to its parent's, then runs AWS's runtime.

Runs alone (`python -P -S -s launcher.py <parent pid> <runtime folder> <handler>`), imports nothing
of this repository, and leaves `sys.path` as Lambda does: code, layers, standard library, runtime.
"""

import os
import runpy
import sys

PR_SET_PDEATHSIG = 1
SIGKILL = 9


def _die_with(parent_pid: int) -> None:
    """Have the kernel end this process when the thread that started it ends (prctl(2))."""
    if sys.platform != "linux":
        return  # Elsewhere the runtime client ends when the parent's socket closes.
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)


if __name__ == "__main__":
    _die_with(int(sys.argv[1]))
    sys.path.append(sys.argv[2])
    sys.argv = [sys.argv[0], sys.argv[3]]
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
