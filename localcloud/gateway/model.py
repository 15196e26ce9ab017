"""What the templates say of HTTP APIs, read from the registry into values the gateway follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from localcloud.gateway.put_record import MEMBERS, REQUIRED, SUBTYPE, RecordIntegration
from localcloud.gateway.routes import RouteKey, RouteTable, parse_route_key
from localcloud.registry import Registry, Resource

DEFAULT_STAGE = "$default"

MAX_INTEGRATION_TIMEOUT = timedelta(seconds=30)
"""An HTTP API waits at most 30 s for its integration (API Gateway quotas)."""

_FUNCTION_ARN = re.compile(r"arn:aws[\w-]*:lambda:[^/]+")


class UnsupportedApiError(ValueError):
    """The template asks the gateway for something that this one does not do."""


@dataclass(frozen=True)
class Cors:
    """An API's CORS configuration, in the template's words."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = None
    allow_credentials: bool = False


@dataclass(frozen=True)
class JwtAuthorizer:
    """Which issuer's tokens a route takes, for which audiences, and where they stand."""

    issuer: str
    audiences: tuple[str, ...]
    identity_sources: tuple[str, ...]


@dataclass(frozen=True)
class Limit:
    """A token bucket: how many requests a second, and how many at once."""

    rate: float
    burst: int


@dataclass(frozen=True)
class Route:
    """One route with everything needed to answer it."""

    key: RouteKey
    function_arn: str
    timeout: timedelta
    authorization: str
    """`NONE`, `JWT` or `AWS_IAM`."""
    scopes: tuple[str, ...]
    authorizer: JwtAuthorizer | None
    has_credentials: bool
    """Invoked with a role of its own, which makes the function's resource policy irrelevant."""
    record: RecordIntegration | None = None
    """Set when a stream takes the request instead of a function."""


@dataclass(frozen=True)
class Stage:
    """A stage's name and its throttling."""

    name: str
    default_limit: Limit | None
    route_limits: Mapping[str, Limit]

    def limit(self, route_key: str) -> Limit | None:
        """The throttling of a route, its own settings first."""
        return self.route_limits.get(route_key, self.default_limit)


@dataclass(frozen=True)
class Api:
    """One HTTP API as deployed."""

    api_id: str
    endpoint_disabled: bool
    cors: Cors | None
    stages: Mapping[str, Stage]
    routes: RouteTable[Route]


@dataclass(frozen=True)
class PathMapping:
    """What a custom domain leads to below one path."""

    api_id: str
    stage: str
    path: tuple[str, ...]


@dataclass(frozen=True)
class Permission:
    """A statement of a function's resource policy that lets API Gateway invoke it."""

    function: tuple[str, str | None]
    source_arn: str | None


@dataclass(frozen=True)
class Apis:
    """Every HTTP API, custom domain and invoke permission of the templates."""

    by_id: Mapping[str, Api]
    domains: Mapping[str, tuple[PathMapping, ...]]
    permissions: tuple[Permission, ...]
    stamp: list[Resource] = field(default_factory=list, compare=False, repr=False)


def function_identity(name_or_arn: str) -> tuple[str, str | None]:
    """A function's name and qualifier, from its name or ARN, with or without qualifier."""
    parts = name_or_arn.split(":")
    if parts[0] == "arn":
        parts = parts[6:]
    elif "function" in parts[:-1]:
        parts = parts[parts.index("function") + 1 :]
    return parts[0], parts[1] if len(parts) > 1 else None


def function_arn(integration_uri: str) -> str:
    """The function of an integration URI: the ARN itself, or wrapped in `…/invocations`."""
    found = _FUNCTION_ARN.search(integration_uri)
    if found is None:
        raise UnsupportedApiError(f"the gateway invokes functions, not {integration_uri!r}")
    return found.group(0)


def read_apis(resources: list[Resource]) -> Apis:
    """Everything the gateway needs, from what was provisioned."""
    registry = Registry()
    for resource in resources:
        registry.add(resource)
    apis = {
        api.physical_id: _api(api, registry) for api in registry.by_type("AWS::ApiGatewayV2::Api")
    }
    return Apis(
        by_id=apis,
        domains=_domains(registry),
        permissions=tuple(_permissions(registry)),
        stamp=resources,
    )


def _api(api: Resource, registry: Registry) -> Api:
    properties = api.properties
    if properties.get("ProtocolType", "HTTP") != "HTTP":
        raise UnsupportedApiError(f"{api.logical_id} is no HTTP API")
    routes = [
        _route(route, registry)
        for route in registry.by_type("AWS::ApiGatewayV2::Route")
        if route.properties["ApiId"] == api.physical_id
    ]
    stages = [
        _stage(stage)
        for stage in registry.by_type("AWS::ApiGatewayV2::Stage")
        if stage.properties["ApiId"] == api.physical_id
    ]
    return Api(
        api_id=api.physical_id,
        endpoint_disabled=truth(properties.get("DisableExecuteApiEndpoint", False)),
        cors=_cors(properties.get("CorsConfiguration")),
        stages={stage.name: stage for stage in stages},
        routes=RouteTable([(route.key, route) for route in routes]),
    )


