"""The data plane of one CloudFront distribution: from a viewer's request to the viewer's answer.

Order of things: behaviour, protocol, method, signature, viewer request function, cache, origin
(or the next of its group), error page, viewer response function, response headers policy.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path

from localcloud.edge import functions, refusals
from localcloud.edge.cache import Cache, Collapsing, Entry, time_to_live
from localcloud.edge.compression import compressed
from localcloud.edge.conditions import conditioned
from localcloud.edge.distribution import Behaviour, Distribution, read_distribution
from localcloud.edge.origins import (
    CONDITIONAL,
    Dispatch,
    ReadObject,
    Viewer,
    accepted_encodings,
    asks_for,
    cloudfront_headers,
    fetch,
    select_query,
    via,
)
from localcloud.edge.policies import ResponseHeadersPolicy
from localcloud.edge.signatures import SignatureRefusedError, check, cookies_of
from localcloud.registry import Registry, Resource
from localcloud.wire import HttpRequest, HttpResponse

INJECTED_COUNTRY = "x-localcloud-viewer-country"
"""A viewer on this machine says here where it pretends to be, so that tests can travel: a country,
or anything else for an unknown one. From elsewhere it counts for nothing, and no origin sees it."""

_COUNTRY = re.compile(r"[A-Z]{2}")

CountryOf = Callable[[str], str | None]
"""An IP address to the viewer's country (ISO 3166-1 alpha-2), None when it is unknown."""

_LOG = logging.getLogger(__name__)


def unknown_country(_address: str) -> str | None:
    """The country of an edge that was given no table of addresses."""
    return None


