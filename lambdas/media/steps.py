"""The pipeline's steps as Step Functions calls them: a state comes in, a larger one goes out.

The state of an execution is one JSON object that grows: `run`, then `source`, `plan`, `package`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from kernel import correlation, log
from media.domain import Package, Run, UploadedObject, asset_id_of_key
from media.failures import said_by
from media.job_document import Destination
from media.pipeline import Pipeline
from media.ports import PackagedFiles, SourceFiles
from media.source import Source

State = dict[str, Any]
Task = Callable[[State], State]


def dispatch(tasks: Mapping[str, Task]) -> Callable[[State, object], State]:
    """A Lambda handler for `{"task": name, "state": state}`."""

    def handler(event: State, context: object) -> State:
        state = event["state"]
        run = state.get("run", {})
        with log.handling(
            "step",
            correlation.accepted(run.get(correlation.FIELD)),
            task=event["task"],
            asset_id=run.get("asset_id"),
            version=run.get("version"),
            invocation_id=getattr(context, "aws_request_id", None),
        ):
            return tasks[event["task"]](state)

    return handler


def begin(pipeline: Pipeline, new_version: Callable[[], str]) -> Task:
    """Claims the uploaded object that the event tells of."""

    def task(state: State) -> State:
        uploaded = uploaded_object(state["event"])
        retried = correlation.accepted(state["event"].get(correlation.FIELD))
        log.note(asset_id=uploaded.asset_id, execution=state["execution"])
        run = pipeline.begin(uploaded, state["execution"], new_version, retried)
        if run is None:
            log.note(outcome="nothing to do")
            return {"outcome": "nothing to do"}
        correlation.follow(run.correlation_id or correlation.made())
        log.note(version=run.version)
        return {"outcome": "started", "run": dataclasses.asdict(run)}

    return task


def probe(pipeline: Pipeline, files: SourceFiles) -> Task:
    """Looks into the file."""

    def task(state: State) -> State:
        source = pipeline.probe(_run(state), files)
        return {**state, "source": source_to_json(source)}

    return task


def plan(pipeline: Pipeline, destination: Destination) -> Task:
    """Makes the job document."""

    def task(state: State) -> State:
        planned = pipeline.plan(_run(state), source_from_json(state["source"]), destination)
        return {**state, "plan": {"job": planned.job, "heights": list(planned.heights)}}

    return task


def poster(pipeline: Pipeline, files: PackagedFiles) -> Task:
    """Chooses the poster. The job document has done its work and leaves the state."""

    def task(state: State) -> State:
        pipeline.poster(_run(state), files)
        return {**state, "plan": {"heights": state["plan"]["heights"]}}

    return task


def manifests(pipeline: Pipeline, files: PackagedFiles, *, clearkey: bool) -> Task:
    """Writes the manifests of player families and capability classes."""

    def task(state: State) -> State:
        classes = pipeline.manifests(_run(state), files, clearkey=clearkey)
        return {**state, "classes": list(classes)}

    return task


def verify(pipeline: Pipeline, files: PackagedFiles, *, clearkey: bool) -> Task:
    """Proves that the package is complete."""

    def task(state: State) -> State:
        package = pipeline.verify(
            _run(state),
            source_from_json(state["source"]),
            tuple(state["plan"]["heights"]),
            files,
            clearkey=clearkey,
            # A run that began before there were classes goes on without.
            classes=state.get("classes", ()),
        )
        return {**state, "package": dataclasses.asdict(package)}

    return task


def publish(pipeline: Pipeline) -> Task:
    """Makes the asset ready."""

    def task(state: State) -> State:
        stored = state["package"]
        heights, classes = tuple(stored["heights"]), tuple(stored.get("classes", ()))
        package = Package(**{**stored, "heights": heights, "classes": classes})
        pipeline.publish(_run(state), package)
        return {"asset_id": state["run"]["asset_id"], "version": state["run"]["version"]}

    return task


def fail(pipeline: Pipeline) -> Task:
    """Records what stopped an execution, wherever it stopped."""

    def task(state: State) -> State:
        asset_id, version = _whose(state)
        if asset_id is None:
            return {"outcome": "failed"}
        error, cause = state["error"].get("Error", ""), state["error"].get("Cause", "")
        log.note(asset_id=asset_id, error=error, said=said_by(cause))
        return {"outcome": pipeline.fail(asset_id, version, error, cause).value}

    return task


def uploaded_object(event: Mapping[str, Any]) -> UploadedObject:
    """What S3's event tells of (S3 user guide, EventBridge event message structure)."""
    detail = event["detail"]
    stored = detail["object"]
    # A bucket without versions sends none; the ETag then tells contents apart.
    revision = stored.get("version-id") or stored.get("etag", "")
    return UploadedObject(bucket=detail["bucket"]["name"], key=stored["key"], revision=revision)


def source_to_json(source: Source) -> State:
    """A source as JSON: Step Functions has no fractions."""
    return {**dataclasses.asdict(source), "frame_rate": str(source.frame_rate)}


def source_from_json(stored: Mapping[str, Any]) -> Source:
    """The source back from JSON."""
    return Source(**{**stored, "frame_rate": Fraction(stored["frame_rate"])})


def _run(state: State) -> Run:
    return Run(**state["run"])


def _whose(state: State) -> tuple[str | None, str | None]:
    if "run" in state:
        return state["run"]["asset_id"], state["run"]["version"]
    # The first step itself failed: only the event knows whose file it was.
    return asset_id_of_key(state["detail"]["object"]["key"]), None
