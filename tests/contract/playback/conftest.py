"""Every store of plays keeps the same promises: the table's and the tests'."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.aws.json_client import DYNAMODB
from playback.store import DynamoPlayback
from tests.contract.conftest import JsonClient
from tests.unit.playback.fakes import FakePlayback

Store = DynamoPlayback | FakePlayback


@pytest.fixture(params=["dynamodb", "fake"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        return FakePlayback()
    table_of: Callable[[str], str] = request.getfixturevalue("table_of")
    aws_json: JsonClient = request.getfixturevalue("aws_json")
    return DynamoPlayback(aws_json(DYNAMODB), table_of("playback"))
