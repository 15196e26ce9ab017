"""S3 at the endpoint: permissions per object, CORS by the bucket's rules, and who hears of objects.

Whoever asks was identified before. Objects themselves are moto's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from localcloud import cors, front_errors, moto_seams, s3_checksums
from localcloud.iam import s3_actions
from localcloud.iam.account import MotoAccount
from localcloud.iam.authorizer import Authorizer, NotAuthorizedError
from localcloud.iam.policy import Access
from localcloud.identities import Principal
from localcloud.moto_app import MotoApp
from localcloud.s3_checksums import S3Error
from localcloud.wire import HttpRequest, HttpResponse

ObjectCreated = Callable[[str, str, int, str, str], None]
"""(bucket, key, size in bytes, etag without quotes, event name such as `ObjectCreated:Put`)."""

ObjectRemoved = Callable[[str, str], None]
"""(bucket, key) of an object whose current version was deleted."""

_MISSING_HIDES = ("GetObject", "HeadObject", "GetObjectAttributes", "GetObjectTagging")


class S3Front:
    """Answers calls of S3."""

    def __init__(self, authorizer: Authorizer, resources: MotoAccount, moto: MotoApp) -> None:
        self._authorizer = authorizer
        self._resources = resources
        self._moto = moto
        self._created: list[ObjectCreated] = []
        self._removed: list[ObjectRemoved] = []

    def on_object_created(self, callback: ObjectCreated) -> None:
        """Call back once for each object stored, before the writer is answered."""
        self._created.append(callback)

    def on_object_removed(self, callback: ObjectRemoved) -> None:
        """Call back once for each object deleted, before the one who deletes is answered."""
        self._removed.append(callback)

    def answer(self, request: HttpRequest, principal: Principal, region: str) -> HttpResponse:
        """Answer a call whose caller is known; NotAuthorizedError or S3Error."""
        if request.method == "OPTIONS":
            return self._preflight(request)
        call = s3_actions.read(request)
        bucket = self._resources.bucket(call.bucket)
        if bucket is not None and bucket.region_name != region:
            raise S3Error(
                400,
                "AuthorizationHeaderMalformed",
                f"The authorization header is malformed; the region '{region}' is wrong; "
                f"expecting '{bucket.region_name}'",
                [("Region", bucket.region_name)],
            )
        if call.operation == "DeleteObjects" and not principal.is_admin:
            return self._delete_objects(principal, call, region)
        self._authorizer.check_s3(principal, call, region)
        call = s3_checksums.prepare(call, bucket)
        with moto_seams.recorded_object_events() as events:
            response = self._moto.call("s3", region, call.request)
        response = s3_checksums.finish(call, response, bucket)
        if response.status == 404 and call.operation in _MISSING_HIDES:
            # Whoever may not list a bucket does not learn what is not in it.
            self._check_may_know(principal, call, region)
        if response.status < 300:
            self._notify(events)
            self._tell_removed(call.bucket, _deleted(call))
        return response

    def _check_may_know(self, principal: Principal, call: s3_actions.S3Call, region: str) -> None:
        if self._resources.bucket(call.bucket) is None:
            return
        listing = Access("s3:ListBucket", call.bucket_arn, {"s3:prefix": call.key})
        self._authorizer.check_all(principal, [listing], call.request, region)

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

    def _tell_removed(self, bucket: str, keys: list[str]) -> None:
        for key in keys:
            for callback in self._removed:
                callback(bucket, key)

    def _delete_objects(
        self, principal: Principal, call: s3_actions.S3Call, region: str
    ) -> HttpResponse:
        """Each object of the list is allowed or refused by itself."""
        refused: list[tuple[str, str]] = []
        allowed: list[tuple[str, str | None]] = []
        for key, version in s3_actions.deleted_keys(call.request.body):
            action = "s3:DeleteObjectVersion" if version else "s3:DeleteObject"
            access = Access(action, f"{call.bucket_arn}/{key}")
            try:
                self._authorizer.check_all(principal, [access], call.request, region)
                allowed.append((key, version))
            except NotAuthorizedError as error:
                refused.append((key, error.denial.s3_message))
        body = s3_checksums.delete_body(allowed) if refused else call.request.body
        asked = replace(call.request, body=body)
        answer = self._moto.call("s3", region, asked) if allowed or not refused else None
        self._tell_removed(call.bucket, [key for key, version in allowed if not version])
        if not refused and answer is not None:
            return answer
        return s3_checksums.delete_result(answer, refused)

    def _rules(self, request: HttpRequest) -> tuple[cors.CorsRule, ...] | None:
        """The CORS rules of the addressed bucket; None when it does not exist or has none."""
        bucket = self._resources.bucket(s3_actions.address(request)[0])
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

    def with_cors(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """An answer, with what its bucket tells the page of another origin."""
        origin = request.header("origin")
        if origin is None or request.method == "OPTIONS":
            return response
        rules = self._rules(request) or ()
        granted = cors.response_headers(rules, origin, request.method)
        return replace(response, headers=(*response.headers, *granted)) if granted else response


def _deleted(call: s3_actions.S3Call) -> list[str]:
    """The keys whose current version a call deleted."""
    if call.operation == "DeleteObject":
        return [] if "versionId=" in call.request.query else [call.key]
    if call.operation == "DeleteObjects":
        pairs = s3_actions.deleted_keys(call.request.body)
        return [key for key, version in pairs if not version]
    return []
