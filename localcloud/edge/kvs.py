"""CloudFront KeyValueStores: their data plane API, and what edge functions read of them.

Every write names the store's ETag (`If-Match`) and gives it a new one, so two writers never
overwrite each other unseen. It does not know who may call it.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from localcloud.registry import Registry, Resource
from localcloud.wire import HttpRequest, HttpResponse

KEY_LIMIT_BYTES = 512
VALUE_LIMIT_BYTES = 1024
STORE_LIMIT_BYTES = 5 * 1024 * 1024
UPDATE_LIMIT = 50
"""Keys in one UpdateKeys. These four are quotas of CloudFront's KeyValueStores."""

PAGE_LIMIT = 50
"""Items of a page: the model's bound of MaxResults, and what is given when none is named."""

STORE_TYPE = "AWS::CloudFront::KeyValueStore"


@dataclass(frozen=True)
class Snapshot:
    """A store as an edge function sees it."""

    arn: str
    version: str
    entries: Mapping[str, str]
    meta: Mapping[str, Any]


@dataclass
class _Store:
    arn: str
    created: float
    updated: float
    etag: str = field(default_factory=lambda: _new_etag())
    entries: dict[str, str] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        return sum(_bytes(key) + _bytes(value) for key, value in self.entries.items())


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class KeyValueStores:
    """The stores of the templates; safe from any thread."""

    def __init__(self, registry: Registry, clock: Callable[[], float] = time.time) -> None:
        self._registry = registry
        self._clock = clock
        self._lock = threading.Lock()
        self._stores: dict[str, _Store] = {}

    def snapshot(self, arn: str) -> Snapshot:
        """What a function that is associated with a store reads; KeyError when there is none."""
        with self._lock:
            store = self._store(arn)
            return Snapshot(
                arn,
                store.etag,
                dict(store.entries),
                {
                    "creationDateTime": _iso(store.created),
                    "lastUpdatedDateTime": _iso(store.updated),
                    "keyCount": len(store.entries),
                },
            )

    def export_state(self) -> dict[str, Any]:
        """Every entry, by stack and logical id, as plain JSON."""
        with self._lock:
            return {
                f"{each.stack}/{each.logical_id}": dict(store.entries)
                for each in self._registry.by_type(STORE_TYPE)
                if (store := self._stores.get(each.attributes["Arn"])) is not None
            }

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Takes in what `export_state` gave, as far as the templates still have the stores."""
        with self._lock:
            for each in self._registry.by_type(STORE_TYPE):
                entries = state.get(f"{each.stack}/{each.logical_id}")
                if entries is not None:
                    self._store(each.attributes["Arn"]).entries = dict(entries)

    def handle(self, request: HttpRequest, principal: object = None) -> HttpResponse:
        """Answer a call of the service `cloudfront-keyvaluestore`; who calls was judged before."""
        del principal
        try:
            with self._lock:
                return self._answer(request)
        except _RefusedError as refused:
            headers = (
                ("content-type", "application/json"),
                ("x-amzn-errortype", refused.code),
            )
            body = json.dumps({"Message": str(refused)}).encode()
            return HttpResponse(refused.status, headers, body)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        collection, arn, *rest = [unquote(part) for part in request.path.split("/")[1:]] + [""]
        rest = [part for part in rest if part]
        if collection != "key-value-stores":
            raise _RefusedError(404, "ResourceNotFoundException", "There is no such operation.")
        try:
            store = self._store(arn)
        except KeyError:
            raise _RefusedError(
                404, "ResourceNotFoundException", f"Key Value Store {arn} does not exist."
            ) from None
        match (request.method, rest):
            case ("GET", []):
                return self._described(store)
            case ("GET", ["keys"]):
                return _listed(store, parse_qs(request.query))
            case ("POST", ["keys"]):
                return self._updated(store, request)
            case ("GET", ["keys", key]):
                return _got(store, key)
            case ("PUT", ["keys", key]):
                value = _json(request).get("Value")
                return self._changed(store, request, puts={key: value}, deletes=[])
            case ("DELETE", ["keys", key]):
                return self._changed(store, request, puts={}, deletes=[key])
        raise _RefusedError(404, "ResourceNotFoundException", "There is no such operation.")

    def _store(self, arn: str) -> _Store:
        if arn not in self._stores:
            if not any(_arn(each) == arn for each in self._registry.by_type(STORE_TYPE)):
                raise KeyError(arn)
            now = self._clock()
            self._stores[arn] = _Store(arn, now, now)
        return self._stores[arn]

    def _described(self, store: _Store) -> HttpResponse:
        described = {
            **_totals(store),
            "KvsARN": store.arn,
            "Created": store.created,
            "LastModified": store.updated,
            "Status": "READY",
        }
        return _ok(described, store.etag)

    def _updated(self, store: _Store, request: HttpRequest) -> HttpResponse:
        asked = _json(request)
        puts = {each["Key"]: each.get("Value") for each in asked.get("Puts") or []}
        deletes = [each["Key"] for each in asked.get("Deletes") or []]
        if len(puts) + len(deletes) > UPDATE_LIMIT:
            raise _invalid(f"At most {UPDATE_LIMIT} keys can be changed in one call.")
        if set(puts) & set(deletes):
            raise _invalid("A key can be put or deleted in one call, not both.")
        return self._changed(store, request, puts=puts, deletes=deletes)

    def _changed(
        self, store: _Store, request: HttpRequest, *, puts: Mapping[str, Any], deletes: list[str]
    ) -> HttpResponse:
        given = request.header("if-match")
        if given is None:
            raise _invalid("If-Match is required.")
        if given.strip('"') != store.etag:
            raise _RefusedError(
                409, "ConflictException", "The Key Value Store was changed; its ETag is another."
            )
        entries = {key: value for key, value in store.entries.items() if key not in deletes}
        for key, value in puts.items():
            if not key or _bytes(key) > KEY_LIMIT_BYTES:
                raise _invalid(f"A key has 1 to {KEY_LIMIT_BYTES} bytes.")
            if not isinstance(value, str) or _bytes(value) > VALUE_LIMIT_BYTES:
                raise _invalid(f"A value is text of at most {VALUE_LIMIT_BYTES} bytes.")
            entries[key] = value
        changed = _Store(store.arn, store.created, self._clock(), _new_etag(), entries)
        if changed.size_bytes > STORE_LIMIT_BYTES:
            raise _RefusedError(
                402, "ServiceQuotaExceededException", "A Key Value Store holds 5 MB at most."
            )
        self._stores[store.arn] = changed
        return _ok(_totals(changed), changed.etag)


def _arn(resource: Resource) -> str | None:
    return resource.attributes.get("Arn")


def _listed(store: _Store, query: Mapping[str, list[str]]) -> HttpResponse:
    limit = int(query.get("MaxResults", [str(PAGE_LIMIT)])[0])
    if not 1 <= limit <= PAGE_LIMIT:
        raise _invalid(f"MaxResults is between 1 and {PAGE_LIMIT}.")
    token = query.get("NextToken", [""])[0]
    after = base64.urlsafe_b64decode(token).decode() if token else ""
    keys = sorted(key for key in store.entries if key > after)
    page = keys[:limit]
    answer: dict[str, Any] = {"Items": [{"Key": key, "Value": store.entries[key]} for key in page]}
    if len(keys) > limit:
        answer["NextToken"] = base64.urlsafe_b64encode(page[-1].encode()).decode()
    return _ok(answer)


def _got(store: _Store, key: str) -> HttpResponse:
    if key not in store.entries:
        raise _RefusedError(404, "ResourceNotFoundException", f"Key {key} does not exist.")
    return _ok({"Key": key, "Value": store.entries[key], **_totals(store)})


def _totals(store: _Store) -> dict[str, int]:
    return {"ItemCount": len(store.entries), "TotalSizeInBytes": store.size_bytes}


def _ok(answer: Mapping[str, Any], etag: str | None = None) -> HttpResponse:
    headers = [("content-type", "application/json")]
    if etag is not None:
        headers.append(("etag", etag))
    return HttpResponse(200, tuple(headers), json.dumps(answer).encode())


def _json(request: HttpRequest) -> dict[str, Any]:
    try:
        parsed = json.loads(request.body)
    except ValueError as error:
        raise _invalid("The body is no JSON.") from error
    if not isinstance(parsed, dict):
        raise _invalid("The body is no JSON object.")
    return parsed


def _invalid(message: str) -> _RefusedError:
    return _RefusedError(400, "ValidationException", message)


def _bytes(text: str) -> int:
    return len(text.encode())


def _new_etag() -> str:
    return f"KV{secrets.token_hex(6).upper()}"


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
