"""The data plane of HTTP APIs: from a request to the function's answer or AWS's own refusal.

It knows the templates through the registry only; who runs functions, who checks SigV4 and what
the time is are handed in.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import unquote

from localcloud.functions.errors import InvocationAbandonedError, LambdaError
from localcloud.gateway import cors as cross_origin
from localcloud.gateway.authorizer import (
    Fetch,
    InvalidTokenError,
    JwtVerifier,
    MissingTokenError,
    claim_text,
    fetch_over_http,
    identity,
    scopes_of,
)
from localcloud.gateway.events import Context, MalformedReplyError, proxy_event, proxy_response
from localcloud.gateway.model import (
    DEFAULT_STAGE,
    Api,
    Apis,
    JwtAuthorizer,
    Permission,
    Route,
    Stage,
    function_identity,
    read_apis,
)
from localcloud.gateway.put_record import PutRecord, UnmappedParameterError, put_nowhere
from localcloud.gateway.throttle import Throttle
from localcloud.registry import Registry
from localcloud.wire import Handler, HttpRequest, HttpResponse

MAX_BODY_BYTES = 10 * 1024 * 1024
"""The largest request an HTTP API takes (API Gateway quotas)."""

EXECUTE_API = "execute-api:Invoke"

_EXECUTE_HOST = re.compile(r"^([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com$")

Headers = tuple[tuple[str, str], ...]

_LOG = logging.getLogger(__name__)


class Invocation(Protocol):
    """What became of an invocation."""

    @property
    def payload(self) -> bytes:
        """The function's reply."""

    @property
    def function_error(self) -> str | None:
        """Set when the function failed instead of replying."""


class Functions(Protocol):
    """Runs functions."""

    def invoke(
        self, identifier: str, payload: bytes, *, timeout: timedelta | None = None
    ) -> Invocation:
        """Run a function by ARN.

        LambdaError when the service refuses, InvocationAbandonedError past `timeout`.
        """


class IamRefusedError(Exception):
    """A signed request that is not allowed; the message says why, for the log alone."""


@dataclass(frozen=True)
class IamCaller:
    """Whose signature an AWS_IAM route accepted."""

    access_key: str
    account_id: str
    user_arn: str
    user_id: str

    def event(self) -> dict[str, str | None]:
        """What the function is told, as `requestContext.authorizer.iam`."""
        return {
            "accessKey": self.access_key,
            "accountId": self.account_id,
            "callerId": self.user_id,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": self.user_arn,
            "userId": self.user_id,
        }


VerifyIam = Callable[[HttpRequest, str, str], IamCaller]
"""Request, action and resource ARN to the caller; IamRefusedError when it is not allowed."""


def refuse_iam(_request: HttpRequest, _action: str, _resource: str) -> IamCaller:
    """The check of a gateway that was given none: nobody is allowed."""
    raise IamRefusedError("no IAM check is wired")


@dataclass(frozen=True)
class _Target:
    """Where a request goes, before any route was chosen."""

    api: Api
    stage: Stage
    domain: str
    route_path: str
    full_path: str
    permissions: tuple[Permission, ...]


