"""One job as MediaConvert keeps it: its state, its wire shape, what may follow what.

It knows no worker and no file; whoever moves it on holds the lock of the job list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .plan import JobPlan

Status = Literal["SUBMITTED", "PROGRESSING", "COMPLETE", "CANCELED", "ERROR"]
Phase = Literal["PROBING", "TRANSCODING", "UPLOADING"]

PHASES: Final[tuple[Phase, ...]] = ("PROBING", "TRANSCODING", "UPLOADING")
FINISHED: Final = frozenset({"COMPLETE", "CANCELED", "ERROR"})
_PHASE_SHARE: Final[Mapping[Phase, tuple[int, int]]] = {
    "PROBING": (0, 5),
    "TRANSCODING": (5, 90),
    "UPLOADING": (90, 100),
}
"""Which part of the whole, in percent, each phase is taken to be."""


@dataclass(frozen=True)
class OutputResult:
    """What became of one output."""

    duration_ms: int | None
    width: int | None = None
    height: int | None = None
    file_paths: tuple[str, ...] = ()

    def details(self) -> dict[str, Any]:
        """As GetJob shows it."""
        shown: dict[str, Any] = {}
        if self.duration_ms is not None:
            shown["durationInMs"] = self.duration_ms
        if self.width is not None:
            shown["videoDetails"] = {"widthInPx": self.width, "heightInPx": self.height}
        return shown


@dataclass(frozen=True)
class GroupResult:
    """What became of one output group."""

    type: str
    outputs: tuple[OutputResult, ...]
    playlists: tuple[str, ...] = ()


@dataclass
class Job:
    """One job."""

    id: str
    arn: str
    queue: str
    request: Mapping[str, Any]
    plan: JobPlan | None
    """None in a job of an earlier run."""
    created_at: float
    status: Status = "SUBMITTED"
    phase: Phase | None = None
    percent: int = 0
    frames: int = 0
    started_at: float | None = None
    finished_at: float | None = None
    error: tuple[int, str] | None = None
    groups: tuple[GroupResult, ...] = ()
    kept: Mapping[str, Any] | None = field(default=None, repr=False)
    """The wire shape, when it came from an earlier run."""

    @property
    def role(self) -> str:
        """The role the job acts as."""
        return str(self.request["role"])

    @property
    def priority(self) -> int:
        """Higher goes first in its queue."""
        return int(self.request.get("priority", 0))

    @property
    def user_metadata(self) -> Mapping[str, str]:
        """What the submitter wants to see again in every event."""
        found: Mapping[str, str] = self.request.get("userMetadata", {})
        return found

    def enter(self, phase: Phase) -> None:
        """Begins a phase."""
        self.phase = phase
        self.percent = _PHASE_SHARE[phase][0]

    def advance(self, share: float) -> None:
        """Sets how much of the current phase is done: 0 to 1. It never goes back."""
        assert self.phase is not None
        begin, end = _PHASE_SHARE[self.phase]
        done = begin + (end - begin) * min(1.0, max(0.0, share))
        self.percent = max(self.percent, int(done))

    def wire(self) -> dict[str, Any]:
        """The job as GetJob and ListJobs show it."""
        if self.kept is not None:
            return dict(self.kept)
        shown: dict[str, Any] = {
            "accelerationSettings": {"mode": "DISABLED"},
            "accelerationStatus": "NOT_APPLICABLE",
            "arn": self.arn,
            "billingTagsSource": self.request.get("billingTagsSource", "JOB"),
            "clientRequestToken": self.request.get("clientRequestToken"),
            "createdAt": int(self.created_at),
            "currentPhase": self.phase,
            "id": self.id,
            "jobPercentComplete": 100 if self.status == "COMPLETE" else self.percent,
            "messages": {"info": [], "warning": []},
            "priority": self.priority,
            "queue": self.queue,
            "role": self.role,
            "settings": self.request["settings"],
            "status": self.status,
            "statusUpdateInterval": self.request.get("statusUpdateInterval", "SECONDS_60"),
            "timing": _without_none(
                {
                    "submitTime": int(self.created_at),
                    "startTime": _seconds(self.started_at),
                    "finishTime": _seconds(self.finished_at),
                }
            ),
            "userMetadata": dict(self.user_metadata),
            "warnings": [],
        }
        if self.error is not None:
            shown |= {"errorCode": self.error[0], "errorMessage": self.error[1]}
        if self.status == "COMPLETE":
            shown["outputGroupDetails"] = [
                {"outputDetails": [output.details() for output in group.outputs]}
                for group in self.groups
            ]
        return _without_none(shown)


def _seconds(moment: float | None) -> int | None:
    return None if moment is None else int(moment)


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