def _route(route: Resource, registry: Registry) -> Route:
    properties = route.properties
    integration_id = str(properties["Target"]).removeprefix("integrations/")
    integration = registry.by_physical_id("AWS::ApiGatewayV2::Integration", integration_id)
    if integration.properties.get("IntegrationType") != "AWS_PROXY":
        raise UnsupportedApiError(f"{integration.logical_id} does not invoke a function")
    record = _record(integration)
    if record is None and integration.properties.get("PayloadFormatVersion", "2.0") != "2.0":
        raise UnsupportedApiError(f"{integration.logical_id} asks for another payload than 2.0")
    authorization = properties.get("AuthorizationType", "NONE")
    if authorization not in ("NONE", "JWT", "AWS_IAM"):
        raise UnsupportedApiError(f"{route.logical_id} asks for {authorization} authorization")
    timeout = integration.properties.get("TimeoutInMillis")
    return Route(
        key=parse_route_key(properties["RouteKey"]),
        function_arn=function_arn(integration.properties["IntegrationUri"]) if not record else "",
        timeout=timedelta(milliseconds=int(timeout)) if timeout else MAX_INTEGRATION_TIMEOUT,
        authorization=authorization,
        scopes=tuple(properties.get("AuthorizationScopes") or ()),
        authorizer=_authorizer(properties["AuthorizerId"], registry)
        if authorization == "JWT"
        else None,
        has_credentials=bool(integration.properties.get("CredentialsArn")),
        record=record,
    )


def _record(integration: Resource) -> RecordIntegration | None:
    """The integration's way into a stream, None when it invokes a function."""
    properties = integration.properties
    subtype = properties.get("IntegrationSubtype")
    if subtype is None:
        return None
    if subtype != SUBTYPE:
        raise UnsupportedApiError(f"{integration.logical_id} asks for {subtype}")
    parameters = dict(properties.get("RequestParameters") or {})
    unknown, missing = set(parameters) - MEMBERS, REQUIRED - set(parameters)
    if unknown or missing or not properties.get("CredentialsArn"):
        raise UnsupportedApiError(
            f"{integration.logical_id} needs CredentialsArn and StreamName, Data and PartitionKey, "
            f"and takes no {sorted(unknown) or 'other member'}"
        )
    return RecordIntegration(properties["CredentialsArn"], parameters)


def _authorizer(authorizer_id: str, registry: Registry) -> JwtAuthorizer:
    authorizer = registry.by_physical_id("AWS::ApiGatewayV2::Authorizer", authorizer_id)
    configuration = authorizer.properties.get("JwtConfiguration")
    if authorizer.properties.get("AuthorizerType") != "JWT" or not configuration:
        raise UnsupportedApiError(f"{authorizer.logical_id} is no JWT authorizer")
    return JwtAuthorizer(
        issuer=configuration["Issuer"],
        audiences=tuple(configuration.get("Audience") or ()),
        identity_sources=tuple(authorizer.properties.get("IdentitySource") or ()),
    )


def _stage(stage: Resource) -> Stage:
    properties = stage.properties
    settings: Mapping[str, Any] = properties.get("RouteSettings") or {}
    limits = {key: _limit(value) for key, value in settings.items()}
    return Stage(
        name=properties["StageName"],
        default_limit=_limit(properties.get("DefaultRouteSettings")),
        route_limits={key: limit for key, limit in limits.items() if limit is not None},
    )


def _limit(settings: Mapping[str, Any] | None) -> Limit | None:
    if not settings or settings.get("ThrottlingRateLimit") is None:
        return None
    rate = float(settings["ThrottlingRateLimit"])
    return Limit(rate=rate, burst=int(settings.get("ThrottlingBurstLimit") or rate))


def _cors(configuration: Mapping[str, Any] | None) -> Cors | None:
    if not configuration:
        return None
    max_age = configuration.get("MaxAge")
    return Cors(
        allow_origins=tuple(configuration.get("AllowOrigins") or ()),
        allow_methods=tuple(configuration.get("AllowMethods") or ()),
        allow_headers=tuple(configuration.get("AllowHeaders") or ()),
        expose_headers=tuple(configuration.get("ExposeHeaders") or ()),
        max_age=None if max_age is None else int(max_age),
        allow_credentials=truth(configuration.get("AllowCredentials", False)),
    )


def _domains(registry: Registry) -> dict[str, tuple[PathMapping, ...]]:
    domains: dict[str, list[PathMapping]] = {}
    for mapping in registry.by_type("AWS::ApiGatewayV2::ApiMapping"):
        properties = mapping.properties
        path = tuple(part for part in (properties.get("ApiMappingKey") or "").split("/") if part)
        domains.setdefault(str(properties["DomainName"]).lower(), []).append(
            PathMapping(properties["ApiId"], properties["Stage"], path)
        )
    return {
        name: tuple(sorted(mappings, key=lambda mapping: -len(mapping.path)))
        for name, mappings in domains.items()
    }


def _permissions(registry: Registry) -> Iterable[Permission]:
    for permission in registry.by_type("AWS::Lambda::Permission"):
        properties = permission.properties
        if properties.get("Principal") != "apigateway.amazonaws.com":
            continue
        if properties.get("Action") not in ("lambda:InvokeFunction", "lambda:*"):
            continue
        yield Permission(
            function=function_identity(properties["FunctionName"]),
            source_arn=properties.get("SourceArn"),
        )


def truth(value: object) -> bool:
    """A template's boolean, which may be written as a string."""
    return value is True or (isinstance(value, str) and value.lower() == "true")
