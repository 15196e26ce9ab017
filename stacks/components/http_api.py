"""Routes on an HTTP API that another stack owns: each says who may call it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.components.acknowledgements import acknowledge
from stacks.components.function import MarqueeFunction

Scope = Literal["member", "staff", "export"]

_WITHOUT_AUTHORIZER = {
    False: "Signing in and its discovery documents are for people who have no token yet.",
    True: "A player sends its licence token, which the function checks; it has no access token.",
}
"""By whether the function checks a token of its own."""


@dataclass(frozen=True)
class HttpApiRef:
    """An HTTP API by its attributes, so that a domain's stack adds routes without owning it."""

    api_id: str
    authorizer_id: str | None = None
    """The API's JWT authorizer, where it has one."""
    failing: cloudwatch.IAlarm | None = None
    """Sounds when the API answers 5xx: a new version of any function behind it is suspected."""


@dataclass(frozen=True)
class Route:
    """One route. Exactly one of `scope`, `own_token`, `public` and `iam` is its guard."""

    key: str
    """Method and path, such as `GET /v1/titles`."""
    scope: Scope | None = None
    """A JWT with this scope, checked by API Gateway."""
    own_token: bool = False
    """The function checks a token of its own (licences, steering)."""
    public: bool = False
    """Anybody may call it."""
    iam: bool = False
    """AWS principals with execute-api:Invoke."""

    def __post_init__(self) -> None:
        guards = [self.scope is not None, self.own_token, self.public, self.iam]
        if guards.count(True) != 1:
            raise ValueError(f"Route {self.key} must state exactly one guard.")

    @property
    def method(self) -> str:
        """The HTTP method; never ANY, which would swallow preflights."""
        return self.key.split(" ")[0]

    @property
    def path(self) -> str:
        """The path with its parameters in braces."""
        return self.key.split(" ")[1]


def add_routes(
    scope: Construct, *, api: HttpApiRef, function: MarqueeFunction, routes: Sequence[Route]
) -> None:
    """Send routes to a function's alias, with one permission for the function on this API."""
    target = apigw.HttpApi.from_http_api_attributes(
        scope, f"{function.node.id}Api", http_api_id=api.api_id
    )
    integration = integrations.HttpLambdaIntegration(
        f"{function.node.id}Integration", function.alias, scope_permission_to_route=False
    )
    function.roll_back_on(api.failing)
    for route in routes:
        made = apigw.HttpRoute(
            scope,
            f"Route{route.method.title()}{_identifier(route.path)}",
            http_api=target,
            route_key=apigw.HttpRouteKey.with_(route.path, apigw.HttpMethod[route.method]),
            integration=integration,
            authorizer=_authorizer(scope, api, function, route),
            authorization_scopes=[route.scope] if route.scope else None,
        )
        if route.public or route.own_token:
            acknowledge(made, "AwsSolutions-APIG4", _WITHOUT_AUTHORIZER[route.own_token])


def _authorizer(
    scope: Construct, api: HttpApiRef, function: MarqueeFunction, route: Route
) -> apigw.IHttpRouteAuthorizer:
    if route.iam:
        return authorizers.HttpIamAuthorizer()
    if route.scope is None:
        return apigw.HttpNoneAuthorizer()
    if api.authorizer_id is None:
        raise ValueError(f"Route {route.key} wants a scope, but its API has no JWT authorizer.")
    construct_id = f"{function.node.id}Authorizer{_identifier(route.key)}"
    return apigw.HttpAuthorizer.from_http_authorizer_attributes(
        scope, construct_id, authorizer_id=api.authorizer_id, authorizer_type="JWT"
    )


def _identifier(path: str) -> str:
    words = "".join(character if character.isalnum() else " " for character in path).split()
    return "".join(word[:1].upper() + word[1:] for word in words)
