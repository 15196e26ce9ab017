"""The one AWS endpoint of the local cloud: who calls, may they, and then who answers.

Every request is verified (`sigv4`), judged (`iam`) and only then answered, by a registered
service or by moto in this process. Nothing reaches moto without both.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config

from localcloud import cors, front_errors, moto_seams, s3_checksums, sigv4, sts
from localcloud.http_server import HttpServer
from localcloud.iam import operations, s3_actions
from localcloud.iam.account import MotoAccount
from localcloud.iam.actions import UnmappedActionError
from localcloud.iam.authorizer import Authorizer, NotAuthorizedError
from localcloud.iam.conditions import PolicyError
from localcloud.iam.policy import Access
from localcloud.identities import Credentials, Identities, Principal
from localcloud.moto_app import MotoApp
from localcloud.s3_checksums import S3Error
from localcloud.wire import HttpRequest, HttpResponse

ACCOUNT = "123456789012"
REGION = "eu-west-1"
GLOBAL_REGION = "us-east-1"
"""Where IAM, CloudFront and the edge's certificates are signed for."""
STATE_INPUT_BYTES = 256 * 1024
"""Step Functions' limit for an execution's input."""
WORKFLOW_SESSION = timedelta(hours=1)

ServiceHandler = Callable[[HttpRequest, Principal], HttpResponse | None]
"""Answers a request that was verified and allowed, or None to let moto answer."""

