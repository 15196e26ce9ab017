"""A clip in the clear: our own job document less its encryption, done by the local MediaConvert."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import botocore.session
from botocore.serialize import create_serializer

from localcloud.mediaconvert.job_document import read_job
from localcloud.mediaconvert.job_run import JobRun, Reports
from localcloud.mediaconvert.plan import S3Location
from localcloud.mediaconvert.processes import Processes
from media.domain import Run
from media.job_document import Destination, Film, job_request
from media.ladder import ladder_for
from media.source import Source
from tests.films import unseen_film


class Folder:
    """A job's storage: one film to read, one folder to write to."""

    def __init__(self, film: Path, folder: Path) -> None:
        self._film = film
        self._folder = folder

    def fetch(self, _location: S3Location, file: Path) -> None:
        shutil.copyfile(self._film, file)

    def store(self, file: Path, location: S3Location) -> None:
        shutil.copyfile(file, self._folder / location.key.rpartition("/")[2])


def clear_clip(folder: Path) -> Path:
    """A folder with `main.m3u8`, `main.mpd` and their segments; four seconds."""
    film = unseen_film(folder / "film.mp4", seconds=4)
    written = folder / "written"
    written.mkdir()
    run = Run("ast_01kz0000000000000000000000", "v1", "mezzanine", "uploads/x/source")
    source = Source(640, 360, Fraction(25), 4.0, has_audio=True, interlaced=False)
    request = job_request(
        run, Film(ladder_for(source), 4.0), Destination("packaged", "https://keys.test", "test")
    )
    group = request["Settings"]["OutputGroups"][0]["OutputGroupSettings"]["CmafGroupSettings"]
    del group["Encryption"]
    job = JobRun(
        read_job(on_the_wire(request)),
        "arn:aws:iam::123456789012:role/nobody",
        cast("Any", Folder(film, written)),
        cast("Any", None),
    )
    unheard = Reports(lambda _: None, lambda _: None, lambda *_: None)
    job.run(folder / "work", Processes(), unheard)
    return written


def on_the_wire(request: dict[str, Any]) -> dict[str, Any]:
    model = botocore.session.get_session().get_service_model("mediaconvert")
    serializer = create_serializer("rest-json")
    whole = {**request, "Role": "arn:aws:iam::123456789012:role/nobody"}
    body = serializer.serialize_to_request(whole, model.operation_model("CreateJob"))["body"]
    document: dict[str, Any] = json.loads(body)
    return document