class Edge:
    """One distribution on one listener; whatever Host is asked, this distribution answers."""

    def __init__(
        self,
        distribution: Resource,
        registry: Registry,
        gateway: Dispatch,
        read_object: ReadObject,
        *,
        node_path: Path,
        clock: Callable[[], float] = time.time,
        country_of: CountryOf = unknown_country,
        loopback_country: str | None = None,
        read_store: functions.ReadStore = functions.no_store,
        account_id: str = "123456789012",
    ) -> None:
        """`loopback_country` is where viewers on this machine are said to be, unless they say so
        themselves in `x-localcloud-viewer-country`. `read_store` reads KeyValueStores.
        """
        self._distribution = read_distribution(distribution, registry, account_id)
        self._gateway = gateway
        self._read_object = read_object
        self._clock = clock
        self._country_of = country_of
        self._loopback_country = loopback_country
        self._worker = functions.NodeWorker(node_path, read_store)
        self._cache = Cache()
        self._collapsing = Collapsing()

    @property
    def distribution(self) -> Distribution:
        """What this edge follows."""
        return self._distribution

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer a viewer."""
        identifier = refusals.request_id()
        behaviour = self._distribution.behaviour(request.path)
        response = self._respond(request, behaviour, identifier)
        added = _policy_headers(request, response, behaviour.response_headers)
        headers = (
            *added,
            ("via", via()),
            ("x-amz-cf-pop", "LOC50-C1"),
            ("x-amz-cf-id", identifier),
        )
        if request.method != "HEAD":
            return replace(response, headers=headers)
        length = ("content-length", str(len(response.body)))
        return replace(response, headers=(*headers, length), body=b"")

    def invalidate(self) -> None:
        """Forget what was cached, as an invalidation of `/*`."""
        self._cache.clear()

    def stop(self) -> None:
        """End the worker of the edge functions."""
        self._worker.stop()

    def _respond(self, request: HttpRequest, behaviour: Behaviour, identifier: str) -> HttpResponse:
        if request.scheme != "https" and behaviour.viewer_protocol != "allow-all":
            return _insecure(request, behaviour, identifier)
        if request.method not in behaviour.allowed_methods:
            refused = refusals.page(403, refusals.METHOD_REFUSED, identifier)
            return _marked(refused, "Error from cloudfront")
        if behaviour.keys is not None:
            try:
                check(request, behaviour.keys, self._clock())
            except SignatureRefusedError as refusal:
                refused = refusals.xml(refusal.code, refusal.message)
                return _marked(refused, "Error from cloudfront")
        try:
            return self._through_functions(request, behaviour, identifier)
        except functions.FunctionFailedError as failure:
            # Not the path: a token may stand in it.
            _LOG.error("%s %s: %s", request.method, behaviour.target, failure)
            refused = refusals.page(503, refusals.FUNCTION_FAILED, identifier)
            return _marked(refused, "FunctionExecutionError from cloudfront")

    def _through_functions(
        self, request: HttpRequest, behaviour: Behaviour, identifier: str
    ) -> HttpResponse:
        request = self._with_viewer(request, behaviour)
        if behaviour.viewer_request is not None:
            event = functions.request_event(
                request, self._distribution, "viewer-request", identifier
            )
            answer = self._worker.call(behaviour.viewer_request, event)
            if "statusCode" in answer:
                generated = functions.generated_response(answer)
                return _marked(generated, "FunctionGeneratedResponse from cloudfront")
            request = functions.changed_request(request, event, answer)
        if request.path == "/" and self._distribution.root_object:
            request = replace(request, path=f"/{self._distribution.root_object}")
        response = self._from_cache(request, behaviour)
        if behaviour.viewer_response is not None and response.status < 400:
            event = functions.response_event(request, response, self._distribution, identifier)
            answer = self._worker.call(behaviour.viewer_response, event)
            response = functions.changed_response(response, answer)
        return response

    def _with_viewer(self, request: HttpRequest, behaviour: Behaviour) -> HttpRequest:
        """The request with what CloudFront says of the viewer, never what the viewer says."""
        own = [
            pair
            for pair in request.headers
            if not pair[0].startswith("cloudfront-") and pair[0] != INJECTED_COUNTRY
        ]
        known = cloudfront_headers(request, Viewer(self._country(request)), asks_for(behaviour))
        return replace(request, headers=(*own, *known))

    def _country(self, request: HttpRequest) -> str | None:
        """Where a viewer is; one on this machine may say where it wants to be."""
        if not (request.source_ip.startswith("127.") or request.source_ip == "::1"):
            return self._country_of(request.source_ip)
        injected = request.header(INJECTED_COUNTRY)
        if injected is not None:
            return injected.upper() if _COUNTRY.fullmatch(injected.upper()) else None
        return self._loopback_country or self._country_of(request.source_ip)

    def _from_cache(self, request: HttpRequest, behaviour: Behaviour) -> HttpResponse:
        if request.method not in behaviour.cached_methods:
            return _from_origin(self._ask(request, behaviour, ()))
        key = _cache_key(
            request, behaviour, shared=self._distribution.has_objects(behaviour.target)
        )
        if max(behaviour.cache.min_ttl, behaviour.cache.default_ttl) == 0:
            # What is kept only where the origin says so is mostly different for each viewer.
            return self._from_cache_or_origin(request, behaviour, key)
        with self._collapsing.alone(key, unless=lambda: self._is_fresh(key)):
            return self._from_cache_or_origin(request, behaviour, key)

    def _is_fresh(self, key: Hashable) -> bool:
        entry = self._cache.get(key)
        return entry is not None and entry.is_fresh(self._clock())

    def _from_cache_or_origin(
        self, request: HttpRequest, behaviour: Behaviour, key: Hashable
    ) -> HttpResponse:
        entry = self._cache.get(key)
        now = self._clock()
        if entry is not None and entry.is_fresh(now):
            return _from_entry(request, entry, now, "Hit")
        revalidation = _revalidation(request, entry)
        response = self._ask(request, behaviour, revalidation)
        if entry is not None and revalidation and response.status == 304:
            kept = replace(entry.response, headers=_refreshed(entry.response, response))
            lifetime = time_to_live(kept, behaviour.cache, self._distribution.errors, now)
            self._keep(key, kept, lifetime)
            return _from_entry(request, Entry(kept, now, now + lifetime), now, "RefreshHit")
        lifetime = time_to_live(response, behaviour.cache, self._distribution.errors, now)
        if lifetime > 0:
            self._keep(key, response, lifetime)
        if request.header("range") is not None and response.status == 200:
            response = conditioned(request, response)
        return _from_origin(response)

    def _keep(self, key: Hashable, response: HttpResponse, lifetime: float) -> None:
        now = self._clock()
        self._cache.put(key, Entry(response, now, now + lifetime))

    def _ask(
        self, request: HttpRequest, behaviour: Behaviour, extra: tuple[tuple[str, str], ...]
    ) -> HttpResponse:
        origins, failover = self._distribution.route(behaviour.target)
        for position, origin in enumerate(origins):
            response = fetch(
                request,
                behaviour,
                origin,
                extra=extra,
                read_object=self._read_object,
                gateway=self._gateway,
                source_arn=self._distribution.arn,
            )
            is_last = position == len(origins) - 1
            retryable = request.method in ("GET", "HEAD", "OPTIONS")
            if is_last or not retryable or response.status not in failover:
                break
        response = self._error_page(request, response)
        if not behaviour.compress:
            return response
        return compressed(response, accepted_encodings(request, behaviour))

    def _error_page(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        custom = self._distribution.errors.get(response.status)
        if custom is None or custom.page is None:
            return response
        behaviour = self._distribution.behaviour(custom.page)
        (origin, *_), _failover = self._distribution.route(behaviour.target)
        page = fetch(
            HttpRequest("GET", custom.page, host=request.host, scheme=request.scheme),
            behaviour,
            origin,
            extra=(),
            read_object=self._read_object,
            gateway=self._gateway,
            source_arn=self._distribution.arn,
        )
        return replace(page, status=custom.status or response.status) if page.status < 400 else page


def _cache_key(request: HttpRequest, behaviour: Behaviour, *, shared: bool) -> Hashable:
    """What makes two requests one object; `shared`: a HEAD is answered from the same as a GET."""
    policy = behaviour.cache
    return (
        behaviour.target,
        "GET" if shared and request.method == "HEAD" else request.method,
        request.path,
        select_query(request.query, policy.query.includes, signed=behaviour.keys is not None),
        tuple(sorted(pair for pair in request.headers if policy.headers.includes(pair[0]))),
        tuple(sorted(pair for pair in cookies_of(request) if policy.cookies.includes(pair[0]))),
        accepted_encodings(request, behaviour),
    )


def _revalidation(request: HttpRequest, entry: Entry | None) -> tuple[tuple[str, str], ...]:
    """What asks the origin whether a stale entry still holds."""
    if entry is None or entry.response.status != 200:
        return ()
    if any(request.header(name) is not None for name in (*CONDITIONAL, "range")):
        return ()
    etag = entry.response.header("etag")
    return (("if-none-match", etag.removeprefix("W/")),) if etag else ()


def _refreshed(kept: HttpResponse, confirmation: HttpResponse) -> tuple[tuple[str, str], ...]:
    """The kept headers with those that the origin's 304 brought anew."""
    new = {name: value for name, value in confirmation.headers if name != "content-type"}
    return (*(pair for pair in kept.headers if pair[0] not in new), *new.items())


