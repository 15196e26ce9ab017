"""Vendors' licence servers on the loopback: as strict as a vendor, and faulty on demand.

Each checks the whole request by its own reading of the protocol, not by the code under test.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.etree import ElementTree as ET

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

WIDEVINE = {"signer": "marquee", "key": "11" * 32, "iv": "22" * 16}
FAIRPLAY = {"authorization": "Bearer of our name"}
PLAYREADY = {"header": "X-Custom-Data", "signing_key": "33" * 32, "wrapping_key": "44" * 32}

CHALLENGE = bytes.fromhex("0801") + b"\x12\x05hello" + b"\x1a\x03sig"
"""A SignedMessage: type LICENSE_REQUEST, a message and its signature."""

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PROTOCOLS = "http://schemas.microsoft.com/DRM/2007/03/protocols"


def soap(inner: str) -> bytes:
    """A SOAP envelope around one element."""
    return (
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>{inner}</soap:Body></soap:Envelope>'
    ).encode()


ACQUIRE = soap(f'<AcquireLicense xmlns="{PROTOCOLS}"><challenge/></AcquireLicense>')
ACQUIRED = soap(f'<AcquireLicenseResponse xmlns="{PROTOCOLS}"/>')
FAULT = soap("<soap:Fault><faultcode>soap:Server</faultcode></soap:Fault>")


def spc(payload: bytes = b"p" * 32, *, version: int = 2) -> bytes:
    """An SPC's container."""
    header = version.to_bytes(4, "big") + bytes(4) + b"i" * 16 + b"k" * 128 + b"h" * 20
    return header + len(payload).to_bytes(4, "big") + payload


def ckc(payload: bytes = b"c" * 48) -> bytes:
    """A CKC's container."""
    return bytes([0, 0, 0, 1]) + bytes(4) + b"i" * 16 + len(payload).to_bytes(4, "big") + payload


def widevine_request(request_type: int) -> bytes:
    """A SignedMessage whose LicenseRequest is new (1), renews (2) or releases (3)."""
    inner = bytes([0x18, request_type])
    return bytes.fromhex("0801") + bytes([0x12, len(inner)]) + inner + b"\x1a\x03sig"


@dataclass(frozen=True)
class Stored:
    """A licence that a device stores, and what the device holds it to."""

    to_begin: int
    """Seconds from its issue."""
    to_watch: int
    """Seconds from the first play."""
    at_most: int | None
    """Seconds from its issue, whatever happens; None where the system knows no such bound."""

    def plays(self, at: float, first: float) -> bool:
        """Whether it opens the film so many seconds after its issue, begun at `first`."""
        within = self.at_most is None or at < self.at_most
        return first < self.to_begin and at < first + self.to_watch and within


@dataclass
class Reply:
    """What a server says instead of doing its work."""

    status: int = 200
    body: bytes = b""
    stall: threading.Event | None = None
    """Waited for before the body is sent."""
    cut: bool = False
    """Whether the body breaks off before the length that was promised."""


