"""What an origin is asked: headers, cookies and query that the policies let through, no more.

Source: "Policies that control requests to the origin" and the request header tables in the
CloudFront developer guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from localcloud.edge import refusals
from localcloud.edge.distribution import Behaviour, Origin
from localcloud.edge.signatures import cookies_of, without_signature
from localcloud.wire import HttpRequest, HttpResponse

CONDITIONAL = ("if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since")
"""With Range, these reach every origin whatever the policies say."""

_NEVER_FORWARDED = frozenset(
    {"connection", "expect", "keep-alive", "proxy-authorization", "proxy-connection", "te",
     "trailer", "transfer-encoding", "upgrade", "accept-encoding", "content-length", "cookie",
     "via", "x-forwarded-for", "x-forwarded-proto", "x-real-ip"}
)  # fmt: skip

_WITH_BODY = frozenset({"DELETE", "PATCH", "POST", "PUT"})

_HOP_BY_HOP = frozenset(
    {"connection", "content-length", "date", "keep-alive", "proxy-authenticate", "te", "trailer",
     "transfer-encoding", "upgrade"}
)  # fmt: skip


class ReadObject(Protocol):
    """Reads an object as CloudFront's service principal, the bucket's policy deciding."""

    def __call__(
        self, bucket: str, key: str, headers: Mapping[str, str], source_arn: str
    ) -> HttpResponse:
        """S3's answer to a GET with `range` and conditional headers, errors in S3's XML.

        `source_arn` is the distribution's, or "" for an anonymous read.
        """


class Dispatch(Protocol):
    """Answers requests by their Host: the gateway."""

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The answer."""


@dataclass(frozen=True)
class Viewer:
    """What CloudFront knows of a viewer and tells an origin that asks."""

    country: str | None


def cloudfront_headers(
    request: HttpRequest, viewer: Viewer, wanted: Callable[[str], bool]
) -> list[tuple[str, str]]:
    """The `cloudfront-*` headers that policies ask for; what is not known is left out."""
    agent = (request.header("user-agent") or "").lower()
    tablet = "ipad" in agent or ("android" in agent and "mobile" not in agent)
    television = any(word in agent for word in ("smart-tv", "smarttv", "tizen", "web0s", "crkey"))
    mobile = not tablet and not television and "mobi" in agent
    known = {
        "cloudfront-forwarded-proto": request.scheme,
        "cloudfront-is-android-viewer": _flag("android" in agent),
        "cloudfront-is-desktop-viewer": _flag(not (tablet or television or mobile)),
        "cloudfront-is-ios-viewer": _flag("iphone" in agent or "ipad" in agent),
        "cloudfront-is-mobile-viewer": _flag(mobile),
        "cloudfront-is-smarttv-viewer": _flag(television),
        "cloudfront-is-tablet-viewer": _flag(tablet),
        "cloudfront-viewer-address": f"{request.source_ip}:{request.source_port}",
        "cloudfront-viewer-country": viewer.country,
        "cloudfront-viewer-http-version": "1.1",
    }
    return [(name, value) for name, value in known.items() if value is not None and wanted(name)]


def _flag(value: bool) -> str:  # noqa: FBT001 - the value that is spelled
    return "true" if value else "false"


def asks_for(behaviour: Behaviour) -> Callable[[str], bool]:
    """Whether a behaviour's policies name a `cloudfront-*` header."""
    names = behaviour.cache.headers.names | behaviour.origin_request.cloudfront_headers
    return lambda name: name in names


def origin_request(request: HttpRequest, behaviour: Behaviour, origin: Origin) -> HttpRequest:
    """The request as a custom origin sees it. `cloudfront-*` headers are already in it."""
    headers = [pair for pair in request.headers if _reaches(pair[0], request.method, behaviour)]
    names = {name for name, _ in headers}
    if "user-agent" not in names:
        headers.append(("user-agent", "Amazon CloudFront"))
    cookies = [pair for pair in cookies_of(request) if _cookie_reaches(pair[0], behaviour)]
    if cookies:
        headers.append(("cookie", "; ".join(f"{name}={value}" for name, value in cookies)))
    encodings = accepted_encodings(request, behaviour)
    if encodings:
        headers.append(("accept-encoding", encodings))
    forwarded = request.header("x-forwarded-for")
    headers.append(
        ("x-forwarded-for", f"{forwarded}, {request.source_ip}" if forwarded else request.source_ip)
    )
    headers.append(("x-amz-cf-id", refusals.request_id()))
    headers.append(("via", via()))
    custom = dict(origin.custom_headers)
    headers = [pair for pair in headers if pair[0] not in custom] + list(custom.items())
    host = request.host if "host" in names else origin.host
    return HttpRequest(
        method=request.method,
        path=origin.path + request.path,
        query=forwarded_query(request.query, behaviour),
        headers=(("host", host), *(pair for pair in headers if pair[0] != "host")),
        body=request.body,
        source_ip="127.0.0.1",
        scheme=origin.scheme,
        host=host,
    )