class _RefusedError(Exception):
    """The gateway answers by itself."""

    def __init__(self, status: int, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


_BAD_REQUEST = (400, "Bad Request")
_FORBIDDEN = (403, "Forbidden")
_INTERNAL = (500, "Internal Server Error")
_NOT_FOUND = (404, "Not Found")
_TOO_LARGE = (413, "Request Entity Too Large")
_TOO_MANY = (429, "Too Many Requests")
_UNAUTHORIZED = (401, "Unauthorized")
_UNAVAILABLE = (503, "Service Unavailable")

_LAMBDA_REFUSALS = {413: _TOO_LARGE, 429: _UNAVAILABLE}
"""What the gateway answers when Lambda refuses to run the function, by Lambda's status."""


class Gateway:
    """Every HTTP API of the registry, behind one `handle`; safe from any thread."""

    def __init__(
        self,
        registry: Registry,
        functions: Functions,
        *,
        clock: Callable[[], float] = time.time,
        fetch: Fetch = fetch_over_http,
        verify_iam: VerifyIam = refuse_iam,
        put_record: PutRecord = put_nowhere,
        account_id: str = "123456789012",
        region: str = "eu-west-1",
    ) -> None:
        self._registry = registry
        self._functions = functions
        self._clock = clock
        self._verifier = JwtVerifier(fetch, clock)
        self._verify_iam = verify_iam
        self._put_record = put_record
        self._account_id = account_id
        self._region = region
        self._throttle = Throttle(clock)
        self._lock = threading.Lock()
        self._apis = Apis({}, {}, ())

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer a request by its Host: an API's own host or a custom domain."""
        return self._answer(request, None)

    def serving(self, api_id: str) -> Handler:
        """A handler that gives one API's default stage every request, whatever its Host.

        For a listener that stands in for the API's custom domain.
        """
        return lambda request: self._answer(request, api_id)

    def check_issuer(self, issuer: str) -> None:
        """Ask for the discovery document, as creating an authorizer does.

        Raises IssuerUnreachableError.
        """
        self._verifier.check_issuer(issuer)

    def _answer(self, request: HttpRequest, api_id: str | None) -> HttpResponse:
        request_id = base64.b64encode(secrets.token_bytes(11)).decode("ascii")
        api: Api | None = None
        try:
            target = self._target(request, api_id)
            api = target.api
            response = self._serve(request, target, request_id)
        except _RefusedError as refused:
            body = json.dumps({"message": refused.message}, separators=(",", ":")).encode()
            headers = (("content-type", "application/json"), *refused.headers)
            response = HttpResponse(refused.status, headers, body)
        headers_out = list(response.headers)
        if api is not None and api.cors is not None:
            headers_out = cross_origin.without_backend_cors(headers_out)
            preflight = cross_origin.is_preflight(request)
            add = cross_origin.preflight_headers if preflight else cross_origin.response_headers
            headers_out += add(api.cors, request)
        headers_out.append(("apigw-requestid", request_id))
        return HttpResponse(response.status, tuple(headers_out), response.body)

    def _serve(self, request: HttpRequest, target: _Target, request_id: str) -> HttpResponse:
        if len(request.body) > MAX_BODY_BYTES:
            raise _RefusedError(*_TOO_LARGE)
        preflight = target.api.cors is not None and cross_origin.is_preflight(request)
        found = target.api.routes.match(request.method, target.route_path)
        if found is None:
            if preflight:
                return HttpResponse(204)
            raise _RefusedError(*_NOT_FOUND)
        route, parameters = found
        limit = target.stage.limit(route.key.text)
        bucket = f"{target.api.api_id}/{target.stage.name}/{route.key.text}"
        if limit is not None and not self._throttle.admits(bucket, limit):
            raise _RefusedError(*_TOO_MANY)
        authorizer = self._authorize(request, target, route)
        if preflight:
            return HttpResponse(204)
        if route.record is not None:
            about = {"requestId": request_id, "routeKey": route.key.text}
            about |= {"identity.sourceIp": request.source_ip, "stage": target.stage.name}
            about |= _claims_of(authorizer)
            try:
                return route.record.answer(request, about, self._put_record)
            except UnmappedParameterError as error:
                raise _RefusedError(*_BAD_REQUEST) from error
        if not self._may_invoke(target, route, request.method):
            _LOG.error("%s: no permission lets API Gateway invoke it", route.function_arn)
            raise _RefusedError(*_INTERNAL)
        context = Context(
            account_id=self._account_id,
            api_id=target.api.api_id,
            stage=target.stage.name,
            route_key=route.key.text,
            request_id=request_id,
            trace_id=f"Root=1-{int(self._clock()):08x}-{secrets.token_hex(12)}",
            domain_name=target.domain,
            path=target.full_path,
            path_parameters=parameters,
            authorizer=authorizer,
            now=self._clock(),
        )
        return self._invoke(route, proxy_event(request, context))

    def _invoke(self, route: Route, event: dict[str, Any]) -> HttpResponse:
        payload = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
        try:
            invocation = self._functions.invoke(route.function_arn, payload, timeout=route.timeout)
        except InvocationAbandonedError as error:
            raise _RefusedError(*_UNAVAILABLE) from error
        except LambdaError as error:
            _LOG.error("%s: %s", route.function_arn, error)
            raise _RefusedError(*_LAMBDA_REFUSALS.get(error.status, _INTERNAL)) from error
        if invocation.function_error is not None:
            raise _RefusedError(*_INTERNAL)
        try:
            return proxy_response(invocation.payload)
        except MalformedReplyError as error:
            _LOG.error("%s: %s", route.function_arn, error)
            raise _RefusedError(*_INTERNAL) from error

    def _current(self) -> Apis:
        resources = list(self._registry)
        with self._lock:
            if self._apis.stamp != resources:
                self._apis = read_apis(resources)
            return self._apis

    def _target(self, request: HttpRequest, api_id: str | None) -> _Target:
        apis = self._current()
        domain = request.host.rpartition(":")[0] if _has_port(request.host) else request.host
        domain = domain.lower()
        path = unquote(request.path) or "/"
        api, stage, route_path = (
            _by_host(apis, domain, path)
            if api_id is None
            else _in_stage(apis.by_id.get(api_id), path)
        )
        return _Target(api, stage, domain, route_path, path, apis.permissions)

    def _authorize(
        self, request: HttpRequest, target: _Target, route: Route
    ) -> dict[str, Any] | None:
        if route.authorizer is not None:
            return {"jwt": self._check_jwt(request, route, route.authorizer)}
        if route.authorization == "AWS_IAM":
            arn = self._execute_arn(target, request.method, target.route_path)
            try:
                return {"iam": self._verify_iam(request, EXECUTE_API, arn).event()}
            except IamRefusedError as refusal:
                _LOG.warning("%s %s refused: %s", request.method, target.route_path, refusal)
                raise _RefusedError(*_FORBIDDEN) from refusal
        return None

    def _check_jwt(
        self, request: HttpRequest, route: Route, authorizer: JwtAuthorizer
    ) -> dict[str, Any]:
        try:
            claims = self._verifier.verify(
                identity(request, authorizer.identity_sources), authorizer
            )
        except MissingTokenError:
            raise _RefusedError(*_UNAUTHORIZED, (("www-authenticate", "Bearer"),)) from None
        except InvalidTokenError as error:
            challenge = _challenge(route, "invalid_token", error.description)
            raise _RefusedError(*_UNAUTHORIZED, challenge) from error
        granted = scopes_of(claims)
        if route.scopes and not set(route.scopes) & set(granted):
            challenge = _challenge(
                route, "insufficient_scope", "the token does not have a required scope"
            )
            raise _RefusedError(*_FORBIDDEN, challenge)
        scopes = [scope for scope in granted if scope in route.scopes]
        return {
            "claims": {name: claim_text(value) for name, value in claims.items()},
            "scopes": scopes if route.scopes else None,
        }

    def _may_invoke(self, target: _Target, route: Route, method: str) -> bool:
        if route.has_credentials:
            return True
        function = function_identity(route.function_arn)
        path = "/$default" if route.key.is_default else route.key.path
        source = self._execute_arn(target, method, path)
        return any(
            permission.function == function
            and (permission.source_arn is None or _arn_like(permission.source_arn).match(source))
            for permission in target.permissions
        )

    def _execute_arn(self, target: _Target, method: str, path: str) -> str:
        return (
            f"arn:aws:execute-api:{self._region}:{self._account_id}:"
            f"{target.api.api_id}/{target.stage.name}/{method}{path}"
        )


def _by_host(apis: Apis, domain: str, path: str) -> tuple[Api, Stage, str]:
    own = _EXECUTE_HOST.match(domain)
    if own is not None:
        api = apis.by_id.get(own.group(1))
        if api is None or api.endpoint_disabled:
            raise _RefusedError(*_FORBIDDEN)
        return _in_stage(api, path)
    segments = tuple(path[1:].split("/"))
    for mapping in apis.domains.get(domain, ()):
        if segments[: len(mapping.path)] == mapping.path:
            api = apis.by_id[mapping.api_id]
            return api, api.stages[mapping.stage], "/" + "/".join(segments[len(mapping.path) :])
    raise _RefusedError(*_FORBIDDEN)


def _in_stage(api: Api | None, path: str) -> tuple[Api, Stage, str]:
    if api is None:
        raise _RefusedError(*_FORBIDDEN)
    first, _, rest = path[1:].partition("/")
    named = api.stages.get(first)
    if named is not None and first != DEFAULT_STAGE:
        return api, named, f"/{rest}"
    if DEFAULT_STAGE not in api.stages:
        raise _RefusedError(*_NOT_FOUND)
    return api, api.stages[DEFAULT_STAGE], path


def _claims_of(authorizer: dict[str, Any] | None) -> dict[str, str]:
    """The verified claims by their `$context` names."""
    claims = (authorizer or {}).get("jwt", {}).get("claims", {})
    return {f"authorizer.claims.{name}": value for name, value in claims.items()}


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdigit()


def _challenge(route: Route, error: str, description: str) -> Headers:
    scopes = " ".join(route.scopes)
    value = f'Bearer scope="{scopes}" error="{error}" error_description="{description}"'
    return (("www-authenticate", value),)


@lru_cache(maxsize=1024)
def _arn_like(pattern: str) -> re.Pattern[str]:
    parts = [".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern]
    return re.compile(f"^{''.join(parts)}$")
