"""Conditional and range requests answered from a complete object (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from localcloud.wire import HttpRequest, HttpResponse

_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


def conditioned(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """What a complete 200 means for this request: itself, a 304, a part of it, or a 416."""
    if response.status != 200:
        return response
    if _is_unchanged(request, response):
        headers = tuple(
            (name, value)
            for name, value in response.headers
            if name not in ("content-length", "content-type", "content-encoding")
        )
        return HttpResponse(304, headers)
    wanted = request.header("range")
    if wanted is None or not _same_version(request, response):
        return response
    return _part(wanted, response)


def _is_unchanged(request: HttpRequest, response: HttpResponse) -> bool:
    etag = response.header("etag")
    if_none_match = request.header("if-none-match")
    if if_none_match is not None:
        given = {_weak(part) for part in if_none_match.split(",")}
        return etag is not None and ("*" in given or _weak(etag) in given)
    since = request.header("if-modified-since")
    modified = response.header("last-modified")
    if since is None or modified is None:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except ValueError:
        return False


def _weak(etag: str) -> str:
    return etag.strip().removeprefix("W/")


def _same_version(request: HttpRequest, response: HttpResponse) -> bool:
    validator = request.header("if-range")
    return validator is None or validator in (
        response.header("etag"),
        response.header("last-modified"),
    )


def _part(wanted: str, response: HttpResponse) -> HttpResponse:
    match = _RANGE.match(wanted.strip())
    if match is None or match.groups() == ("", ""):
        return response
    size = len(response.body)
    first, last = match.groups()
    if first == "":
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
    if start > end or start >= size:
        return HttpResponse(416, (*headers, ("content-range", f"bytes */{size}")))
    place = ("content-range", f"bytes {start}-{end}/{size}")
    return HttpResponse(206, (*headers, place), response.body[start : end + 1])
