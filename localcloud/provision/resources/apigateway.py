"""HTTP APIs: kept in the registry, from which the local gateway reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.provision import naming
from localcloud.provision.errors import Refusal
from localcloud.provision.rules import (
    GATEWAY,
    TAGS,
    TEXT,
    USED,
    Accepted,
    Only,
    Rule,
)
from localcloud.provision.table import (
    Context,
    Created,
    Properties,
    ResourceType,
    require,
)
from localcloud.registry import Resource

_API_ID_LENGTH = 10
_PART_ID_LENGTH = 7
_LONGEST_TIMEOUT_MS = 30_000
"""An HTTP API waits no longer for an integration. Source: API Gateway quotas."""


def _create_api(context: Context, properties: Properties) -> Created:
    api_id = naming.lower_token(context.seed, _API_ID_LENGTH)
    _check_cors(properties.get("CorsConfiguration", {}))
    host = f"{api_id}.execute-api.{context.region}.amazonaws.com"
    return Created(api_id, {"ApiId": api_id, "ApiEndpoint": f"https://{host}"})


def _check_cors(cors: Mapping[str, Any]) -> None:
    require(
        not (cors.get("AllowCredentials") and "*" in cors.get("AllowOrigins", ())),
        "Access-Control-Allow-Credentials cannot be true when Access-Control-Allow-Origin is *",
    )


def _part_id(context: Context) -> str:
    return naming.lower_token(context.seed, _PART_ID_LENGTH)


def _api(context: Context, api_id: str) -> Resource:
    for api in context.others("AWS::ApiGatewayV2::Api"):
        if api.physical_id == api_id:
            return api
    raise Refusal(f"Invalid API identifier specified {context.account}:{api_id}")


def _of_api(context: Context, cfn_type: str, api_id: str) -> list[Resource]:
    return [part for part in context.others(cfn_type) if part.properties["ApiId"] == api_id]


def _create_stage(context: Context, properties: Properties) -> Created:
    _api(context, properties["ApiId"])
    name = properties["StageName"]
    taken = {
        stage.physical_id
        for stage in _of_api(context, "AWS::ApiGatewayV2::Stage", properties["ApiId"])
    }
    require(name not in taken, f"Stage already exists: {name}")
    return Created(name)


def _create_integration(context: Context, properties: Properties) -> Created:
    _api(context, properties["ApiId"])
    timeout = int(properties.get("TimeoutInMillis", _LONGEST_TIMEOUT_MS))
    require(
        50 <= timeout <= _LONGEST_TIMEOUT_MS,
        f"Timeout should be between 50 ms and {_LONGEST_TIMEOUT_MS} ms",
    )
    integration_id = _part_id(context)
    return Created(integration_id, {"IntegrationId": integration_id})


def _create_authorizer(context: Context, properties: Properties) -> Created:
    _api(context, properties["ApiId"])
    jwt = properties["JwtConfiguration"]
    require(bool(jwt.get("Audience")), "Audience must be specified for JWT authorizers")
    require(
        bool(properties.get("IdentitySource")),
        "IdentitySource must be specified for JWT authorizers",
    )
    _check_issuer(context, jwt["Issuer"])
    authorizer_id = naming.lower_token(context.seed, 6)
    return Created(authorizer_id, {"AuthorizerId": authorizer_id})


def _check_issuer(context: Context, issuer: str) -> None:
    """API Gateway reads the discovery document while it creates the authorizer."""
    try:
        context.check_issuer(issuer)
    except Exception as error:
        raise Refusal(
            f"Caught exception when connecting to {issuer.rstrip('/')}"
            f"/.well-known/openid-configuration for issuer {issuer}. Please try again later. "
            f"Error: Invalid issuer: {issuer}. Issuer must have a valid discovery endpoint ended "
            f"with '/.well-known/openid-configuration' ({error})"
        ) from error


def _create_route(context: Context, properties: Properties) -> Created:
    api_id, key = properties["ApiId"], properties["RouteKey"]
    _api(context, api_id)
    routes = _of_api(context, "AWS::ApiGatewayV2::Route", api_id)
    taken = {route.properties["RouteKey"] for route in routes}
    require(key not in taken, f"Route with key {key} already exists for this API")
    _check_target(context, api_id, properties.get("Target"))
    _check_authorizer(context, api_id, properties)
    route_id = _part_id(context)
    return Created(route_id, {"RouteId": route_id})


def _check_target(context: Context, api_id: str, target: str | None) -> None:
    if target is None:
        return
    integration_id = target.removeprefix("integrations/")
    existing = {
        part.physical_id for part in _of_api(context, "AWS::ApiGatewayV2::Integration", api_id)
    }
    require(integration_id in existing, f"Invalid integration target specified: {target}")


def _check_authorizer(context: Context, api_id: str, properties: Properties) -> None:
    kind = properties.get("AuthorizationType", "NONE")
    authorizer_id = properties.get("AuthorizerId")
    if kind == "JWT":
        authorizers = _of_api(context, "AWS::ApiGatewayV2::Authorizer", api_id)
        require(
            authorizer_id in {authorizer.physical_id for authorizer in authorizers},
            "Invalid authorizer ID specified. Setting the authorization type to JWT requires a "
            "valid JWT authorizer.",
        )
    require(
        kind == "JWT" or not properties.get("AuthorizationScopes"),
        "Scopes are only supported with a JWT authorizer",
    )


def _create_domain_name(context: Context, properties: Properties) -> Created:
    name = properties["DomainName"]
    target = f"d-{naming.lower_token(context.seed, _API_ID_LENGTH)}"
    return Created(
        name,
        {
            "RegionalDomainName": f"{target}.execute-api.{context.region}.amazonaws.com",
            "RegionalHostedZoneId": f"Z{naming.token(context.region, 13)}",
            "DomainNameArn": f"arn:aws:apigateway:{context.region}::/domainnames/{name}",
        },
    )


def _create_mapping(context: Context, properties: Properties) -> Created:
    _api(context, properties["ApiId"])
    mapping_id = naming.lower_token(context.seed, 6)
    return Created(mapping_id, {"ApiMappingId": mapping_id})


_THROTTLING: dict[str, Rule] = {
    "DetailedMetricsEnabled": Accepted("metrics only observe"),
    "ThrottlingBurstLimit": GATEWAY,
    "ThrottlingRateLimit": GATEWAY,
}

TYPES = (
    ResourceType(
        "AWS::ApiGatewayV2::Api",
        {
            "CorsConfiguration": {
                "AllowCredentials": GATEWAY,
                "AllowHeaders": GATEWAY,
                "AllowMethods": GATEWAY,
                "AllowOrigins": GATEWAY,
                "ExposeHeaders": GATEWAY,
                "MaxAge": GATEWAY,
            },
            "Description": TEXT,
            "DisableExecuteApiEndpoint": GATEWAY,
            "IpAddressType": Accepted("listens on this machine's loopback"),
            "Name": TEXT,
            "ProtocolType": Only("HTTP"),
            "Tags": TAGS,
        },
        _create_api,
        ("ApiId", "ApiEndpoint"),
    ),
    ResourceType(
        "AWS::ApiGatewayV2::Stage",
        {
            "AccessLogSettings": Accepted("access logs only observe"),
            "ApiId": USED,
            "AutoDeploy": Only(True),
            "DefaultRouteSettings": _THROTTLING,
            "Description": TEXT,
            # Keyed by route, so its members cannot be listed here.
            "RouteSettings": GATEWAY,
            "StageName": USED,
            "Tags": TAGS,
        },
        _create_stage,
    ),
    ResourceType(
        "AWS::ApiGatewayV2::Integration",
        {
            "ApiId": USED,
            "ConnectionType": Only("INTERNET"),
            "CredentialsArn": GATEWAY,
            "Description": TEXT,
            "IntegrationMethod": Only("POST"),
            "IntegrationSubtype": GATEWAY,
            "IntegrationType": Only("AWS_PROXY"),
            "IntegrationUri": GATEWAY,
            "PayloadFormatVersion": GATEWAY,
            # Keyed by the members of the service's call.
            "RequestParameters": GATEWAY,
            "TimeoutInMillis": USED,
        },
        _create_integration,
        ("IntegrationId",),
    ),
    ResourceType(
        "AWS::ApiGatewayV2::Route",
        {
            "ApiId": USED,
            "ApiKeyRequired": Accepted("HTTP APIs have no API keys"),
            "AuthorizationScopes": GATEWAY,
            "AuthorizationType": USED,
            "AuthorizerId": USED,
            "OperationName": TEXT,
            "RouteKey": USED,
            "Target": USED,
        },
        _create_route,
        ("RouteId",),
    ),
    ResourceType(
        "AWS::ApiGatewayV2::Authorizer",
        {
            "ApiId": USED,
            "AuthorizerType": Only("JWT"),
            "IdentitySource": GATEWAY,
            "JwtConfiguration": {"Audience": USED, "Issuer": USED},
            "Name": TEXT,
        },
        _create_authorizer,
        ("AuthorizerId",),
    ),
    ResourceType(
        "AWS::ApiGatewayV2::DomainName",
        {
            "DomainName": USED,
            "DomainNameConfigurations": [
                {
                    "CertificateArn": Accepted("the local gateway speaks HTTP"),
                    "EndpointType": Accepted("there is one region here"),
                    "IpAddressType": Accepted("listens on this machine's loopback"),
                    "SecurityPolicy": Accepted("the local gateway speaks HTTP"),
                }
            ],
            "Tags": TAGS,
        },
        _create_domain_name,
        ("RegionalDomainName", "RegionalHostedZoneId", "DomainNameArn"),
    ),
    ResourceType(
        "AWS::ApiGatewayV2::ApiMapping",
        {"ApiId": USED, "ApiMappingKey": GATEWAY, "DomainName": GATEWAY, "Stage": GATEWAY},
        _create_mapping,
        ("ApiMappingId",),
    ),
)