def _reaches(name: str, method: str, behaviour: Behaviour) -> bool:
    if name in _NEVER_FORWARDED:
        return False
    if name == "range" or name in CONDITIONAL:
        return True
    if name.startswith("cloudfront-"):
        return asks_for(behaviour)(name)
    if method in _WITH_BODY and name in ("authorization", "content-type"):
        return True
    return behaviour.cache.headers.includes(name) or behaviour.origin_request.headers.includes(name)


def _cookie_reaches(name: str, behaviour: Behaviour) -> bool:
    return behaviour.cache.cookies.includes(name) or behaviour.origin_request.cookies.includes(name)


def forwarded_query(query: str, behaviour: Behaviour) -> str:
    """The part of a query that the origin sees."""
    return select_query(
        query,
        lambda name: (
            behaviour.cache.query.includes(name) or behaviour.origin_request.query.includes(name)
        ),
        signed=behaviour.keys is not None,
    )


def select_query(query: str, wanted: Callable[[str], bool], *, signed: bool) -> str:
    """The parameters that are wanted, in order, without a signature's own where one is checked."""
    rest = without_signature(query) if signed else query
    return "&".join(part for part in rest.split("&") if part and wanted(part.partition("=")[0]))


def accepted_encodings(request: HttpRequest, behaviour: Behaviour) -> str:
    """`Accept-Encoding` normalized as CloudFront does: `br,gzip`, `br`, `gzip` or nothing."""
    given = request.header("accept-encoding") or ""
    accepted = {part.split(";")[0].strip() for part in given.lower().split(",")}
    supported = [("br", behaviour.cache.brotli), ("gzip", behaviour.cache.gzip)]
    return ",".join(name for name, wanted in supported if wanted and name in accepted)


def via() -> str:
    """The `via` of this edge."""
    return "1.1 local.cloudfront.net (CloudFront)"


def fetch(
    request: HttpRequest,
    behaviour: Behaviour,
    origin: Origin,
    *,
    extra: Iterable[tuple[str, str]],
    read_object: ReadObject,
    gateway: Dispatch,
    source_arn: str,
) -> HttpResponse:
    """The origin's answer. `extra` are conditional headers of the cache's own."""
    if origin.bucket is not None:
        response = _read(request, origin, origin.bucket, dict(extra), read_object, source_arn)
    else:
        asked = origin_request(request, behaviour, origin)
        if extra:
            headers = (*asked.headers, *extra)
            asked = HttpRequest(
                asked.method, asked.path, asked.query, headers, asked.body, asked.source_ip,
                asked.scheme, asked.host,
            )  # fmt: skip
        response = gateway.handle(asked)
    headers = tuple(
        (name.lower(), value) for name, value in response.headers if name.lower() not in _HOP_BY_HOP
    )
    return HttpResponse(response.status, headers, response.body)


def _read(
    request: HttpRequest,
    origin: Origin,
    bucket: str,
    extra: Mapping[str, str],
    read_object: ReadObject,
    source_arn: str,
) -> HttpResponse:
    key = unquote(origin.path + request.path)[1:]
    if request.method not in ("GET", "HEAD") or {".", ".."} & set(key.split("/")):
        return access_denied()
    asked = {
        name: value for name, value in request.headers if name == "range" or name in CONDITIONAL
    }
    return read_object(bucket, key, {**asked, **extra}, source_arn if origin.signed else "")


def access_denied() -> HttpResponse:
    """S3's refusal of what CloudFront's principal may not do."""
    body = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    )
    headers = (("server", "AmazonS3"), ("content-type", "application/xml"))
    return HttpResponse(403, headers, body)
