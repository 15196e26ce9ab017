"""The Security Token Service: who am I, and sessions of roles."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from xml.sax.saxutils import escape

from localcloud import front_errors
from localcloud.iam.authorizer import Authorizer
from localcloud.iam.operations import QUERY, Operation
from localcloud.identities import (
    Credentials,
    Identities,
    Principal,
    TrustRefusedError,
    UnknownRoleError,
)
from localcloud.wire import HttpRequest, HttpResponse

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
DEFAULT_SECONDS = 3600
SHORTEST_SECONDS = 900
LONGEST_SECONDS = 43200

_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")


class Sts:
    """Answers GetCallerIdentity and AssumeRole."""

    def __init__(self, identities: Identities, authorizer: Authorizer) -> None:
        self._identities = identities
        self._authorizer = authorizer

    def handle(
        self,
        operation: Operation,
        request: HttpRequest,  # noqa: ARG002 - the form every handler has
        principal: Principal,
    ) -> HttpResponse:
        """Answer an operation whose caller was already judged."""
        if operation.name == "GetCallerIdentity":
            return _answer("GetCallerIdentity", _identity(principal))
        if operation.name == "AssumeRole":
            return self._assume_role(operation, principal)
        return front_errors.unmapped(QUERY, "sts", f"sts:{operation.name}")

    def _assume_role(self, operation: Operation, principal: Principal) -> HttpResponse:
        role_arn = str(operation.parameters.get("RoleArn", ""))
        session = str(operation.parameters.get("RoleSessionName", ""))
        seconds = str(operation.parameters.get("DurationSeconds", DEFAULT_SECONDS))
        if "Policy" in operation.parameters or "PolicyArns.member.1.arn" in operation.parameters:
            return front_errors.unmapped(QUERY, "sts", "sts:AssumeRole with a session policy")
        if not _SESSION_NAME.fullmatch(session):
            return _invalid("roleSessionName", session, "Member must satisfy [\\w+=,.@-]{2,64}")
        if not seconds.isdigit() or not SHORTEST_SECONDS <= int(seconds) <= LONGEST_SECONDS:
            return _invalid(
                "durationSeconds", seconds, f"Member must have value from {SHORTEST_SECONDS}"
            )
        try:
            credentials = self._identities.assume(
                role_arn, session, timedelta(seconds=int(seconds)), by=principal
            )
        except (UnknownRoleError, TrustRefusedError):
            # AWS does not say which of the two it was.
            message = (
                f"User: {principal.arn} is not authorized to perform: sts:AssumeRole on "
                f"resource: {role_arn}"
            )
            return front_errors.render(QUERY, "sts", 403, "AccessDenied", message)
        assumed = self._identities.principal(credentials.access_key_id)
        assert assumed is not None
        return _answer("AssumeRole", _assumed(credentials, assumed))


def _identity(principal: Principal) -> str:
    return (
        f"<Arn>{escape(principal.arn)}</Arn><UserId>{escape(principal.user_id)}</UserId>"
        f"<Account>{principal.account}</Account>"
    )


def _assumed(credentials: Credentials, principal: Principal) -> str:
    expiration = credentials.expiration
    assert expiration is not None
    return (
        f"<AssumedRoleUser><AssumedRoleId>{escape(principal.user_id)}</AssumedRoleId>"
        f"<Arn>{escape(principal.arn)}</Arn></AssumedRoleUser>"
        f"<Credentials><AccessKeyId>{credentials.access_key_id}</AccessKeyId>"
        f"<SecretAccessKey>{escape(credentials.secret_access_key)}</SecretAccessKey>"
        f"<SessionToken>{escape(credentials.session_token or '')}</SessionToken>"
        f"<Expiration>{expiration.strftime('%Y-%m-%dT%H:%M:%SZ')}</Expiration></Credentials>"
    )


def _answer(operation: str, inside: str) -> HttpResponse:
    request_id = str(uuid.uuid4())
    body = (
        f'<{operation}Response xmlns="{NAMESPACE}"><{operation}Result>{inside}'
        f"</{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId>"
        f"</ResponseMetadata></{operation}Response>"
    )
    headers = (("content-type", "text/xml"), ("x-amzn-requestid", request_id))
    return HttpResponse(200, headers, body.encode())


def _invalid(name: str, value: str, constraint: str) -> HttpResponse:
    message = (
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy "
        f"constraint: {constraint}"
    )
    return front_errors.render(QUERY, "sts", 400, "ValidationError", message)
