"""What a browser is told of a versioned file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.edge.distribution import EdgeFunction
from localcloud.edge.functions import NodeWorker

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def worker() -> Iterator[NodeWorker]:
    worker = NodeWorker(REPOSITORY / ".venv" / "bin" / "node")
    yield worker
    worker.stop()


def test_a_versioned_file_may_be_kept_for_ever_and_is_otherwise_left_alone(
    worker: NodeWorker,
) -> None:
    code = (REPOSITORY / "edge" / "immutable.js").read_text()
    response = {"statusCode": 206, "headers": {"etag": {"value": '"a"'}}, "cookies": {}}
    request = {"method": "GET", "uri": "/m/a", "querystring": {}, "headers": {}, "cookies": {}}

    answer = worker.call(
        EdgeFunction("immutable", "immutable", code), {"request": request, "response": response}
    )

    assert answer["statusCode"] == 206
    assert answer["headers"] == {
        "etag": {"value": '"a"'},
        "cache-control": {"value": "public, max-age=31536000, immutable"},
    }
