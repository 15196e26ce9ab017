"""KeyValueStores: the data plane API, and edge functions that read them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from localcloud.edge.kvs import KeyValueStores
from localcloud.registry import Registry
from localcloud.wire import HttpRequest, HttpResponse

from .conftest import HOST, World


class Client:
    """Calls the API as an SDK does: the ARN in the path, the ETag in If-Match."""

    def __init__(self, stores: KeyValueStores, arn: str) -> None:
        self._stores = stores
        self._path = f"/key-value-stores/{quote(arn, safe='')}"

    def call(self, line: str, body: Any = None, etag: str | None = None) -> HttpResponse:
        method, _, rest = line.partition(" ")
        path, _, query = rest.partition("?")
        headers = (("host", HOST), *((("if-match", etag),) if etag else ()))
        payload = json.dumps(body).encode() if body is not None else b""
        return self._stores.handle(
            HttpRequest(method, self._path + path, query, headers, payload, host=HOST)
        )

    def json(self, line: str) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.call(line).body)
        return parsed

    @property
    def etag(self) -> str:
        return self.call("GET ").header("etag") or ""

    def put(self, key: str, value: str) -> HttpResponse:
        return self.call(f"PUT /keys/{quote(key, safe='')}", {"Value": value}, self.etag)


@pytest.fixture
def client(world: World) -> Client:
    return Client(world.stores, world.store("denied"))


def test_what_was_put_is_got(client: Client) -> None:
    client.put("session/1", "revoked")

    got = client.json("GET /keys/session%2F1")

    assert got == {"Key": "session/1", "Value": "revoked", "ItemCount": 1, "TotalSizeInBytes": 16}


def test_every_write_has_a_new_etag(client: Client) -> None:
    before = client.etag

    after = client.put("a", "1").header("etag")

    assert after == client.etag != before


def test_a_writer_with_an_old_etag_is_refused_and_changes_nothing(client: Client) -> None:
    old = client.etag
    client.put("a", "1")

    refused = client.call("PUT /keys/a", {"Value": "2"}, old)

    assert refused.status == 409
    assert refused.header("x-amzn-errortype") == "ConflictException"
    assert client.json("GET /keys/a")["Value"] == "1"


def test_a_write_without_an_etag_is_refused(client: Client) -> None:
    assert client.call("PUT /keys/a", {"Value": "1"}).status == 400


def test_an_update_puts_and_deletes_at_once(client: Client) -> None:
    client.put("old", "1")
    update = {"Puts": [{"Key": "new", "Value": "2"}], "Deletes": [{"Key": "old"}]}

    answer = client.call("POST /keys", update, client.etag)

    assert answer.status == 200
    assert client.json("GET /keys") == {"Items": [{"Key": "new", "Value": "2"}]}


def test_a_deleted_key_is_gone(client: Client) -> None:
    client.put("a", "1")

    client.call("DELETE /keys/a", etag=client.etag)

    assert client.call("GET /keys/a").status == 404


def test_keys_are_listed_in_pages(client: Client) -> None:
    for key in ("a", "b", "c"):
        client.put(key, "1")

    first = client.json("GET /keys?MaxResults=2")
    second = client.json(f"GET /keys?MaxResults=2&NextToken={first['NextToken']}")

    assert [item["Key"] for item in first["Items"]] == ["a", "b"]
    assert [item["Key"] for item in second["Items"]] == ["c"]
    assert "NextToken" not in second


@pytest.mark.parametrize(("key", "value"), [("k" * 513, "1"), ("k", "v" * 1025)])
def test_sizes_beyond_the_quotas_are_refused(client: Client, key: str, value: str) -> None:
    assert client.put(key, value).header("x-amzn-errortype") == "ValidationException"


def test_a_store_that_the_templates_lack_is_not_found() -> None:
    missing = Client(KeyValueStores(Registry()), "arn:aws:cloudfront::1:key-value-store/x")

    assert missing.call("GET ").header("x-amzn-errortype") == "ResourceNotFoundException"


def test_entries_survive_a_restart_by_logical_id(world: World, client: Client) -> None:
    client.put("a", "1")
    again = KeyValueStores(world.registry)

    again.import_state(json.loads(json.dumps(world.stores.export_state())))

    arn = "arn:aws:cloudfront::123456789012:key-value-store/denied"
    assert again.snapshot(arn).entries == {"a": "1"}


READER = """import cf from 'cloudfront';
async function handler(event) {
    var store = cf.kvs();
    var request = event.request;
    var parts = [];
    parts.push(await store.exists('session'));
    parts.push(await store.count());
    try { parts.push(await store.get('session')); } catch (error) { parts.push(error.message); }
    return { statusCode: 200, body: parts.join(' ') };
}
"""


@pytest.fixture
def reader(world: World, client: Client) -> World:
    """A function that reads the store `denied` stands before everything."""
    world.function("reader", READER, "arn:aws:cloudfront::123456789012:key-value-store/denied")
    world.config["DefaultCacheBehavior"]["FunctionAssociations"] = [
        {"EventType": "viewer-request", "FunctionARN": "arn:reader"}
    ]
    return world


def test_a_function_reads_its_store(reader: World, client: Client) -> None:
    client.put("session", "revoked")

    assert reader.ask("GET /").body == b"true 1 revoked"


def test_a_key_that_is_not_there_is_an_error_that_can_be_caught(reader: World) -> None:
    assert reader.ask("GET /").body == b"false 0 KeyNotFound: session"


def test_a_write_reaches_the_functions_of_a_running_edge(reader: World, client: Client) -> None:
    before = reader.ask("GET /").body
    client.put("session", "later")

    assert (before, reader.ask("GET /").body) == (
        b"false 0 KeyNotFound: session",
        b"true 1 later",
    )


def test_json_and_bytes_are_read_in_their_form(reader: World, client: Client) -> None:
    client.put("session", '{"n": 7}')
    reader.function(
        "reader",
        "import cf from 'cloudfront';\n"
        "async function handler(event) {\n"
        "  var store = cf.kvs('denied');\n"
        "  var parsed = await store.get('session', { format: 'json' });\n"
        "  var bytes = await store.get('session', { format: 'bytes' });\n"
        "  return { statusCode: 200, body: parsed.n + ' ' + bytes.length };\n"
        "}",
        "arn:aws:cloudfront::123456789012:key-value-store/denied",
    )

    assert reader.ask("GET /").body == b"7 8"


def test_a_function_without_a_store_cannot_open_one(world: World, client: Client) -> None:
    world.function("reader", READER)
    world.config["DefaultCacheBehavior"]["FunctionAssociations"] = [
        {"EventType": "viewer-request", "FunctionARN": "arn:reader"}
    ]

    assert world.ask("GET /").status == 503