ObjectCreated = Callable[[str, str, int, str, str], None]
"""(bucket, key, size in bytes, etag without quotes, event name such as `ObjectCreated:Put`)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Judged:
    """A request with its caller, on its way to an answer."""

    request: HttpRequest
    principal: Principal
    service: str
    region: str


class Front:
    """The endpoint. Works in process by `handle`, and on a port after `listen`."""

    def __init__(
        self,
        account: str = ACCOUNT,
        region: str = REGION,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.account = account
        self.region = region
        self.resources = MotoAccount(account, region)
        self.identities = Identities(account, self.resources.role, clock)
        self.authorizer = Authorizer(self.resources, clock)
        self._clock = clock
        self._regions = frozenset({region, GLOBAL_REGION})
        self._moto = MotoApp(account)
        self._services: dict[str, ServiceHandler] = {}
        self._created: list[ObjectCreated] = []
        self._server: HttpServer | None = None
        self._session: Any = boto3.Session()
        self._session_lock = threading.Lock()
        self._sts = sts.Sts(self.identities, self.authorizer)
        moto_seams.install("", self.credentials_for_workflow)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`; RuntimeError before `listen`."""
        if self._server is None:
            raise RuntimeError("the front does not listen yet")
        return self._server.url

    def listen(self, port: int = 0) -> str:
        """Serve on a loopback port (0: any) and answer the URL."""
        self._server = HttpServer(self.handle, port)
        self._moto.address = self.url.removeprefix("http://")
        moto_seams.install(self.url, self.credentials_for_workflow)
        return self.url

    def stop(self) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def register(self, service: str, handler: ServiceHandler) -> None:
        """Let a handler answer a service (by signing name) before moto is asked."""
        self._services[service] = handler

    def on_object_created(self, callback: ObjectCreated) -> None:
        """Call back once for each object that S3 stored, before the writer is answered."""
        self._created.append(callback)

    def credentials_for_workflow(self, role_arn: str) -> Credentials:
        """A session of a state machine's role; its trust policy must admit Step Functions."""
        return self.identities.assume(
            role_arn, _workflow_session_name(), WORKFLOW_SESSION, service="states.amazonaws.com"
        )

    def client(
        self,
        service: str,
        credentials: Credentials | None = None,
        *,
        region: str | None = None,
        **settings: Any,
    ) -> Any:
        """A boto3 client of this front, the administrator's unless told otherwise.

        `settings` go to `botocore.config.Config`.
        """
        held = credentials or self.identities.admin()
        # Clients may be used from any thread, but the session that makes them may not.
        with self._session_lock:
            return self._session.client(
                service,
                region_name=region or self.region,
                endpoint_url=self.url,
                aws_access_key_id=held.access_key_id,
                aws_secret_access_key=held.secret_access_key,
                aws_session_token=held.session_token,
                config=Config(
                    **{
                        "signature_version": "s3v4" if service == "s3" else "v4",
                        "retries": {"total_max_attempts": 1},
                        "max_pool_connections": 50,
                        **settings,
                    }
                ),
            )

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer a request as it came from outside: verified, judged, answered."""
        service = sigv4.claimed_service(request) or _service_of_unsigned(request)
        protocol = operations.protocol(service, request)
        try:
            judged = self._identify(request, service)
        except sigv4.SignatureError as error:
            log.info("%s %s: %s", request.method, request.path, error)
            refused = front_errors.signature(protocol, service, error)
            return self._with_cors(request, refused) if service == "s3" else refused
        return self._answer(judged)

    def handle_as(
        self,
        request: HttpRequest,
        principal: Principal,
        *,
        service: str = "s3",
        region: str | None = None,
    ) -> HttpResponse:
        """Answer a call made inside this process by a known principal, judged all the same."""
        return self._answer(_Judged(request, principal, service, region or self.region))

    def _identify(self, request: HttpRequest, service: str) -> _Judged:
        if service == "s3" and _unsigned(request):
            return _Judged(request, self.identities.anonymous, service, self.region)
        caller = sigv4.verify(
            request,
            secret_for=self.identities.secret_for,
            now=self._clock(),
            regions=self._regions,
        )
        principal = self.identities.principal(caller.access_key_id)
        if principal is None:
            raise sigv4.UnknownAccessKeyError(caller.access_key_id)
        if caller.body is not request.body or caller.trailers:
            request = replace(
                request, body=caller.body, headers=(*request.headers, *caller.trailers)
            )
        return _Judged(request, principal, caller.service, caller.region)

    def _answer(self, judged: _Judged) -> HttpResponse:
        protocol = operations.protocol(judged.service, judged.request)
        service = judged.service
        try:
            if service == "s3":
                response = self._s3(judged)
                return self._with_cors(judged.request, response)
            return self._operation(judged)
        except NotAuthorizedError as error:
            log.warning("%s", error)
            response = front_errors.denied(protocol, service, error.denial)
        except S3Error as error:
            response = front_errors.s3(error.status, error.code, error.message, error.fields)
        except (UnmappedActionError, operations.UnknownOperationError) as error:
            log.error("unmapped action %s asked by %s", error, judged.principal.arn)
            response = front_errors.unmapped(protocol, service, str(error))
        except PolicyError as error:
            log.error("a policy cannot be evaluated: %s", error)
            response = front_errors.render(protocol, service, 501, "PolicyNotEvaluated", str(error))
        except NotImplementedError as error:
            log.error("moto lacks %s %s: %s", service, judged.request.path, error)
            response = front_errors.render(
                protocol, service, 501, "NotImplementedException", str(error)
            )
        except Exception as error:  # the process edge: whatever moto raised is an answer
            log.exception("%s %s failed", service, judged.request.path)
            response = front_errors.render(protocol, service, 500, "InternalError", repr(error))
        return self._with_cors(judged.request, response) if service == "s3" else response

    def _operation(self, judged: _Judged) -> HttpResponse:
        request, service = judged.request, judged.service
        try:
            operation = operations.identify(service, request, request.body)
        except operations.UnknownOperationError:
            # Provisioning uses many services that no role calls.
            if not judged.principal.is_admin:
                raise
            operation = operations.Operation(service, "")
        self.authorizer.check_operation(judged.principal, operation, judged.region, request)
        if service == "sts":
            return self._sts.handle(operation, request, judged.principal)
        handler = self._services.get(service)
        if handler is not None:
            response = handler(request, judged.principal)
            if response is not None:
                return response
        if service == "states" and operation.name in ("StartExecution", "StartSyncExecution"):
            return self._start_execution(judged, operation)
        return self._moto.call(service, judged.region, request)

    def _start_execution(self, judged: _Judged, operation: operations.Operation) -> HttpResponse:
        """As moto, with the name that AWS would make up and the limit it would enforce."""
        size = len(str(operation.parameters.get("input", "")).encode())
        if size > STATE_INPUT_BYTES:
            return front_errors.render(
                operations.JSON,
                "states",
                400,
                "ValidationException",
                "1 validation error detected: Value at 'input' failed to satisfy constraint: "
                f"Member must have length less than or equal to {STATE_INPUT_BYTES}",
            )
        request = judged.request
        if not operation.parameters.get("name"):
            request = replace(request, body=_named_execution(operation.parameters))
        return self._moto.call("states", judged.region, request)

    def _s3(self, judged: _Judged) -> HttpResponse:
        if judged.request.method == "OPTIONS":
            return self._preflight(judged.request)
        call = s3_actions.read(judged.request)
        bucket = self.resources.bucket(call.bucket)
        if bucket is not None and bucket.region_name != judged.region:
            raise S3Error(
                400,
                "AuthorizationHeaderMalformed",
                f"The authorization header is malformed; the region '{judged.region}' is wrong; "
                f"expecting '{bucket.region_name}'",
                [("Region", bucket.region_name)],
            )
        if call.operation == "DeleteObjects" and not judged.principal.is_admin:
            return self._delete_objects(judged, call)
        self.authorizer.check_s3(judged.principal, call, judged.region)
        call = s3_checksums.prepare(call, bucket)
        with moto_seams.recorded_object_events() as events:
            response = self._moto.call("s3", judged.region, call.request)
        response = s3_checksums.finish(call, response, bucket)
        if response.status == 404 and call.operation in _MISSING_HIDES:
            # Whoever may not list a bucket does not learn what is not in it.
            self._check_may_know(judged, call)
        if response.status < 300:
            self._notify(events)
        return response

    def _check_may_know(self, judged: _Judged, call: s3_actions.S3Call) -> None:
        if self.resources.bucket(call.bucket) is None:
            return
        listing = Access("s3:ListBucket", call.bucket_arn, {"s3:prefix": call.key})
        self.authorizer.check_all(judged.principal, [listing], judged.request, judged.region)

    def _notify(self, events: list[moto_seams.ObjectEvent]) -> None:
        created = [event for event in events if event.name.startswith("s3:ObjectCreated:")]
        if not created:
            return
        # Moto tells of a completed upload twice; the last one names it rightly.
        event = created[-1]
        for callback in self._created:
            callback(
                event.bucket, event.key, event.size, event.etag, event.name.removeprefix("s3:")
            )

    def _delete_objects(self, judged: _Judged, call: s3_actions.S3Call) -> HttpResponse:
        """Each object of the list is allowed or refused by itself."""
        refused: list[tuple[str, str]] = []
        allowed: list[tuple[str, str | None]] = []
        for key, version in s3_actions.deleted_keys(judged.request.body):
            action = "s3:DeleteObjectVersion" if version else "s3:DeleteObject"
            access = Access(action, f"{call.bucket_arn}/{key}")
            try:
                self.authorizer.check_all(judged.principal, [access], judged.request, judged.region)
                allowed.append((key, version))
            except NotAuthorizedError as error:
                refused.append((key, error.denial.s3_message))
        if not refused:
            return self._moto.call("s3", judged.region, judged.request)
        return s3_checksums.delete_result(
            self._moto.call(
                "s3",
                judged.region,
                replace(judged.request, body=s3_checksums.delete_body(allowed)),
            )
            if allowed
            else None,
            refused,
        )

    def _rules(self, request: HttpRequest) -> tuple[cors.CorsRule, ...] | None:
        """The CORS rules of the addressed bucket; None when it does not exist or has none."""
        bucket = self.resources.bucket(s3_actions.address(request)[0])
        if bucket is None or not bucket.cors:
            return None
        return tuple(
            cors.CorsRule(
                origins=tuple(rule.allowed_origins or ()),
                methods=tuple(rule.allowed_methods or ()),
                headers=tuple(rule.allowed_headers or ()),
                exposed=tuple(rule.exposed_headers or ()),
                max_age_seconds=int(rule.max_age_seconds) if rule.max_age_seconds else None,
            )
            for rule in bucket.cors
        )

    def _preflight(self, request: HttpRequest) -> HttpResponse:
        origin = request.header("origin")
        method = request.header("access-control-request-method")
        if origin is None or method is None:
            missing = "Origin" if origin is None else "Access-Control-Request-Method"
            return front_errors.s3(
                400,
                "BadRequest",
                f"Insufficient information. {missing} request header needed.",
            )
        rules = self._rules(request)
        requested = cors.requested_headers(request.header("access-control-request-headers"))
        granted = cors.preflight(rules or (), origin, method, requested)
        if granted is not None:
            return HttpResponse(200, granted)
        kind = "OBJECT" if s3_actions.address(request)[1] else "BUCKET"
        message = cors.NOT_ENABLED if rules is None else cors.NOT_ALLOWED
        fields = [("Method", method), ("ResourceType", kind)]
        return front_errors.s3(403, "AccessForbidden", message, fields)

    def _with_cors(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        origin = request.header("origin")
        if origin is None or request.method == "OPTIONS":
            return response
        rules = self._rules(request) or ()
        granted = cors.response_headers(rules, origin, request.method)
        return replace(response, headers=(*response.headers, *granted)) if granted else response


_MISSING_HIDES = ("GetObject", "HeadObject", "GetObjectAttributes", "GetObjectTagging")

_FORM = re.compile(rb"(?:^|&)Action=")


def _unsigned(request: HttpRequest) -> bool:
    return request.header("authorization") is None and not sigv4.is_presigned(request)


def _service_of_unsigned(request: HttpRequest) -> str:
    """Whose form a refusal takes when nothing names a service: S3's for plain addresses."""
    target = request.header("x-amz-target")
    if target:
        return _SERVICE_OF_TARGET.get(target.split("_")[0].split(".")[0], "unknown")
    if request.method == "POST" and _FORM.search(request.body[:4096]):
        return "unknown"
    return "s3"


_SERVICE_OF_TARGET = {
    "DynamoDB": "dynamodb",
    "DynamoDBStreams": "dynamodb",
    "TrentService": "kms",
    "AmazonSQS": "sqs",
}


def _workflow_session_name() -> str:
    return secrets.token_hex(16)


def _named_execution(parameters: Mapping[str, Any]) -> bytes:
    return json.dumps({**parameters, "name": str(uuid.uuid4())}).encode()
