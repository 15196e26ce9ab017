"""A distribution as the template would declare it, with a bucket and an API behind it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from localcloud.edge import Edge, KeyValueStores
from localcloud.registry import Registry, Resource
from localcloud.wire import HttpRequest, HttpResponse

REPOSITORY = Path(__file__).parents[4]
NODE = REPOSITORY / ".venv" / "bin" / "node"
SPA = (REPOSITORY / "edge" / "spa.js").read_text()
NOW = 1_700_000_000.0
HOST = "localhost:8080"
ORIGIN = f"http://{HOST}"
OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
API_HOST = "app1.execute-api.eu-west-1.amazonaws.com"
EVERY_METHOD = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]

HASHES = {"SHA1": hashes.SHA1(), "SHA256": hashes.SHA256()}  # noqa: S303 - CloudFront's own

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))


def custom_policy(resource: str, expires: float, **conditions: Any) -> str:
    condition = {"DateLessThan": {"AWS:EpochTime": int(expires)}, **conditions}
    document = {"Statement": [{"Resource": resource, "Condition": condition}]}
    return json.dumps(document, separators=(",", ":"))


@dataclass
class Signer:
    key_id: str
    key: PrivateKey

    def sign(self, document: str, algorithm: str = "SHA1") -> str:
        chosen = HASHES[algorithm]
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return encoded(self.key.sign(document.encode(), ec.ECDSA(chosen)))
        return encoded(self.key.sign(document.encode(), padding.PKCS1v15(), chosen))

    def cookies(self, document: str, algorithm: str | None = None) -> str:
        parts = {
            "CloudFront-Policy": encoded(document.encode()),
            "CloudFront-Signature": self.sign(document, algorithm or "SHA1"),
            "CloudFront-Key-Pair-Id": self.key_id,
        }
        if algorithm:
            parts["CloudFront-Hash-Algorithm"] = algorithm
        return "; ".join(f"{name}={value}" for name, value in parts.items())

    def query(self, document: str, algorithm: str | None = None) -> str:
        parts = [
            f"Policy={encoded(document.encode())}",
            f"Signature={self.sign(document, algorithm or 'SHA1')}",
            f"Key-Pair-Id={self.key_id}",
        ]
        return "&".join(parts + ([f"Hash-Algorithm={algorithm}"] if algorithm else []))

    @property
    def public_pem(self) -> str:
        return (
            self.key.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
        )


class FakeBucket:
    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], HttpResponse] = {}
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        self.reading, self.may_answer = threading.Event(), threading.Event()
        self.may_answer.set()

    def put(self, bucket: str, key: str, body: bytes, **headers: str) -> None:
        pairs = {"etag": f'"{key}"', "content-type": "video/mp4"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        self.objects[bucket, key] = HttpResponse(200, tuple(pairs.items()), body)

    def __call__(
        self, bucket: str, key: str, headers: Mapping[str, str], source_arn: str
    ) -> HttpResponse:
        self.asked.append((bucket, key, dict(headers), source_arn))
        self.reading.set()
        self.may_answer.wait(20)
        found = self.objects.get((bucket, key))
        if found is None:
            body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
            return HttpResponse(403, (("content-type", "application/xml"),), body)
        if headers.get("if-none-match") == found.header("etag"):
            return HttpResponse(304, found.headers)
        return found


class FakeApi:
    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []
        self.response = HttpResponse(200, (("content-type", "application/json"),), b"{}")

    def handle(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        return self.response


@dataclass
class World:
    registry: Registry
    bucket: FakeBucket
    api: FakeApi
    now: list[float]
    config: dict[str, Any]
    edges: list[Edge] = field(default_factory=list)
    country: str | None = None

    def __post_init__(self) -> None:
        self.stores = KeyValueStores(self.registry, lambda: self.now[0])

    def add(self, type_: str, physical_id: str, **properties: Any) -> None:
        attributes = {"FunctionARN": f"arn:{physical_id}"} if type_.endswith("Function") else {}
        self.registry.add(
            Resource("delivery", physical_id, type_, physical_id, attributes, properties)
        )

    def trust(self, *signers: Signer) -> None:
        for signer in signers:
            self.add(
                "AWS::CloudFront::PublicKey",
                signer.key_id,
                PublicKeyConfig={"EncodedKey": signer.public_pem},
            )
        self.add(
            "AWS::CloudFront::KeyGroup",
            "group",
            KeyGroupConfig={"Items": [signer.key_id for signer in signers]},
        )

    def function(self, name: str, code: str, *stores: str) -> None:
        associated = {"KeyValueStoreAssociations": [{"KeyValueStoreARN": arn} for arn in stores]}
        self.add(
            "AWS::CloudFront::Function",
            name,
            Name=name,
            FunctionCode=code,
            FunctionConfig={"Runtime": "cloudfront-js-2.0", **(associated if stores else {})},
        )

    def store(self, name: str) -> str:
        """A new KeyValueStore; its ARN."""
        arn = f"arn:aws:cloudfront::123456789012:key-value-store/{name}"
        self.registry.add(
            Resource("delivery", name, "AWS::CloudFront::KeyValueStore", name, {"Arn": arn}, {})
        )
        return arn

    def behaviour(self, pattern: str, target: str = "films", **properties: Any) -> dict[str, Any]:
        behaviour = {
            "PathPattern": pattern,
            "TargetOriginId": target,
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": OPTIMIZED,
            **properties,
        }
        self.config["CacheBehaviors"].append(behaviour)
        return behaviour

    def api_behaviour(self, **properties: Any) -> None:
        headers = ["Authorization", "CloudFront-Viewer-Country", "CloudFront-Viewer-Address"]
        self.add(
            "AWS::CloudFront::CachePolicy",
            "api-cache",
            CachePolicyConfig={
                "MinTTL": 0,
                "DefaultTTL": 0,
                "MaxTTL": 1,
                "ParametersInCacheKeyAndForwardedToOrigin": {
                    "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": headers},
                    "CookiesConfig": {"CookieBehavior": "none"},
                    "QueryStringsConfig": {"QueryStringBehavior": "all"},
                    "EnableAcceptEncodingGzip": False,
                },
            },
        )
        self.behaviour(
            "/v1/*",
            "api",
            CachePolicyId="api-cache",
            OriginRequestPolicyId=ALL_VIEWER_EXCEPT_HOST,
            AllowedMethods=EVERY_METHOD,
            **properties,
        )

    @property
    def edge(self) -> Edge:
        if not self.edges:
            resource = Resource(
                "delivery",
                "Edge",
                "AWS::CloudFront::Distribution",
                "E123",
                {"DomainName": "d123.cloudfront.net"},
                {"DistributionConfig": self.config},
            )
            self.edges.append(
                Edge(
                    resource,
                    self.registry,
                    self.api,
                    self.bucket,
                    node_path=NODE,
                    clock=lambda: self.now[0],
                    country_of=lambda _address: self.country,
                    loopback_country="IE",
                    read_store=self.stores.snapshot,
                )
            )
        return self.edges[0]

    def ask(
        self, line: str, body: bytes = b"", source_ip: str = "203.0.113.7", **headers: str
    ) -> HttpResponse:
        method, _, target = line.partition(" ")
        path, _, query = target.partition("?")
        return self.edge.handle(
            HttpRequest(
                method=method,
                path=path,
                query=query,
                headers=(
                    ("host", HOST),
                    *((name.replace("_", "-"), value) for name, value in headers.items()),
                ),
                body=body,
                source_ip=source_ip,
                host=HOST,
                source_port=50123,
            )
        )


@pytest.fixture(scope="session")
def ec_signer() -> Signer:
    return Signer("KEC", ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def rsa_signer() -> Signer:
    return Signer("KRSA", rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture
def world() -> Iterator[World]:
    config: dict[str, Any] = {
        "Origins": [
            {
                "Id": "films",
                "DomainName": "packaged.s3.eu-west-1.amazonaws.com",
                "S3OriginConfig": {"OriginAccessIdentity": ""},
                "OriginAccessControlId": "oac",
            },
            {
                "Id": "web",
                "DomainName": "web.s3.eu-west-1.amazonaws.com",
                "S3OriginConfig": {"OriginAccessIdentity": ""},
                "OriginAccessControlId": "oac",
            },
            {
                "Id": "api",
                "DomainName": API_HOST,
                "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
                "OriginCustomHeaders": [{"HeaderName": "X-Origin-Secret", "HeaderValue": "s3cret"}],
            },
        ],
        "CacheBehaviors": [],
        "DefaultCacheBehavior": {
            "TargetOriginId": "web",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": OPTIMIZED,
        },
    }
    made = World(Registry(), FakeBucket(), FakeApi(), [NOW], config)
    yield made
    for edge in made.edges:
        edge.stop()


@pytest.fixture
def films(world: World, ec_signer: Signer, rsa_signer: Signer) -> World:
    world.trust(ec_signer, rsa_signer)
    world.behaviour("/m/*", TrustedKeyGroups=["group"])
    world.bucket.put("packaged", "m/ast_1/v1/seg_1.cmfv", b"0123456789")
    world.bucket.put("packaged", "m/ast_2/v1/seg_1.cmfv", b"other")
    return world
