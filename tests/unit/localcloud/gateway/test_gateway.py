"""Dispatch, events, answers and refusals of an HTTP API."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from localcloud.functions.errors import (
    FunctionNotFoundError,
    InvocationAbandonedError,
    PayloadTooLargeError,
    ThrottledError,
)
from localcloud.wire import HttpRequest

from .conftest import FUNCTION, HOST, FakeInvocation, World


def message(response: Any) -> tuple[int, dict[str, str]]:
    return response.status, json.loads(response.body)


def test_a_request_reaches_the_function_behind_the_route_alias(world: World) -> None:
    world.route("GET /v1/titles")

    response = world.ask("GET /v1/titles")

    assert response.status == 200
    assert response.body == b"ok"
    assert world.functions.asked == [(FUNCTION, timedelta(seconds=30))]


def test_the_apigateway_form_of_an_integration_uri_is_unwrapped(world: World) -> None:
    uri = (
        "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"
        f"{FUNCTION}/invocations"
    )  # fmt: skip
    world.route("GET /v1/titles", function=uri, TimeoutInMillis=5000)

    world.ask("GET /v1/titles")

    assert world.functions.asked == [(FUNCTION, timedelta(seconds=5))]


def test_the_event_is_payload_2_0_member_for_member(world: World) -> None:
    world.route("POST /v1/titles/{title_id}/x")

    world.ask(
        "POST /v1/titles/a%20b/x?tag=one&tag=two&q=a%2Bb",
        body=b'{"a":1}',
        content_type="application/json; charset=utf-8",
        cookie="a=1; b=2",
        user_agent="curl/8",
        x_amzn_trace_id="Root=1-1-1",
    )

    event = world.functions.events[0]
    assert len(event["requestContext"].pop("requestId")) == 16
    assert event == {
        "version": "2.0",
        "routeKey": "POST /v1/titles/{title_id}/x",
        "rawPath": "/v1/titles/a b/x",
        "rawQueryString": "tag=one&tag=two&q=a%2Bb",
        "cookies": ["a=1", "b=2"],
        "headers": {
            "content-length": "7",
            "content-type": "application/json; charset=utf-8",
            "host": HOST,
            "user-agent": "curl/8",
            "x-amzn-trace-id": "Root=1-1-1",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "queryStringParameters": {"tag": "one,two", "q": "a+b"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "app1",
            "domainName": HOST,
            "domainPrefix": "app1",
            "http": {
                "method": "POST",
                "path": "/v1/titles/a b/x",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "curl/8",
            },
            "routeKey": "POST /v1/titles/{title_id}/x",
            "stage": "$default",
            "time": "14/Nov/2023:22:13:20 +0000",
            "timeEpoch": 1700000000000,
        },
        "pathParameters": {"title_id": "a b"},
        "body": '{"a":1}',
        "isBase64Encoded": False,
    }


def test_an_event_without_body_cookies_query_or_parameters_leaves_those_members_out(
    world: World,
) -> None:
    world.route("GET /v1/titles")

    world.ask("GET /v1/titles")

    event = world.functions.events[0]
    assert not {"body", "cookies", "queryStringParameters", "pathParameters"} & event.keys()
    assert event["isBase64Encoded"] is False
    assert "authorizer" not in event["requestContext"]


def test_a_repeated_header_reaches_the_function_joined_by_commas(world: World) -> None:
    world.route("GET /v1/titles")

    world.ask("GET /v1/titles", x_forwarded_for="198.51.100.1")

    assert world.functions.events[0]["headers"]["x-forwarded-for"] == "198.51.100.1, 203.0.113.7"


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "application/octet-stream", "image/png"]
)
def test_a_body_that_is_not_text_arrives_in_base64(world: World, content_type: str) -> None:
    world.route("POST /token")

    world.ask("POST /token", body=b"a=1", content_type=content_type)

    event = world.functions.events[0]
    assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(b"a=1").decode(), True)


@pytest.mark.parametrize(
    ("reply", "status", "content_type", "body"),
    [
        ("hello", 200, "application/json", b"hello"),
        ({"name": "x"}, 200, "application/json", b'{"name": "x"}'),
        ({"statusCode": 201}, 201, "text/plain;charset=utf-8", b""),
        ({"statusCode": 200, "body": "PDF", "isBase64Encoded": False}, 200, None, b"PDF"),
        (
            {"statusCode": 200, "body": "AAE=", "isBase64Encoded": True,
             "headers": {"Content-Type": "image/png"}},
            200, "image/png", b"\x00\x01",
        ),
    ],
)  # fmt: skip
def test_the_answer_follows_the_functions_reply(
    world: World, reply: Any, status: int, content_type: str | None, body: bytes
) -> None:
    world.route("GET /v1/titles")
    world.functions.reply = reply

    response = world.ask("GET /v1/titles")

    assert (response.status, response.body) == (status, body)
    assert response.header("content-type") == content_type or content_type is None
    assert len(response.header("apigw-requestid")) == 16


def test_each_cookie_of_the_reply_becomes_a_set_cookie_header(world: World) -> None:
    world.route("GET /v1/titles")
    world.functions.reply = {"statusCode": 200, "cookies": ["a=1; Path=/", "b=2"]}

    response = world.ask("GET /v1/titles")

    assert [v for k, v in response.headers if k == "set-cookie"] == ["a=1; Path=/", "b=2"]


@pytest.mark.parametrize(
    "reply",
    [
        {"statusCode": "soon"},
        {"statusCode": 200, "headers": []},
        {"statusCode": 200, "headers": {"a": ["b"]}},
        {"statusCode": 200, "body": "!", "isBase64Encoded": True},
        {"statusCode": 200, "cookies": "a=1"},
    ],
)
def test_a_reply_that_is_no_http_answer_is_an_internal_error(world: World, reply: Any) -> None:
    world.route("GET /v1/titles")
    world.functions.reply = reply

    assert message(world.ask("GET /v1/titles")) == (500, {"message": "Internal Server Error"})


def test_a_function_that_fails_is_an_internal_error(world: World) -> None:
    world.route("GET /v1/titles")
    world.functions.invocation = FakeInvocation(b"{}", "Unhandled")

    assert message(world.ask("GET /v1/titles")) == (500, {"message": "Internal Server Error"})


@pytest.mark.parametrize(
    ("failure", "status", "text"),
    [
        (InvocationAbandonedError(), 503, "Service Unavailable"),
        (ThrottledError(reason="ReservedFunctionConcurrentInvocationLimitExceeded"), 503,
         "Service Unavailable"),
        (PayloadTooLargeError(limit_bytes=1), 413, "Request Entity Too Large"),
        (FunctionNotFoundError("arn"), 500, "Internal Server Error"),
    ],
)  # fmt: skip
def test_what_lambda_refuses_is_answered_as_aws_does(
    world: World, failure: Exception, status: int, text: str
) -> None:
    world.route("GET /v1/titles")
    world.functions.failure = failure

    assert message(world.ask("GET /v1/titles")) == (status, {"message": text})


def test_no_route_is_not_found(world: World) -> None:
    response = world.ask("GET /nowhere")

    assert (response.status, response.body) == (404, b'{"message":"Not Found"}')
    assert response.header("content-type") == "application/json"


def test_another_host_is_forbidden(world: World) -> None:
    assert message(world.ask("GET /", host="other.execute-api.eu-west-1.amazonaws.com")) == (
        403,
        {"message": "Forbidden"},
    )
    assert world.ask("GET /", host="example.com").status == 403


def test_a_body_over_10_mb_is_too_large(world: World) -> None:
    world.route("POST /v1/titles")

    assert world.ask("POST /v1/titles", body=b"x" * (10 * 1024 * 1024 + 1)).status == 413
    assert world.functions.events == []


def test_a_disabled_endpoint_is_reached_by_its_custom_domain_only(
    make_world: Callable[..., World],
) -> None:
    world = make_world(DisableExecuteApiEndpoint=True)
    world.route("GET /v1/titles")
    world.add(
        "AWS::ApiGatewayV2::ApiMapping", "m1", ApiId="app1", DomainName="api.example.com",
        Stage="$default",
    )  # fmt: skip

    assert message(world.ask("GET /v1/titles")) == (403, {"message": "Forbidden"})
    assert world.ask("GET /v1/titles", host="api.example.com:8080").status == 200
    assert world.functions.events[0]["requestContext"]["domainName"] == "api.example.com"


def test_a_mapping_key_is_taken_off_for_routing_and_kept_in_the_event(world: World) -> None:
    world.route("GET /titles")
    world.add(
        "AWS::ApiGatewayV2::ApiMapping", "m1", ApiId="app1", DomainName="api.example.com",
        Stage="$default", ApiMappingKey="shop/v1",
    )  # fmt: skip

    assert world.ask("GET /shop/v1/titles", host="api.example.com").status == 200
    assert world.functions.events[0]["rawPath"] == "/shop/v1/titles"


def test_a_named_stage_stands_in_the_path(world: World) -> None:
    world.add("AWS::ApiGatewayV2::Stage", "beta", ApiId="app1", StageName="beta")
    world.route("GET /titles")

    assert world.ask("GET /beta/titles").status == 200
    assert world.functions.events[0]["requestContext"]["stage"] == "beta"
    assert world.functions.events[0]["rawPath"] == "/beta/titles"


def test_a_listener_can_stand_in_for_a_custom_domain(world: World) -> None:
    world.route("GET /v1/titles")
    handler = world.gateway.serving("app1")

    assert handler(HttpRequest("GET", "/v1/titles", host="localhost:9080")).status == 200
    headers = world.functions.events[0]["headers"]
    assert (headers["host"], headers["x-forwarded-port"]) == ("localhost:9080", "9080")


def test_a_route_that_is_provisioned_later_is_served(world: World) -> None:
    assert world.ask("GET /v1/titles").status == 404

    world.route("GET /v1/titles")

    assert world.ask("GET /v1/titles").status == 200


class TestPermission:
    def test_without_a_lambda_permission_the_answer_is_an_internal_error(
        self, world: World
    ) -> None:
        world.route("GET /v1/titles", function=FUNCTION.replace("titles", "other"))

        assert message(world.ask("GET /v1/titles")) == (500, {"message": "Internal Server Error"})
        assert world.functions.events == []

    def test_a_permission_for_another_alias_does_not_count(self, world: World) -> None:
        world.route("GET /v1/titles", function=FUNCTION.replace(":live", ":next"))

        assert world.ask("GET /v1/titles").status == 500

    @pytest.mark.parametrize(
        ("source", "status"),
        [
            ("app1/*/*/v1/titles/{id}", 200),
            ("app1/$default/GET/v1/titles/{id}", 200),
            ("app1/*/POST/v1/titles/{id}", 500),
            ("app2/*", 500),
        ],
    )
    def test_its_source_arn_must_cover_the_route(
        self, world: World, source: str, status: int
    ) -> None:
        world.add(
            "AWS::Lambda::Permission",
            "perm",
            Action="lambda:InvokeFunction",
            FunctionName=FUNCTION,
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:eu-west-1:123456789012:{source}",
        )
        world.route("GET /v1/titles/{id}")

        assert world.ask("GET /v1/titles/7").status == status


class TestThrottling:
    def test_a_burst_beyond_the_stage_settings_is_too_many_requests(self, world: World) -> None:
        world.route("GET /v1/titles")
        world.add(
            "AWS::ApiGatewayV2::Stage", "$default", ApiId="app1", StageName="$default",
            DefaultRouteSettings={"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 1},
        )  # fmt: skip

        statuses = [world.ask("GET /v1/titles").status for _ in range(3)]
        refused = world.ask("GET /v1/titles")
        world.now[0] += 1.0

        assert statuses == [200, 200, 429]
        assert message(refused) == (429, {"message": "Too Many Requests"})
        assert world.ask("GET /v1/titles").status == 200

    def test_a_route_has_its_own_bucket(self, world: World) -> None:
        world.route("GET /a")
        world.route("GET /b")
        world.add(
            "AWS::ApiGatewayV2::Stage", "$default", ApiId="app1", StageName="$default",
            RouteSettings={"GET /a": {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 1}},
        )  # fmt: skip

        assert [world.ask("GET /a").status for _ in range(2)] == [200, 429]
        assert [world.ask("GET /b").status for _ in range(2)] == [200, 200]


class TestCors:
    CORS: ClassVar[dict[str, Any]] = {
        "AllowOrigins": ["https://watch.example.com"],
        "AllowMethods": ["GET", "POST"],
        "AllowHeaders": ["authorization", "content-type"],
        "ExposeHeaders": ["etag"],
        "MaxAge": "300",
        "AllowCredentials": True,
    }
    ASK: ClassVar[dict[str, Any]] = {
        "origin": "https://watch.example.com",
        "access_control_request_method": "POST",
    }

    def test_the_gateway_answers_a_preflight_itself(self, make_world: Callable[..., World]) -> None:
        world = make_world(CorsConfiguration=self.CORS)
        world.protected("POST /token")

        response = world.ask("OPTIONS /token", **self.ASK)

        assert response.status == 204
        assert response.body == b""
        assert dict(response.headers[:-1]) == {
            "access-control-allow-origin": "https://watch.example.com",
            "access-control-allow-credentials": "true",
            "access-control-allow-methods": "GET,POST",
            "access-control-allow-headers": "authorization,content-type",
            "access-control-max-age": "300",
        }
        assert world.functions.events == []

    def test_a_preflight_from_elsewhere_is_told_nothing(
        self, make_world: Callable[..., World]
    ) -> None:
        world = make_world(CorsConfiguration=self.CORS)

        response = world.ask("OPTIONS /token", **{**self.ASK, "origin": "https://evil.example"})

        assert (response.status, [name for name, _ in response.headers]) == (
            204,
            ["apigw-requestid"],
        )

    def test_an_any_route_with_an_authorizer_swallows_the_preflight(
        self, make_world: Callable[..., World]
    ) -> None:
        world = make_world(CorsConfiguration=self.CORS)
        world.protected("ANY /{proxy+}")

        assert world.ask("OPTIONS /token", **self.ASK).status == 401

    def test_answers_carry_the_apis_headers_and_not_the_functions(
        self, make_world: Callable[..., World]
    ) -> None:
        world = make_world(CorsConfiguration=self.CORS)
        world.route("GET /v1/titles")
        world.functions.reply = {
            "statusCode": 200,
            "headers": {"Access-Control-Allow-Origin": "*", "etag": "x"},
        }

        response = world.ask("GET /v1/titles", origin="https://watch.example.com")

        assert [v for k, v in response.headers if k == "access-control-allow-origin"] == [
            "https://watch.example.com"
        ]
        assert response.header("access-control-expose-headers") == "etag"

    def test_without_cors_configuration_the_functions_headers_pass(self, world: World) -> None:
        world.route("GET /v1/titles")
        world.functions.reply = {
            "statusCode": 200,
            "headers": {"Access-Control-Allow-Origin": "*"},
        }

        response = world.ask("GET /v1/titles", origin="https://watch.example.com")

        assert response.header("access-control-allow-origin") == "*"
        assert world.ask("OPTIONS /v1/titles", **self.ASK).status == 404


class TestIam:
    def test_a_signed_call_is_checked_against_the_routes_execute_arn(self, world: World) -> None:
        world.route("POST /speke/v2.0/copyProtection", AuthorizationType="AWS_IAM")

        assert world.ask("POST /speke/v2.0/copyProtection").status == 200
        assert world.iam == [
            (
                "execute-api:Invoke",
                "arn:aws:execute-api:eu-west-1:123456789012:"
                "app1/$default/POST/speke/v2.0/copyProtection",
            )
        ]

    def test_a_refused_call_is_forbidden(self, world: World) -> None:
        world.route("POST /speke", AuthorizationType="AWS_IAM")
        world.iam_refusal[0] = "no signature"

        assert message(world.ask("POST /speke")) == (403, {"message": "Forbidden"})
        assert world.functions.events == []
