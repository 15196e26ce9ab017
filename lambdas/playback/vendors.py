"""The vendors' licence servers: each DRM system's messages over HTTP, with secrets that rotate."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from kernel.aws.json_client import AwsJson
from kernel.aws.secrets import read_secret
from kernel.clock import Clock
from playback import fairplay, playready, widevine
from playback.devices import Drm
from playback.domain import Challenge, LicenceTerms, VendorGarbledError, VendorRefusedError
from playback.ports import LicenceVendor
from playback.vendor_http import SERVER_ERROR, Answer, VendorHttp

SECRET_LIFE = timedelta(minutes=5)
"""How long a warm function uses credentials that were replaced."""

OCTETS = "application/octet-stream"
JSON = "application/json"
XML = "text/xml; charset=utf-8"

Credentials = Callable[[], Mapping[str, str]]


class VendorSecret:
    """A vendor's credentials: a JSON object of texts in a secret, read when first needed."""

    def __init__(self, secrets: AwsJson, secret_id: str, clock: Clock) -> None:
        self._secrets = secrets
        self._secret_id = secret_id
        self._clock = clock
        self._read_at: datetime | None = None
        self._values: Mapping[str, str] = {}

    def __call__(self) -> Mapping[str, str]:
        """The credentials; NoSuchResourceError or ValueError when they were never put there."""
        now = self._clock()
        if self._read_at is None or now - self._read_at >= SECRET_LIFE:
            self._values = json.loads(read_secret(self._secrets, self._secret_id))
            self._read_at = now
        return self._values


class WidevineVendor:
    """Credentials: `signer`, and `key` and `iv` in hexadecimal."""

    content_type = OCTETS

    def __init__(self, http: VendorHttp, credentials: Credentials) -> None:
        self._http = http
        self._credentials = credentials

    def read(self, message: bytes) -> Challenge:
        """A player's request."""
        return widevine.read_challenge(message)

    def licence(self, challenge: Challenge, terms: LicenceTerms) -> bytes:
        """The licence, or the service's certificate where that was asked for."""
        return self._ask(widevine.request(challenge, terms, self._signer()))

    def read_release(self, message: bytes) -> Challenge:
        """A device's word that it has forgotten a licence."""
        return widevine.read_release(message)

    def release(self, challenge: Challenge, content_id: str) -> bytes:
        """The service's acknowledgement, which lets the device forget that, too."""
        return self._ask(widevine.release(challenge, content_id, self._signer()))

    def _signer(self) -> widevine.Signer:
        kept = self._credentials()
        return widevine.Signer(
            kept["signer"], bytes.fromhex(kept["key"]), bytes.fromhex(kept["iv"])
        )

    def _ask(self, body: bytes) -> bytes:
        answer = self._http.post(body, {"Content-Type": JSON})
        return widevine.read_answer(_accepted(answer))


class FairPlayVendor:
    """Credentials: `authorization`, the header's whole value."""

    content_type = JSON

    def __init__(self, http: VendorHttp, credentials: Credentials) -> None:
        self._http = http
        self._credentials = credentials

    def read(self, message: bytes) -> Challenge:
        """A player's request."""
        return fairplay.read_challenge(message)

    def licence(self, challenge: Challenge, terms: LicenceTerms) -> bytes:
        """The CKC in the answer that players read."""
        return fairplay.read_answer(self._ask(fairplay.request(challenge, terms)))

    def read_release(self, message: bytes) -> Challenge:
        """A device's word that it has forgotten a key, in the shape of a request for it."""
        return fairplay.read_challenge(message)

    def release(self, challenge: Challenge, content_id: str) -> bytes:
        """What players read once the key server has taken it."""
        del content_id  # the SPC says it
        return fairplay.read_release(self._ask(fairplay.release(challenge)))

    def _ask(self, body: bytes) -> bytes:
        headers = {"Content-Type": JSON, "Authorization": self._credentials()["authorization"]}
        return _accepted(self._http.post(body, headers))


class PlayReadyVendor:
    """Credentials: `header`, and `signing_key` and `wrapping_key` in hexadecimal."""

    content_type = XML

    def __init__(self, http: VendorHttp, credentials: Credentials) -> None:
        self._http = http
        self._credentials = credentials

    def read(self, message: bytes) -> Challenge:
        """A player's request."""
        return playready.read_challenge(message)

    def licence(self, challenge: Challenge, terms: LicenceTerms) -> bytes:
        """The SOAP answer, as the server gave it."""
        kept = self._credentials()
        keys = playready.CustomDataKeys(
            kept["header"],
            bytes.fromhex(kept["signing_key"]),
            bytes.fromhex(kept["wrapping_key"]),
        )
        headers = {
            "Content-Type": XML,
            "SOAPAction": playready.SOAP_ACTION,
            keys.header: playready.custom_data(terms, keys),
        }
        answer = self._http.post(challenge.message, headers, _is_final_soap)
        if answer.status == SERVER_ERROR:
            return playready.read_answer(answer.body)
        return playready.read_answer(_accepted(answer))


def vendors_by(
    urls: Mapping[Drm, str], secret_ids: Mapping[Drm, str], secrets: AwsJson, clock: Clock
) -> Mapping[str, LicenceVendor]:
    """The licence servers that there are, by system."""
    return {
        drm: _ADAPTERS[drm](VendorHttp(url), VendorSecret(secrets, secret_ids[drm], clock))
        for drm, url in urls.items()
    }


_ADAPTERS: Mapping[Drm, Callable[[VendorHttp, Credentials], LicenceVendor]] = {
    "widevine": WidevineVendor,
    "playready": PlayReadyVendor,
    "fairplay": FairPlayVendor,
}


def _is_final_soap(answer: Answer) -> bool:
    """SOAP 1.1 sends faults with status 500 (section 6.2): those are answers, not outages."""
    if answer.status == SERVER_ERROR:
        return playready.is_fault(answer.body)
    return answer.status < SERVER_ERROR and answer.status != 429


def _accepted(answer: Answer) -> bytes:
    """The body of an answer that is a success; who is turned away at the door is refused."""
    if answer.is_ok:
        return answer.body
    if 400 <= answer.status < SERVER_ERROR:
        raise VendorRefusedError("The licence server refuses this.", reason=str(answer.status))
    raise VendorGarbledError("The licence server gave no licence; try again.")
