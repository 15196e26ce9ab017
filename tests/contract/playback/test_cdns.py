"""Every store of what is known of CDNs makes the same promises: the table's and the tests'."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from kernel.aws.json_client import DYNAMODB
from kernel.errors import NotFoundError, UnavailableError
from kernel.tokens import MacKey
from playback.edge_access import EdgeGrant
from playback.steering.domain import Standing
from playback.steering.grants import Steered, steered_address
from playback.steering.ports import Standings, Windows
from playback.steering.s3 import S3Manifests
from playback.steering.samples import WINDOW, Met, Samples
from playback.steering.store import DynamoStandings, DynamoWindows
from tests.contract.conftest import JsonClient
from tests.unit.playback.steering.fakes import FakeStandings, FakeWindows

NOW = datetime(2026, 11, 29, 20, tzinfo=UTC)
JUDGED = Standing(
    order=("b", "a"),
    before=("a", "b"),
    changed_at=NOW - timedelta(minutes=3),
    judged_at=NOW,
    streaks={"a": -2, "b": 7},
    down=frozenset({"a"}),
)


@dataclass(frozen=True)
class Stores:
    standings: Standings
    windows: Windows


@pytest.fixture(params=["dynamodb", "fake"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        return Stores(FakeStandings(), FakeWindows())
    table_of: Callable[[str], str] = request.getfixturevalue("table_of")
    aws_json: JsonClient = request.getfixturevalue("aws_json")
    table = table_of("playback")
    dynamodb = aws_json(DYNAMODB)
    return Stores(DynamoStandings(dynamodb, table), DynamoWindows(dynamodb, table))


def test_before_the_first_judgement_nothing_is_known(stores: Stores) -> None:
    assert stores.standings.read() == Standing()


def test_a_judgement_comes_back_as_it_was_kept(stores: Stores) -> None:
    stores.standings.judge(JUDGED)

    assert stores.standings.read() == JUDGED


def test_an_operator_and_the_judge_do_not_undo_each_other(stores: Stores) -> None:
    stores.standings.drain("a", is_drained=True)
    stores.standings.drain("b", is_drained=True)
    stores.standings.judge(JUDGED)
    stores.standings.drain("b", is_drained=False)

    assert stores.standings.read() == replace(JUDGED, drained=frozenset({"a"}))


def test_draining_and_taking_back_may_be_repeated(stores: Stores) -> None:
    for is_drained in (True, True, False, False):
        stores.standings.drain("a", is_drained=is_drained)

    assert stores.standings.read() == Standing()


def test_what_shards_tell_is_joined_and_telling_it_again_changes_nothing(stores: Stores) -> None:
    one, two = Samples({"1": Met.NOTHING}), Samples({"1": Met.FAILURE, "2": Met.WAITING})
    for _ in range(2):
        stores.windows.add(NOW, "shard-1", {"a": one})
        stores.windows.add(NOW, "shard-1", {"a": two, "b": one})
        stores.windows.add(NOW, "shard-2", {"a": Samples({"3": Met.NOTHING})})

    assert stores.windows.since(NOW) == {
        NOW: {
            "a": Samples({"1": Met.FAILURE, "2": Met.WAITING, "3": Met.NOTHING}),
            "b": one,
        }
    }


def test_earlier_windows_are_left_out(stores: Stores) -> None:
    met = {"a": Samples({"1": Met.NOTHING})}
    for ago in range(4):
        stores.windows.add(NOW - ago * WINDOW, "shard-1", met)

    assert set(stores.windows.since(NOW - WINDOW)) == {NOW, NOW - WINDOW}


def test_a_standing_beside_the_windows_is_no_window(stores: Stores) -> None:
    stores.standings.judge(JUDGED)

    assert stores.windows.since(NOW) == {}


@pytest.fixture
def bucket(aws: None) -> str:
    s3 = boto3.client("s3")
    where = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="films", CreateBucketConfiguration=where)  # type: ignore[arg-type]
    s3.put_object(Bucket="films", Key="m/ast_1/v1/hls.m3u8", Body=PLAYLIST.encode())
    return "films"


PLAYLIST = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n"


@pytest.fixture
def manifests(bucket: str, aws_address: str) -> S3Manifests:
    environment = {
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": aws_address,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    return S3Manifests(bucket, environment)


def test_a_manifest_is_read_from_the_bucket_once(
    manifests: S3Manifests, aws_calls: list[str]
) -> None:
    aws_calls.clear()

    assert manifests.read("m/ast_1/v1/hls.m3u8") == PLAYLIST
    assert manifests.read("m/ast_1/v1/hls.m3u8") == PLAYLIST
    assert len(aws_calls) == 1


def test_a_manifest_that_is_not_there_is_told(manifests: S3Manifests) -> None:
    with pytest.raises(NotFoundError):
        manifests.read("m/ast_1/v1/lost.m3u8")


def test_a_bucket_that_does_not_answer_may_do_so_later() -> None:
    nobody = {
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }

    with pytest.raises(UnavailableError):
        S3Manifests("films", nobody).read("m/ast_1/v1/hls.m3u8")


def test_the_function_answers_a_steered_play_after_one_read_of_the_table(
    bucket: str,
    table_of: Callable[[str], str],
    function_environment: pytest.MonkeyPatch,
    aws_calls: list[str],
) -> None:
    secret = "t" * 64
    arn = boto3.client("secretsmanager").create_secret(Name="ticket", SecretString=secret)["ARN"]
    for name, value in {
        "PLAYBACK_TABLE": table_of("playback"),
        "TICKET_SECRET": arn,
        "PACKAGED_BUCKET": bucket,
        "PUBLIC_ORIGIN": "https://watch.example.com",
        "OTHER_CDNS": "https://b.example.com",
    }.items():
        function_environment.setenv(name, value)
    name = "playback.handlers.steering"
    handler = importlib.import_module(name).handler
    sys.modules.pop(name)
    until = datetime.now(UTC) + timedelta(hours=1)
    grant = EdgeGrant("ses_1", "m/ast_1/v1", None, until)
    address = steered_address(grant, "/m/ast_1/v1/hls.m3u8", MacKey(secret.encode()))
    *_, token, manifest = address.split("/")
    route = "GET /v1/playback/sessions/{session_id}/steering/{token}"
    asked = {"session_id": "ses_1", "token": token}
    whole = handler(
        {
            "routeKey": f"{route}/{{manifest}}",
            "pathParameters": {**asked, "manifest": manifest},
        },
        None,
    )
    aws_calls.clear()

    answers = [handler({"routeKey": route, "pathParameters": asked}, None) for _ in range(20)]

    assert whole["statusCode"] == 200
    assert Steered(grant, manifest).manifest == "hls.m3u8"
    assert {json.loads(answer["body"])["PATHWAY-PRIORITY"][0] for answer in answers} == {
        "watch.example.com"
    }
    assert aws_calls in ([], ["GetItem"])
