"""Compression at the edge: which answers CloudFront compresses, and what that changes in them.

Source: "Serve compressed files" in the CloudFront developer guide. Brotli is not done: a viewer
that takes both gets gzip.
"""

from __future__ import annotations

import gzip
from dataclasses import replace

from localcloud.wire import HttpResponse

SMALLEST_BYTES = 1_000
LARGEST_BYTES = 10_000_000

_STATUSES = frozenset({200, 403, 404})

_TYPES = frozenset(
    {
        "application/dash+xml",
        "application/eot",
        "application/font",
        "application/font-sfnt",
        "application/javascript",
        "application/json",
        "application/opentype",
        "application/otf",
        "application/pdf",
        "application/pkcs7-mime",
        "application/protobuf",
        "application/rss+xml",
        "application/truetype",
        "application/ttf",
        "application/vnd.apple.mpegurl",
        "application/vnd.mapbox-vector-tile",
        "application/vnd.ms-fontobject",
        "application/wasm",
        "application/xhtml+xml",
        "application/xml",
        "application/x-font-opentype",
        "application/x-font-truetype",
        "application/x-font-ttf",
        "application/x-httpd-cgi",
        "application/x-javascript",
        "application/x-mpegurl",
        "application/x-opentype",
        "application/x-otf",
        "application/x-perl",
        "application/x-ttf",
        "font/eot",
        "font/opentype",
        "font/otf",
        "font/ttf",
        "image/svg+xml",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
        "text/js",
        "text/plain",
        "text/richtext",
        "text/tab-separated-values",
        "text/x-component",
        "text/x-java-source",
        "text/x-script",
        "text/xml",
        "vnd.apple.mpegurl",
    }
)

_LEVEL = 5
"""Between speed and size; CloudFront does not say which it uses."""


def compressed(response: HttpResponse, accepted: str) -> HttpResponse:
    """The answer in a coding that the viewer takes (`br,gzip`, normalized), or as it is."""
    if "gzip" not in accepted.split(",") or not _is_compressible(response):
        return response
    headers = [pair for pair in response.headers if pair[0] not in ("etag", "accept-ranges")]
    etag = response.header("etag")
    if etag is not None:
        headers.append(("etag", etag if etag.startswith("W/") else f"W/{etag}"))
    headers += [("content-encoding", "gzip"), ("vary", "Accept-Encoding")]
    body = gzip.compress(response.body, _LEVEL, mtime=0)
    return replace(response, headers=tuple(headers), body=body)


def _is_compressible(response: HttpResponse) -> bool:
    content_type = (response.header("content-type") or "").partition(";")[0].strip().lower()
    return (
        response.status in _STATUSES
        and content_type in _TYPES
        and SMALLEST_BYTES <= len(response.body) <= LARGEST_BYTES
        and response.header("content-encoding") is None
        and "no-transform" not in (response.header("cache-control") or "")
    )
