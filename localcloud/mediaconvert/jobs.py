"""The jobs and their queues: one job of a queue at work at a time, the others wait their turn."""

from __future__ import annotations

import secrets
import shutil
import string
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from .errors import (
    UNKNOWN,
    JobCancelledError,
    JobFailedError,
    bad_request,
    conflict,
    not_found,
)
from .events import JobEvents
from .job import FINISHED, Job, Phase, Status
from .job_document import read_job
from .job_run import JobRun, Reports
from .media_info import MediaInfo
from .processes import Processes
from .speke import KeyProvider
from .storage import RoleStorage, S3ForRole

DEFAULT_QUEUE: Final = "Default"
TOKEN_SECONDS: Final = 60.0
"""How long a client request token stands for the job it made (the model's own words)."""
_SUFFIX_LENGTH: Final = 6
_UPDATE_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0


class Jobs:
    """All jobs of one region and account."""

    def __init__(
        self,
        region: str,
        account_id: str,
        s3_for_role: S3ForRole,
        key_provider: KeyProvider,
        events: JobEvents,
        work_dir: Path,
        clock: Callable[[], float],
        queues: Iterable[str],
    ) -> None:
        self._arn_prefix = f"arn:aws:mediaconvert:{region}:{account_id}"
        self._s3_for_role = s3_for_role
        self._key_provider = key_provider
        self._events = events
        self._work_dir = work_dir
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._at_work: dict[str, Processes] = {}
        self._workers: dict[str, threading.Thread] = {}
        self._queues = {self._queue_arn(name) for name in (DEFAULT_QUEUE, *queues)}
        self._changed = threading.Condition()
        self._stopping = False

    def submit(self, request: Mapping[str, Any]) -> Job:
        """Takes a job in; the same token within a minute gives the job it made before."""
        plan = read_job(request)
        queue = self._known_queue(request.get("queue"))
        with self._changed:
            now = self._clock()
            token = request.get("clientRequestToken")
            for earlier in self._jobs.values():
                same = token is not None and earlier.request.get("clientRequestToken") == token
                if same and now - earlier.created_at < TOKEN_SECONDS:
                    return earlier
            job_id = f"{int(now * 1000)}-{_suffix()}"
            job = Job(job_id, f"{self._arn_prefix}:jobs/{job_id}", queue, request, plan, now)
            self._jobs[job_id] = job
            if queue not in self._workers:
                worker = threading.Thread(
                    target=self._work, args=(queue,), name=f"mediaconvert {queue}", daemon=True
                )
                self._workers[queue] = worker
                worker.start()
            self._changed.notify_all()
            return job

    def get(self, job_id: str) -> Job:
        """One job, or NotFoundException."""
        with self._changed:
            if job_id not in self._jobs:
                raise not_found(f"The job {job_id} does not exist")
            return self._jobs[job_id]

    def newest_first(self) -> list[Job]:
        """Every job."""
        with self._changed:
            return sorted(self._jobs.values(), key=lambda job: job.created_at, reverse=True)

    def cancel(self, job_id: str) -> None:
        """Ends a job that waits or runs; ConflictException for one that is over."""
        job = self.get(job_id)
        with self._changed:
            if job.status in FINISHED:
                raise conflict(f"The job {job_id} is {job.status} and can not be canceled")
            self._finish(job, "CANCELED")
            if job_id in self._at_work:
                self._at_work[job_id].end()
        self._events.state(job)

    def keep(self, job: Job) -> None:
        """Takes in a finished job of an earlier run."""
        with self._changed:
            self._jobs[job.id] = job

    def stop(self) -> None:
        """Ends every process and every worker; jobs not done stay as they were."""
        with self._changed:
            self._stopping = True
            for processes in self._at_work.values():
                processes.end()
            self._changed.notify_all()
            workers = list(self._workers.values())
        for worker in workers:
            worker.join(_STOP_SECONDS)

    def _work(self, queue: str) -> None:
        while True:
            with self._changed:
                job = self._next(queue)
                while job is None and not self._stopping:
                    self._changed.wait()
                    job = self._next(queue)
                if job is None or self._stopping:
                    return
                processes = Processes()
                self._at_work[job.id] = processes
                job.status = "PROGRESSING"
                job.started_at = self._clock()
            self._do(job, processes)

    def _next(self, queue: str) -> Job | None:
        waiting = [j for j in self._jobs.values() if j.queue == queue and j.status == "SUBMITTED"]
        return min(waiting, key=lambda job: (-job.priority, job.created_at), default=None)

    def _do(self, job: Job, processes: Processes) -> None:
        assert job.plan is not None
        folder = self._work_dir / job.id
        status: Status = "ERROR"
        try:
            self._events.state(job)
            storage = RoleStorage(job.role, self._s3_for_role)
            run = JobRun(job.plan, job.role, storage, self._key_provider)
            groups = run.run(folder, processes, self._reports(job))
            status = "COMPLETE"
        except JobFailedError as error:
            job.error = (error.code, error.message)
        except JobCancelledError:
            return
        except OSError as error:
            # Such as a full disk: the machine's own words, without the file they are about.
            job.error = (UNKNOWN, f"Unexpected transcoding error: {error.strerror or error!r}")
        except Exception as error:  # noqa: BLE001 (a worker outlives whatever a job does to it)
            job.error = (UNKNOWN, f"Unexpected transcoding error: {error!r}")
        finally:
            with self._changed:
                del self._at_work[job.id]
            shutil.rmtree(folder, ignore_errors=True)
        with self._changed:
            if job.status in FINISHED:
                return
            if status == "COMPLETE":
                job.groups = groups
            self._finish(job, status)
        self._events.state(job)

    def _finish(self, job: Job, status: Status) -> None:
        job.finished_at = self._clock()
        job.status = status

    def _reports(self, job: Job) -> Reports:
        interval = str(job.request.get("statusUpdateInterval", ""))
        seconds = float(interval.removeprefix("SECONDS_") or _UPDATE_SECONDS)
        next_update = self._clock() + seconds

        def phase(entered: Phase) -> None:
            job.enter(entered)

        def media(found: MediaInfo) -> None:
            assert job.plan is not None
            self._events.input_information(job, job.plan.source.location.url, found)

        def progress(share: float, frames: int | None) -> None:
            nonlocal next_update
            job.advance(share)
            job.frames = job.frames if frames is None else frames
            if self._clock() >= next_update:
                next_update += seconds
                self._events.status_update(job)

        return Reports(phase, media, progress)

    def _known_queue(self, queue: str | None) -> str:
        arn = self._queue_arn(queue or DEFAULT_QUEUE)
        if arn not in self._queues:
            raise bad_request(f"/queue: The queue {queue} does not exist")
        return arn

    def _queue_arn(self, name_or_arn: str) -> str:
        if name_or_arn.startswith("arn:"):
            return name_or_arn
        return f"{self._arn_prefix}:queues/{name_or_arn}"


def _suffix() -> str:
    letters = string.ascii_lowercase + string.digits
    return "".join(secrets.choice(letters) for _ in range(_SUFFIX_LENGTH))
