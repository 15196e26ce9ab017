"""Beacons: the gateway may put records and nothing else, and readers see every one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.infra.test_rules import Template, resources, statements


def test_the_gateway_may_only_put_records(templates: dict[str, Template]) -> None:
    granted = [
        statement["Action"]
        for where, statement in statements({"beacons": templates["beacons"]})
        if where
    ]

    assert granted == ["kinesis:PutRecord"]


def test_beacons_go_into_the_stream_in_the_order_of_their_account(
    templates: dict[str, Template],
) -> None:
    integrations = [
        integration
        for _, _, integration in resources(
            {"beacons": templates["beacons"]}, "AWS::ApiGatewayV2::Integration"
        )
    ]

    assert len(integrations) == 2
    for integration in integrations:
        assert integration["IntegrationSubtype"] == "Kinesis-PutRecord"
        assert integration["RequestParameters"]["PartitionKey"] == "$context.authorizer.claims.sub"


def test_both_ways_into_the_stream_ask_for_a_members_token(templates: dict[str, Template]) -> None:
    routes = [
        route
        for _, _, route in resources({"beacons": templates["beacons"]}, "AWS::ApiGatewayV2::Route")
    ]

    assert [route["RouteKey"] for route in routes] == ["POST /v1/beacons"] * 2
    for route in routes:
        assert route["AuthorizationType"] == "JWT"
        assert route["AuthorizationScopes"] == ["member"]


def test_only_the_apps_own_pages_send_beacons_past_the_edge(
    templates_of: Callable[[str], dict[str, Template]],
) -> None:
    for name, origin in (
        ("local", "http://localhost:8080"),
        ("prod", "https://watch.marquee.example"),
    ):
        ((_, _, api),) = resources(
            {"beacons": templates_of(name)["beacons"]}, "AWS::ApiGatewayV2::Api"
        )

        assert api["CorsConfiguration"] == {
            "AllowHeaders": ["authorization", "content-type", "traceparent"],
            "AllowMethods": ["POST"],
            "AllowOrigins": [origin],
            "MaxAge": 7200,
        }


def test_who_knows_awss_own_address_of_it_is_not_answered_there(
    templates_of: Callable[[str], dict[str, Template]],
) -> None:
    template = templates_of("prod")["beacons"]

    ((_, _, api),) = resources({"beacons": template}, "AWS::ApiGatewayV2::Api")

    assert api["DisableExecuteApiEndpoint"] is True
    assert template["Outputs"]["BeaconsUrl"]["Value"] == (
        "https://beacons.marquee.example/v1/beacons"
    )


def test_beacons_are_limited_and_counted_and_leave_no_line_each(
    templates_of: Callable[[str], dict[str, Template]],
) -> None:
    prod = {"beacons": templates_of("prod")["beacons"]}

    ((_, _, stage),) = resources(prod, "AWS::ApiGatewayV2::Stage")
    alarms = [
        alarm["AlarmDescription"] for _, _, alarm in resources(prod, "AWS::CloudWatch::Alarm")
    ]

    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 5000
    assert "AccessLogSettings" not in stage
    for what in ("answers 5xx", "refuses beacons", "has no room"):
        assert [alarm for alarm in alarms if what in alarm], what


def test_the_stream_is_encrypted(templates: dict[str, Template]) -> None:
    ((_, _, stream),) = resources({"beacons": templates["beacons"]}, "AWS::Kinesis::Stream")

    assert stream["StreamEncryption"]["EncryptionType"] == "KMS"


def test_a_reader_gives_up_on_one_record_alone_and_sets_it_aside(
    templates: dict[str, Template],
) -> None:
    readers: list[dict[str, Any]] = [
        mapping
        for _, _, mapping in resources(
            {"progress": templates["progress"]}, "AWS::Lambda::EventSourceMapping"
        )
    ]

    assert readers
    for reader in readers:
        assert reader["BisectBatchOnFunctionError"] is True
        assert reader["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert reader["StartingPosition"] == "TRIM_HORIZON"
        assert reader["DestinationConfig"]["OnFailure"]["Destination"]
