"""The edge's store, in memory and as CloudFront's API answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from kernel.aws.json_client import AwsError
from kernel.errors import UnavailableError
from localcloud import sigv4
from localcloud.edge.kvs import KeyValueStores
from localcloud.registry import Registry, Resource
from localcloud.serve import serve
from localcloud.wire import HttpRequest, HttpResponse
from playback.deny_list import EdgeStore
from playback.key_value_store import ATTEMPTS, CloudFrontKeyValueStore
from tests.fakes.edge_store import FakeEdgeStore

ARN = "arn:aws:cloudfront::123456789012:key-value-store/0a1b2c3d"
SECRET = sigv4.Secret("a secret/access+key", "a session token")


class CloudFront:
    """The store behind an address that checks who signs, and can be told to misbehave."""

    def __init__(self) -> None:
        registry = Registry()
        kind = "AWS::CloudFront::KeyValueStore"
        registry.add(Resource("revocation", "EdgeStore", kind, "plays", {"Arn": ARN}, {}))
        self.stores = KeyValueStores(registry)
        self.asked: list[str] = []
        self.before: Callable[[HttpRequest], HttpResponse | None] = lambda _: None

    def answer(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request.method)
        sigv4.verify(request, secret_for=lambda _: SECRET, now=datetime.now(UTC))
        return self.before(request) or self.stores.handle(request)


@pytest.fixture
def cloudfront() -> CloudFront:
    return CloudFront()


@pytest.fixture
def environment(cloudfront: CloudFront) -> Iterator[dict[str, str]]:
    server = serve(cloudfront.answer, ("127.0.0.1", 0), name="cloudfront")
    yield {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET.secret_access_key,
        "AWS_SESSION_TOKEN": str(SECRET.session_token),
    }
    server.stop()


@pytest.fixture
def client(environment: dict[str, str]) -> CloudFrontKeyValueStore:
    return CloudFrontKeyValueStore(ARN, environment, pause=lambda _: None)


@pytest.fixture(params=["memory", "cloudfront"])
def store(request: pytest.FixtureRequest) -> EdgeStore:
    if request.param == "memory":
        return FakeEdgeStore()
    found: EdgeStore = request.getfixturevalue("client")
    return found


def test_what_is_put_is_there_until_it_is_forgotten(store: EdgeStore) -> None:
    store.change({"ses_1": "1", "ses_2": "2"}, ())

    size = store.change({"ready": "1"}, ["ses_1"])

    assert sorted(store.entries()) == [("ready", "1"), ("ses_2", "2")]
    assert size == len("ready1ses_22")


def test_forgetting_what_is_not_there_is_no_fault(store: EdgeStore) -> None:
    store.change({}, ["ses_1"])

    assert list(store.entries()) == []


def test_a_long_list_is_read_whole(store: EdgeStore) -> None:
    names = [f"ses_{number:03}" for number in range(120)]
    for begin in range(0, 120, 40):
        store.change(dict.fromkeys(names[begin : begin + 40], "1"), ())

    assert [name for name, _ in store.entries()] == names


def test_two_writers_at_once_lose_nothing_of_each_other(
    client: CloudFrontKeyValueStore, environment: dict[str, str]
) -> None:
    other = CloudFrontKeyValueStore(ARN, environment, pause=lambda _: None)
    for writer in (client, other):
        writer.change({"ready": "1"}, ())

    client.change({"ses_1": "1"}, ())
    other.change({"ses_2": "1"}, ())

    assert {name for name, _ in client.entries()} == {"ready", "ses_1", "ses_2"}


@pytest.mark.race
def test_writers_at_the_same_moment_lose_nothing_of_each_other(
    environment: dict[str, str], cloudfront: CloudFront
) -> None:
    def revoke(number: int) -> None:
        writer = CloudFrontKeyValueStore(ARN, environment, pause=lambda _: None)
        # The one writer asks again for as long as the bus does.
        while True:
            try:
                writer.change({f"ses_{number}": "1"}, ())
            except UnavailableError:
                continue
            return

    with ThreadPoolExecutor(6) as writers:
        list(writers.map(revoke, range(6)))

    kept = CloudFrontKeyValueStore(ARN, environment).entries()
    assert {name for name, _ in kept} == {f"ses_{number}" for number in range(6)}


def test_a_write_costs_one_call_once_the_version_is_known(
    client: CloudFrontKeyValueStore, cloudfront: CloudFront
) -> None:
    client.change({"ses_1": "1"}, ())
    client.change({"ses_2": "1"}, ())

    assert cloudfront.asked == ["GET", "POST", "POST"]


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_what_may_succeed_later_is_tried_again(
    client: CloudFrontKeyValueStore, cloudfront: CloudFront, status: int
) -> None:
    refusals = [HttpResponse(status, (), b"{}")] * (ATTEMPTS - 1)
    cloudfront.before = lambda request: (
        refusals.pop() if refusals and request.method == "POST" else None
    )

    client.change({"ses_1": "1"}, ())

    assert dict(client.entries()) == {"ses_1": "1"}


def test_a_store_that_never_takes_the_change_is_unavailable(
    client: CloudFrontKeyValueStore, cloudfront: CloudFront
) -> None:
    cloudfront.before = lambda _: HttpResponse(503, (), b"{}")

    with pytest.raises(UnavailableError):
        client.change({"ses_1": "1"}, ())


def test_a_store_that_does_not_answer_is_unavailable(environment: dict[str, str]) -> None:
    nowhere: dict[str, Any] = {**environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}

    with pytest.raises(UnavailableError):
        CloudFrontKeyValueStore(ARN, nowhere, pause=lambda _: None).change({"a": "1"}, ())


def test_a_full_store_is_an_error_and_no_later(
    client: CloudFrontKeyValueStore, cloudfront: CloudFront
) -> None:
    cloudfront.before = lambda request: (
        HttpResponse(402, (), b'{"Message":"5 MB at most."}') if request.method == "POST" else None
    )

    with pytest.raises(AwsError, match="5 MB at most"):
        client.change({"ses_1": "1"}, ())
