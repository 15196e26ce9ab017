"""MediaConvert's REST-JSON API: which operation a request is, and how it is answered."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from localcloud.wire import HttpRequest, HttpResponse

from .errors import RequestRefusedError, bad_request, not_found
from .events import JobEvents, PutEvent
from .job import FINISHED, Job
from .job_document import MODEL
from .jobs import Jobs
from .probe import probe_files
from .speke import KeyProvider
from .storage import S3ForRole

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX: Final = "/2017-08-29"
MOST_JOBS_A_PAGE: Final = 20
"""The model's bound of maxResults, and what is given when none is named."""


class Caller(Protocol):
    """Whoever sent a request, as far as MediaConvert acts in their name."""

    def s3_client(self) -> S3Client:
        """An S3 client with the caller's own permissions."""


class MediaConvert:
    """The local MediaConvert of one region and account."""

    def __init__(
        self,
        region: str,
        account_id: str,
        s3_for_role: S3ForRole,
        key_provider: KeyProvider,
        put_event: PutEvent,
        work_dir: Path,
        clock: Callable[[], float],
        queues: Iterable[str] = (),
    ) -> None:
        work_dir.mkdir(parents=True, exist_ok=True)
        self._work_dir = work_dir
        events = JobEvents(put_event, account_id, clock)
        self._jobs = Jobs(
            region, account_id, s3_for_role, key_provider, events, work_dir, clock, queues
        )

    def handle(self, request: HttpRequest, caller: Caller) -> HttpResponse:
        """Answers one request; refusals come in the service's form."""
        try:
            return self._route(request, caller)
        except RequestRefusedError as refusal:
            return HttpResponse(
                refusal.status,
                (("content-type", "application/json"), ("x-amzn-errortype", refusal.code)),
                json.dumps({"message": refusal.message}).encode(),
            )

    def get_job(self, job_id: str) -> dict[str, Any]:
        """The job in wire form, as GetJob gives it under `job`; RequestRefusedError if unknown."""
        return self._jobs.get(job_id).wire()

    def stop(self) -> None:
        """Ends every process this has started."""
        self._jobs.stop()

    def export_state(self) -> dict[str, Any]:
        """The finished jobs, as plain JSON."""
        finished = [job for job in self._jobs.newest_first() if job.status in FINISHED]
        return {
            "jobs": [
                {
                    "created_at": job.created_at,
                    "request": dict(job.request),
                    "queue": job.queue,
                    "job": job.wire(),
                }
                for job in finished
            ]
        }

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Takes in what `export_state` gave."""
        for kept in state.get("jobs", []):
            wire = kept["job"]
            self._jobs.keep(
                Job(
                    id=wire["id"],
                    arn=wire["arn"],
                    queue=kept["queue"],
                    request=kept["request"],
                    plan=None,
                    created_at=kept["created_at"],
                    status=wire["status"],
                    kept=wire,
                )
            )

    def _route(self, request: HttpRequest, caller: Caller) -> HttpResponse:
        path = request.path.removeprefix(PREFIX)
        parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
        match request.method, parts:
            case "POST", ["jobs"]:
                return _answer(201, {"job": self._jobs.submit(_body(request)).wire()})
            case "GET", ["jobs"]:
                return _answer(200, self._list(request.query))
            case "GET", ["jobs", job_id]:
                return _answer(200, {"job": self.get_job(job_id)})
            case "DELETE", ["jobs", job_id]:
                self._jobs.cancel(job_id)
                return _answer(202, {})
            case "POST", ["probe"]:
                document = _body(request)
                _check("ProbeRequest", document)
                return _answer(200, probe_files(document, caller.s3_client(), self._work_dir))
        raise not_found(f"The local MediaConvert does not answer {request.method} {request.path}")

    def _list(self, query: str) -> dict[str, Any]:
        asked = dict(urllib.parse.parse_qsl(query))
        document: dict[str, Any] = dict(asked)
        if "maxResults" in asked:
            digits = asked["maxResults"].isdigit()
            document["maxResults"] = int(asked["maxResults"]) if digits else asked["maxResults"]
        _check("ListJobsRequest", document)
        jobs = [
            job
            for job in self._jobs.newest_first()
            if asked.get("status", job.status) == job.status
            and asked.get("queue", job.queue) in (job.queue, job.queue.rpartition("/")[2])
        ]
        if asked.get("order") == "ASCENDING":
            jobs.reverse()
        begin = _page(asked.get("nextToken", "0"))
        end = begin + int(document.get("maxResults", MOST_JOBS_A_PAGE))
        page: dict[str, Any] = {"jobs": [job.wire() for job in jobs[begin:end]]}
        if end < len(jobs):
            page["nextToken"] = str(end)
        return page


def _page(token: str) -> int:
    if not token.isdigit():
        raise bad_request("/nextToken: Should be a token of an earlier answer")
    return int(token)


def _check(shape: str, document: Mapping[str, Any]) -> None:
    if faults := MODEL.faults(shape, document):
        raise bad_request(", ".join(str(fault) for fault in faults))


def _body(request: HttpRequest) -> Mapping[str, Any]:
    try:
        document = json.loads(request.body or b"{}")
    except ValueError as error:
        raise bad_request("The request body is not JSON") from error
    if not isinstance(document, dict):
        raise bad_request("The request body is not an object")
    return document


def _answer(status: int, document: Mapping[str, Any]) -> HttpResponse:
    return HttpResponse(
        status, (("content-type", "application/json"),), json.dumps(document).encode()
    )