def _from_entry(request: HttpRequest, entry: Entry, now: float, how: str) -> HttpResponse:
    response = entry.response
    aged = replace(response, headers=(*response.headers, ("age", str(entry.age(now)))))
    if response.status >= 400:
        return _marked(aged, "Error from cloudfront")
    return _marked(conditioned(request, aged), f"{how} from cloudfront")


def _from_origin(response: HttpResponse) -> HttpResponse:
    how = "Error from cloudfront" if response.status >= 400 else "Miss from cloudfront"
    return _marked(response, how)


def _marked(response: HttpResponse, x_cache: str) -> HttpResponse:
    return replace(response, headers=(*response.headers, ("x-cache", x_cache)))


def _insecure(request: HttpRequest, behaviour: Behaviour, identifier: str) -> HttpResponse:
    if behaviour.viewer_protocol == "https-only":
        refused = refusals.page(403, "Bad request.", identifier)
        return _marked(refused, "Error from cloudfront")
    query = f"?{request.query}" if request.query else ""
    moved = refusals.redirect(f"https://{request.host}{request.path}{query}")
    if request.method not in ("GET", "HEAD"):
        moved = replace(moved, status=307)
    return _marked(moved, "Redirect from cloudfront")


def _policy_headers(
    request: HttpRequest, response: HttpResponse, policy: ResponseHeadersPolicy
) -> tuple[tuple[str, str], ...]:
    headers = [pair for pair in response.headers if pair[0] not in policy.remove]
    additions = [*policy.set_headers, *_cors_headers(request, policy)]
    for name, value, override in additions:
        present = any(existing == name for existing, _ in headers)
        if present and not override:
            continue
        headers = [pair for pair in headers if pair[0] != name]
        headers.append((name, value))
    return tuple(headers)


def _cors_headers(
    request: HttpRequest, policy: ResponseHeadersPolicy
) -> list[tuple[str, str, bool]]:
    cors = policy.cors
    origin = request.header("origin")
    if cors is None or origin is None:
        return []
    allowed = cors.answer(origin)
    if allowed is None:
        return []
    headers = [("access-control-allow-origin", allowed)]
    if allowed != "*":
        headers.append(("vary", "Origin"))
    if cors.credentials:
        headers.append(("access-control-allow-credentials", "true"))
    if cors.expose:
        headers.append(("access-control-expose-headers", ", ".join(cors.expose)))
    if request.method == "OPTIONS" and request.header("access-control-request-method"):
        headers.append(("access-control-allow-methods", ", ".join(cors.methods)))
        if cors.headers:
            headers.append(("access-control-allow-headers", ", ".join(cors.headers)))
        if cors.max_age is not None:
            headers.append(("access-control-max-age", str(cors.max_age)))
    return [(name, value, cors.override) for name, value in headers]
