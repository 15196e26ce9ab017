"""A disk that is full, a tool that fails: the job ends, nothing is written, the next one works."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from localcloud.mediaconvert import packaging

SmallDisk = Callable[[int], Any]

HEADROOM_BYTES = 64 * 1024


def _run(cloud: Any, job: dict[str, Any]) -> dict[str, Any]:
    answer = cloud.ask("POST", "jobs", json.dumps(job).encode())
    assert answer.status == 201, answer.body
    done: dict[str, Any] = cloud.wait_for(json.loads(answer.body)["job"]["id"], "COMPLETE", "ERROR")
    return done


@pytest.fixture
def small_disk(cloud: Any) -> SmallDisk:
    """The folder that jobs work in, on a file system of so many bytes for a while.

    Whoever may not mount one gets files that grow no larger than that instead.
    """

    @contextmanager
    def small(size_bytes: int) -> Iterator[None]:
        folder: Path = cloud.work_dir
        folder.mkdir(exist_ok=True)
        options = ["-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)]
        if os.geteuid() == 0 and subprocess.run(["mount", *options], check=False).returncode == 0:
            try:
                yield
            finally:
                subprocess.run(["umount", "--lazy", str(folder)], check=True)
            return
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return small


@pytest.mark.parametrize("share", [0.5, 1.0], ids=["while it is read", "while it is encoded"])
def test_a_full_disk_ends_the_job_and_the_next_one_works_once_there_is_room(
    cloud: Any, job: dict[str, Any], film: bytes, small_disk: SmallDisk, share: float
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film

    with small_disk(int(len(film) * share) + (HEADROOM_BYTES if share == 1.0 else 0)):
        done = _run(cloud, job)
        left = list(cloud.work_dir.iterdir())

    assert (done["status"], done["errorCode"]) == ("ERROR", 1999)
    assert done["errorMessage"].startswith("Unexpected transcoding error")
    assert left == []
    assert cloud.s3.order == []

    assert _run(cloud, job)["status"] == "COMPLETE"


def test_a_packager_that_fails_ends_the_job_and_nothing_is_written(
    cloud: Any, job: dict[str, Any], film: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = film
    broken = tmp_path / "packager"
    broken.write_text("#!/bin/sh\necho 'Packaging Error: 5' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(packaging, "PACKAGER", str(broken))

    done = _run(cloud, job)

    assert (done["status"], done["errorCode"]) == ("ERROR", 1999)
    assert done["errorMessage"] == "Unexpected packaging error: Packaging Error: 5"
    assert cloud.s3.order == []