@dataclass
class LicenceServer:
    """One vendor's server: what it was asked, and what it is told to say instead."""

    kind: str
    url: str = ""
    asked: list[Any] = field(default_factory=list)
    instead: list[Reply] = field(default_factory=list)
    requests: int = 0
    stored: list[Stored] = field(default_factory=list)
    """Licences that devices keep, as they were issued."""
    released: int = 0

    def answer(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """The licence, or the refusal of a request that breaks the protocol."""
        self.requests += 1
        if self.instead:
            return self.instead.pop(0)
        work = {"widevine": _widevine, "fairplay": _fairplay, "playready": _playready}[self.kind]
        asked, reply = work(self, headers, body)
        self.asked.append(asked)
        return reply


def _json(document: object) -> Reply:
    return Reply(200, json.dumps(document).encode())


def _widevine(vendor: LicenceServer, headers: Mapping[str, str], body: bytes) -> tuple[Any, Reply]:
    envelope = json.loads(body)
    text = base64.b64decode(envelope["request"])
    cipher = Cipher(AES(bytes.fromhex(WIDEVINE["key"])), CBC(bytes.fromhex(WIDEVINE["iv"])))
    decryptor = cipher.decryptor()
    signed = decryptor.update(base64.b64decode(envelope["signature"])) + decryptor.finalize()
    digest = hashlib.sha1(text).digest()  # noqa: S324 - the protocol's
    if envelope["signer"] != WIDEVINE["signer"] or signed != digest + b"\x0c" * 12:
        return None, _json({"status": "SIGNATURE_FAILED"})
    asked = json.loads(text)
    if asked["provider"] != envelope["signer"]:
        return None, _json({"status": "INVALID_PROVIDER"})
    payload = base64.b64decode(asked["payload"])
    if payload == bytes.fromhex("0804"):
        return asked, _json({"status": "OK", "license": base64.b64encode(b"certificate").decode()})
    if payload == widevine_request(3):
        if asked.keys() & {"content_key_specs", "policy_overrides"} or not vendor.stored:
            return None, _json({"status": "MALFORMED_REQUEST"})
        vendor.released += 1
        return asked, _json({"status": "OK", "license": base64.b64encode(b"released").decode()})
    fault = _fault_in_policy(asked) or _fault_in_specs(asked["content_key_specs"])
    if fault is not None:
        return None, _json({"status": fault})
    policy = asked["policy_overrides"]
    if policy["can_persist"]:
        lengths = ("rental", "playback", "license")
        vendor.stored.append(Stored(*(policy[f"{name}_duration_seconds"] for name in lengths)))
    return asked, _json({"status": "OK", "license": base64.b64encode(b"widevine").decode()})


def _fault_in_specs(specs: list[dict[str, Any]]) -> str | None:
    for spec in specs:
        if {len(base64.b64decode(spec[name])) for name in ("key", "key_id")} != {16}:
            return "INVALID_CONTENT_KEY"
        if spec["security_level"] not in range(1, 6):
            return "INVALID_SECURITY_LEVEL"
    return None


def _fault_in_policy(asked: Mapping[str, Any]) -> str | None:
    is_alone = asked["use_policy_overrides_exclusively"] is True
    return None if is_alone and _is_policy(asked["policy_overrides"]) else "INVALID_POLICY"


def _is_policy(policy: Mapping[str, Any]) -> bool:
    """Whether a device can hold to it: what is stored ends, and is renewed before it does."""
    length = policy["license_duration_seconds"]
    if not policy["can_play"] or length <= 0 or policy["playback_duration_seconds"] <= 0:
        return False
    if not policy["can_persist"]:
        return not policy["can_renew"] and "rental_duration_seconds" not in policy
    renewed = policy["renewal_delay_seconds"] + policy["renewal_recovery_duration_seconds"]
    return 0 < policy["rental_duration_seconds"] <= length and renewed <= length


def _fairplay(vendor: LicenceServer, headers: Mapping[str, str], body: bytes) -> tuple[Any, Reply]:
    if headers["Authorization"] != FAIRPLAY["authorization"]:
        return None, Reply(401, b"who are you?")
    (item,) = json.loads(body)["fairplay-streaming-request"]["create-ckc"]
    if item.get("check-in"):
        if "asset-info" in item:
            return None, _json(
                {"fairplay-streaming-response": {"create-ckc": [{"id": 1, "status": -42586}]}}
            )
        is_gone = bool(vendor.stored) and base64.b64decode(item["spc"]) != spc(b"n" * 32)
        vendor.released += is_gone
        said = {"id": item["id"], "status": 0, "offline-sync": {"success": is_gone}}
        return item, _json({"fairplay-streaming-response": {"create-ckc": [said]}})
    (asset,) = item["asset-info"]
    offline = asset.get("offline-hls")
    if (offline is None) == ("lease-duration" not in asset):
        return None, _json(
            {"fairplay-streaming-response": {"create-ckc": [{"id": 1, "status": -42586}]}}
        )
    if offline is not None:
        assert {len(bytes.fromhex(offline[name])) for name in ("stream-id", "title-id")} == {16}
        stored = Stored(offline["rental-duration"], offline["playback-duration"], None)
        vendor.stored.append(stored)
    key, iv = bytes.fromhex(asset["content-key"]), bytes.fromhex(asset["content-iv"])
    uhd_without_type_1 = asset["content-type"] == "uhd" and asset["hdcp-type"] != 1
    good = len(key) == len(iv) == 16 and asset["encryption-scheme"] == "cbcs"
    status = 0 if good and not uhd_without_type_1 else -42585
    answer = {"id": item["id"], "status": status}
    if not status:
        answer["ckc"] = base64.b64encode(ckc()).decode()
    return item, _json({"fairplay-streaming-response": {"create-ckc": [answer]}})


def _playready(vendor: LicenceServer, headers: Mapping[str, str], body: bytes) -> tuple[Any, Reply]:
    signed, _, mac = headers[PLAYREADY["header"]].rpartition(".")
    good = hmac.digest(bytes.fromhex(PLAYREADY["signing_key"]), signed.encode(), "sha256")
    if base64.urlsafe_b64decode(mac + "==") != good:
        return None, Reply(500, FAULT)
    if headers["SOAPAction"] != f'"{PROTOCOLS}/AcquireLicense"' or ET.fromstring(body) is None:
        return None, Reply(500, FAULT)
    claims = signed.partition(".")[2]
    asked = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    first_play = asked.get("expiration_after_first_play_seconds")
    if asked["persistent"] is not (first_play is not None):
        return None, Reply(500, FAULT)
    if first_play is not None:
        length = asked["license_duration_seconds"]
        vendor.stored.append(Stored(length, first_play, length))
    for key in asked["keys"]:
        wrapped = base64.b64decode(key["wrapped_key"])
        key["value"] = aes_key_unwrap(bytes.fromhex(PLAYREADY["wrapping_key"]), wrapped)
    return asked, Reply(200, ACQUIRED)


@contextmanager
def licence_server(kind: str) -> Iterator[LicenceServer]:
    """A server that runs for as long as the context."""
    vendor = LicenceServer(kind)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reply = vendor.answer(dict(self.headers), body)
            self.send_response(reply.status)
            self.send_header("Content-Length", str(len(reply.body) + (1 if reply.cut else 0)))
            self.end_headers()
            if reply.stall is not None:
                reply.stall.wait(30)
            self.wfile.write(reply.body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    vendor.url = f"http://127.0.0.1:{server.server_port}/license"
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
