"""How tests are spread over workers: by file, and what asks for the running service on one."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadFileScheduling

ON_THE_SERVICE = frozenset({"integration", "e2e"})
"""Folders whose tests share one running service and come last."""


class OneServiceScheduling(LoadFileScheduling):
    """Files go to whichever worker is free; what asks for the running service is one unit, whose
    tests follow each other: the service and a browser take what the machine has."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "service" if ON_THE_SERVICE & set(PurePosixPath(file).parts) else str(file)
