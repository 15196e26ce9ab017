"""CloudFront's signed URLs and signed cookies: whether a request proves its right to an object.

Source: "Serve private content with signed URLs and signed cookies" in the CloudFront developer
guide. RSA and ECDSA P-256 keys, SHA-1 unless SHA-256 is named, canned and custom policies.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from localcloud.edge.distribution import TrustedKey, wildcard
from localcloud.wire import HttpRequest

QUERY_PARAMETERS = frozenset({"Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"})
"""What a signed URL carries; never part of the cache key, never sent to the origin."""

_COOKIE_PREFIX = "CloudFront-"

_HASHES: Mapping[str, HashAlgorithm] = {
    "SHA1": SHA1(),  # noqa: S303 - CloudFront's default
    "SHA256": SHA256(),
}


class SignatureRefusedError(Exception):
    """The request proves no right; code and message stand in CloudFront's XML."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class _Policy:
    resource: str
    expires: float
    starts: float | None
    network: str | None


def is_signed_url(query: str) -> bool:
    """Whether the query carries a signature, which then counts instead of cookies."""
    names = {part.partition("=")[0] for part in query.split("&")}
    return bool(names & (QUERY_PARAMETERS - {"Expires", "Hash-Algorithm"}))


def without_signature(query: str) -> str:
    """The query as cache and origin see it."""
    if not query:
        return query
    parts = (part for part in query.split("&") if part.partition("=")[0] not in QUERY_PARAMETERS)
    return "&".join(parts)


def cookies_of(request: HttpRequest) -> list[tuple[str, str]]:
    """Every cookie of a request, in order."""
    pairs: list[tuple[str, str]] = []
    for name, value in request.headers:
        if name == "cookie":
            for part in value.split(";"):
                key, separator, content = part.strip().partition("=")
                if separator:
                    pairs.append((key, content))
    return pairs


def check(request: HttpRequest, keys: Mapping[str, TrustedKey], now: float) -> None:
    """Let a request pass whose signature opens its URL; SignatureRefusedError for any other."""
    if is_signed_url(request.query):
        given = [part.partition("=") for part in request.query.split("&")]
        fields = _first((name, value) for name, _, value in given)
    else:
        fields = _first(
            (name.removeprefix(_COOKIE_PREFIX), value)
            for name, value in cookies_of(request)
            if name.startswith(_COOKIE_PREFIX)
        )
    key_id = fields.get("Key-Pair-Id")
    if not key_id:
        raise SignatureRefusedError(
            "MissingKey", "Missing Key-Pair-Id query parameter or cookie value"
        )
    if key_id not in keys:
        raise SignatureRefusedError("InvalidKey", "Unknown Key")
    query = without_signature(request.query)
    url = f"{request.scheme}://{request.host}{request.path}" + (f"?{query}" if query else "")
    policy = _policy(fields, keys[key_id], url)
    if not _grants(policy, url, request.source_ip, now):
        raise _denied()


def _first(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def _policy(fields: Mapping[str, str], key: TrustedKey, url: str) -> _Policy:
    signature_text = fields.get("Signature")
    if not signature_text:
        raise SignatureRefusedError(
            "MissingSignature", "Missing Signature query parameter or cookie value"
        )
    algorithm = fields.get("Hash-Algorithm", "SHA1")
    if algorithm not in _HASHES:
        raise _denied()
    policy_text = fields.get("Policy")
    if policy_text:
        return _verified_policy(policy_text, signature_text, key, algorithm)
    expires = fields.get("Expires")
    if not expires:
        raise SignatureRefusedError(
            "MissingPolicy", "Missing Policy query parameter or cookie value"
        )
    if not expires.isdigit():
        raise SignatureRefusedError("MalformedPolicy", "Malformed Policy")
    canned = (
        f'{{"Statement":[{{"Resource":"{url}","Condition":'
        f'{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}'
    )
    _verify(canned.encode("utf-8"), _decoded(signature_text, "Signature"), key, algorithm)
    return _Policy(resource=url, expires=float(expires), starts=None, network=None)


@lru_cache(maxsize=4096)
def _verified_policy(
    policy_text: str, signature_text: str, key: TrustedKey, algorithm: str
) -> _Policy:
    """The policy, once its signature was verified; a player repeats the same one for hours."""
    document = _decoded(policy_text, "Policy")
    _verify(document, _decoded(signature_text, "Signature"), key, algorithm)
    return _parsed(document)


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureRefusedError(f"Malformed{name}", f"Could not unencode {name}") from error


def _verify(document: bytes, signature: bytes, key: TrustedKey, algorithm: str) -> None:
    chosen = _HASHES[algorithm]
    try:
        if isinstance(key.key, ec.EllipticCurvePublicKey):
            key.key.verify(signature, document, ec.ECDSA(chosen))
        else:
            key.key.verify(signature, document, padding.PKCS1v15(), chosen)
    except InvalidSignature as error:
        raise _denied() from error


def _parsed(document: bytes) -> _Policy:
    try:
        statements = json.loads(document)["Statement"]
        (statement,) = statements
        condition = statement["Condition"]
        starts = condition.get("DateGreaterThan")
        network = condition.get("IpAddress")
        return _Policy(
            resource=str(statement.get("Resource", "*")),
            expires=float(condition["DateLessThan"]["AWS:EpochTime"]),
            starts=float(starts["AWS:EpochTime"]) if starts else None,
            network=str(network["AWS:SourceIp"]) if network else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SignatureRefusedError("MalformedPolicy", "Malformed Policy") from error


def _grants(policy: _Policy, url: str, source_ip: str, now: float) -> bool:
    if now >= policy.expires or (policy.starts is not None and now < policy.starts):
        return False
    if policy.network is not None and not _in_network(source_ip, policy.network):
        return False
    return _resource(policy.resource).match(url) is not None


_resource = lru_cache(maxsize=4096)(wildcard)


def _in_network(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _denied() -> SignatureRefusedError:
    return SignatureRefusedError("AccessDenied", "Access denied")
