"""An HTTP API as a template would declare it, its issuer, and functions that answer as told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from localcloud.gateway import Gateway, IamCaller, IamRefusedError
from localcloud.gateway.authorizer import DISCOVERY, FetchError
from localcloud.registry import Registry, Resource
from localcloud.wire import HttpRequest

ISSUER = "https://auth.example.com"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:titles:live"
HOST = "app1.execute-api.eu-west-1.amazonaws.com"
NOW = 1_700_000_000.0


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class FakeInvocation:
    payload: bytes = b"{}"
    function_error: str | None = None


class FakeFunctions:
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.asked: list[tuple[str, timedelta | None]] = []
        self.reply: Any = {"statusCode": 200, "body": "ok"}
        self.invocation: FakeInvocation | None = None
        self.failure: Exception | None = None

    def invoke(
        self, identifier: str, payload: bytes, *, timeout: timedelta | None = None
    ) -> FakeInvocation:
        if self.failure is not None:
            raise self.failure
        self.events.append(json.loads(payload))
        self.asked.append((identifier, timeout))
        return self.invocation or FakeInvocation(json.dumps(self.reply).encode())


class FakeIssuer:
    """Signs tokens, and publishes its keys as an issuer does."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = "key-1"
        self.fetched: list[str] = []
        self.reachable = True
        self.keys = [self.jwk()]

    def jwk(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": unpadded(modulus),
            "e": "AQAB",
        }

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        if not self.reachable:
            raise FetchError(url)
        if url == ISSUER + DISCOVERY:
            return json.dumps({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks.json"}).encode()
        return json.dumps({"keys": self.keys}).encode()

    def claims(self, **changes: Any) -> dict[str, Any]:
        claims = {
            "iss": ISSUER,
            "sub": "acc_1",
            "aud": "marquee",
            "client_id": "web",
            "scope": "member staff",
            "iat": int(NOW) - 10,
            "exp": int(NOW) + 600,
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        head = {"alg": "RS256", "typ": "JWT", "kid": self.kid} | (header or {})
        head = {name: value for name, value in head.items() if value is not None}
        signed = ".".join(
            unpadded(json.dumps(part).encode()) for part in (head, self.claims(**changes))
        )
        signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{unpadded(signature)}"


@dataclass
class World:
    registry: Registry
    functions: FakeFunctions
    issuer: FakeIssuer
    gateway: Gateway
    now: list[float]
    iam: list[tuple[str, str]] = field(default_factory=list)
    iam_refusal: list[str | None] = field(default_factory=lambda: [None])

    def add(self, type_: str, physical_id: str, **properties: Any) -> None:
        self.registry.add(
            Resource("app", f"{type_}-{physical_id}", type_, physical_id, {}, properties)
        )

    def route(self, key: str, *, function: str = FUNCTION, **properties: Any) -> None:
        integration = f"to-{key}"
        timeout = properties.pop("TimeoutInMillis", None)
        extra = {"TimeoutInMillis": timeout} if timeout else {}
        self.add(
            "AWS::ApiGatewayV2::Integration",
            integration,
            ApiId="app1",
            IntegrationType="AWS_PROXY",
            IntegrationUri=function,
            PayloadFormatVersion="2.0",
            **extra,
        )
        self.add(
            "AWS::ApiGatewayV2::Route",
            f"route-{key}",
            ApiId="app1",
            RouteKey=key,
            Target=f"integrations/{integration}",
            **properties,
        )

    def protected(self, key: str, *scopes: str) -> None:
        self.route(
            key, AuthorizationType="JWT", AuthorizerId="jwt1", AuthorizationScopes=list(scopes)
        )

    def ask(self, line: str, *, body: bytes = b"", host: str = HOST, **headers: str) -> Any:
        method, _, target = line.partition(" ")
        path, _, query = target.partition("?")
        return self.gateway.handle(
            HttpRequest(
                method=method,
                path=path,
                query=query,
                headers=(
                    ("host", host),
                    *((name.replace("_", "-"), value) for name, value in headers.items()),
                ),
                body=body,
                source_ip="203.0.113.7",
                scheme="https",
                host=host,
            )
        )


@pytest.fixture(scope="session")
def session_issuer() -> FakeIssuer:
    return FakeIssuer()


@pytest.fixture
def issuer(session_issuer: FakeIssuer) -> FakeIssuer:
    session_issuer.reachable = True
    session_issuer.fetched = []
    session_issuer.keys = [session_issuer.jwk()]
    return session_issuer


@pytest.fixture
def make_world(issuer: FakeIssuer) -> Callable[..., World]:
    def make(**api: Any) -> World:
        functions, now, registry = FakeFunctions(), [NOW], Registry()
        iam: list[tuple[str, str]] = []
        refusal: list[str | None] = [None]

        def verify(request: HttpRequest, action: str, arn: str) -> IamCaller:
            iam.append((action, arn))
            if refusal[0] is not None:
                raise IamRefusedError(refusal[0])
            return IamCaller("ASIAKEY", "123456789012", "arn:aws:sts::1:assumed-role/r/s", "AROA:s")

        gateway = Gateway(
            registry, functions, clock=lambda: now[0], fetch=issuer.fetch, verify_iam=verify
        )
        world = World(registry, functions, issuer, gateway, now, iam, refusal)
        world.add("AWS::ApiGatewayV2::Api", "app1", ProtocolType="HTTP", **api)
        world.add(
            "AWS::ApiGatewayV2::Stage", "$default", ApiId="app1", StageName="$default",
            AutoDeploy=True,
        )  # fmt: skip
        world.add(
            "AWS::ApiGatewayV2::Authorizer",
            "jwt1",
            ApiId="app1",
            AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Issuer": ISSUER, "Audience": ["marquee"]},
        )
        world.add(
            "AWS::Lambda::Permission",
            "perm",
            Action="lambda:InvokeFunction",
            FunctionName=FUNCTION,
            Principal="apigateway.amazonaws.com",
            SourceArn="arn:aws:execute-api:eu-west-1:123456789012:app1/*",
        )
        return world

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
