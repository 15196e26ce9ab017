"""Beacons: the gateway may put records and nothing else, and readers see every one of them."""

from __future__ import annotations

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
    ((_, _, integration),) = resources(
        {"beacons": templates["beacons"]}, "AWS::ApiGatewayV2::Integration"
    )

    assert integration["IntegrationSubtype"] == "Kinesis-PutRecord"
    assert integration["RequestParameters"]["PartitionKey"] == "$context.authorizer.claims.sub"


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
