"""Why a run could not go on, as one message that a person can act on."""

from __future__ import annotations

import errno
from pathlib import Path

from localcloud.children import CommandFailedError

LOG_NAME = "localcloud.log"
"""In DATA_DIR; everything that a message leaves out."""

_FULL_IN_WORDS = ("No space left on device", "ENOSPC", "Disk quota exceeded")


class CannotRunError(Exception):
    """The service cannot come up; the message says why and what to do."""


def explain(error: BaseException, data_dir: Path) -> str:
    """What happened and what to do, without a traceback."""
    if is_disk_full(error):
        return (
            f"The disk that holds {data_dir} is full. Free some space and start again; what was "
            "saved before is still there."
        )
    if isinstance(error, CannotRunError):
        return str(error)
    if isinstance(error, CommandFailedError):
        return f"{error}\nAll of its output is in {data_dir / LOG_NAME}."
    if isinstance(error, OSError):
        return f"The system refused something that a run needs: {error}."
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"It stopped at something unforeseen. {said}\nThe details are in {data_dir / LOG_NAME}."


def is_disk_full(error: BaseException) -> bool:
    """Whether it, or what caused it, is a disk that takes no more."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        seen = seen.__cause__ or seen.__context__
    output = error.output if isinstance(error, CommandFailedError) else str(error)
    return any(words in output for words in _FULL_IN_WORDS)
