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

from localcloud import front_errors, moto_seams, sigv4, sts
from localcloud.front_s3 import ObjectCreated, ObjectRemoved, S3Front
from localcloud.http_server import HttpServer
from localcloud.iam import operations
from localcloud.iam.account import MotoAccount
from localcloud.iam.actions import UnmappedActionError
from localcloud.iam.authorizer import Authorizer, NotAuthorizedError
from localcloud.iam.conditions import PolicyError
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
        self._s3 = S3Front(self.authorizer, self.resources, self._moto)
        self._services: dict[str, ServiceHandler] = {}
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
        self._s3.on_object_created(callback)

    def on_object_removed(self, callback: ObjectRemoved) -> None:
        """Call back once for each object that S3 deleted, before its deleter is answered."""
        self._s3.on_object_removed(callback)

    def on_execution_change(self, callback: Callable[[moto_seams.ExecutionChange], None]) -> None:
        """Call back for each execution of a workflow that begins or ends."""
        moto_seams.execution_listeners.listen(callback)

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
            return self._s3.with_cors(request, refused) if service == "s3" else refused
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
        # A browser asks before it sends, and signs no question; S3 reads no signature in one.
        if service == "s3" and (request.method == "OPTIONS" or _unsigned(request)):
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
                response = self._s3.answer(judged.request, judged.principal, judged.region)
                return self._s3.with_cors(judged.request, response)
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
        return self._s3.with_cors(judged.request, response) if service == "s3" else response

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
