"""Calls moto in this process: a request that was already judged, as WSGI, and its answer."""

from __future__ import annotations

import io
import threading
from typing import Any
from urllib.parse import unquote_to_bytes

from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, environ_key_for_header
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from localcloud.iam.s3_actions import address
from localcloud.wire import HttpRequest, HttpResponse

_SIGNATURE_HEADERS = {
    # Moto is told region and account by headers made here, and never sees what it might
    # answer CORS to, nor the browser's idea of a region.
    "authorization",
    "origin",
    "user-agent",
    "expect",
    "content-length",
    "transfer-encoding",
    "x-amz-content-sha256",
    "x-amz-security-token",
    "x-amz-decoded-content-length",
    "x-amz-trailer",
    "x-moto-account-id",
    "host",
}
_SIGNATURE_QUERY = (
    "X-Amz-Algorithm=",
    "X-Amz-Credential=",
    "X-Amz-Date=",
    "X-Amz-Expires=",
    "X-Amz-SignedHeaders=",
    "X-Amz-Security-Token=",
    "X-Amz-Signature=",
    "X-Amz-Content-Sha256=",
)


class MotoApp:
    """Moto's own server application without its socket."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._dispatcher = DomainDispatcherApplication(create_backend_app)
        self._apps: dict[str, Any] = {}
        self._lock = threading.Lock()
        self.address = "127.0.0.1"
        """Host and port that moto puts in addresses it answers (queue URLs)."""

    def call(self, service: str, region: str, request: HttpRequest) -> HttpResponse:
        """Moto's answer; whatever moto raises passes through."""
        environ = self._environ(service, region, request)
        application = self._application(environ)
        answer: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _error: object = None
        ) -> None:
            answer.append((int(status.split(" ", 1)[0]), headers))

        chunks = application(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        status, headers = answer[-1]
        kept = tuple(
            (name, value)
            for name, value in headers
            if not name.lower().startswith("access-control-")
            and name.lower() not in ("status", "connection")
        )
        return HttpResponse(status, kept, body)

    def _application(self, environ: dict[str, Any]) -> Any:
        host = self._dispatcher.infer_service_region_host(environ, environ["PATH_INFO"])
        found = self._apps.get(host or "")
        if found is None:
            with self._lock:
                backend = self._dispatcher.get_backend_for_host(host)
                if backend is None:
                    raise NotImplementedError(f"moto has no service at {host}")
                found = create_backend_app(backend)
                self._apps[host or ""] = found
        return found

    def _environ(self, service: str, region: str, request: HttpRequest) -> dict[str, Any]:
        path = request.path or "/"
        if service == "s3":
            # Moto is only asked in path style, whatever the client chose.
            bucket, key = address(request)
            path = f"/{bucket}/{key}" if key else f"/{bucket}"
        query = "&".join(
            part for part in request.query.split("&") if not part.startswith(_SIGNATURE_QUERY)
        )
        host, _, port = self.address.partition(":")
        scope = f"{_ACCESS_KEY}/20200101/{region}/{service}/aws4_request"
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "RAW_URI": path + (f"?{query}" if query else ""),
            "QUERY_STRING": query,
            "SERVER_NAME": host,
            "SERVER_PORT": port or "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": request.source_ip,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(request.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_HOST": self.address,
            "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host",
            "HTTP_X_MOTO_ACCOUNT_ID": self._account,
        }
        preserved: dict[str, str] = {}
        for name, value in request.headers:
            if name in _SIGNATURE_HEADERS:
                continue
            if name == "content-type" and service == "s3" and value.startswith(_FORMS):
                # Moto would read the object as a form; it stores S3's default type instead.
                continue
            if name == "content-encoding" and service == "s3":
                value = _without_chunked(value)
                if not value:
                    continue
            key = environ_key_for_header(name)
            if "_" in name and name.startswith("x-amz-meta-"):
                preserved[key] = name
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = preserved
        return environ


_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
"""What curl and urllib say of any body."""

_ACCESS_KEY = "AKIALOCALCLOUDINSIDE"
"""Only its form matters: the caller was already identified."""


def _without_chunked(encoding: str) -> str:
    kept = [part.strip() for part in encoding.split(",")]
    return ",".join(part for part in kept if part and part != "aws-chunked")
