"""An HTTP API that puts beacons into a stream without a function."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from localcloud.gateway import Gateway
from localcloud.gateway.model import UnsupportedApiError
from localcloud.gateway.put_record import ServiceRefusedError

from .conftest import World

ROLE = "arn:aws:iam::123456789012:role/beacons"
PARAMETERS = {
    "StreamName": "beacons",
    "Data": "$request.body.d",
    "PartitionKey": "$context.authorizer.claims.sub",
}


class FakeStream:
    def __init__(self) -> None:
        self.put: list[tuple[str, Mapping[str, Any]]] = []
        self.refusal: ServiceRefusedError | None = None

    def __call__(self, role_arn: str, members: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.refusal is not None:
            raise self.refusal
        self.put.append((role_arn, members))
        return {"SequenceNumber": "1", "ShardId": "shardId-0"}


@pytest.fixture
def stream() -> FakeStream:
    return FakeStream()


@pytest.fixture
def beacons(world: World, stream: FakeStream) -> World:
    world.gateway = Gateway(
        world.registry,
        world.functions,
        clock=lambda: world.now[0],
        fetch=world.issuer.fetch,
        put_record=stream,
    )
    declare(world, PARAMETERS)
    return world


def declare(world: World, parameters: dict[str, str], **changes: Any) -> None:
    properties = {
        "ApiId": "app1",
        "IntegrationType": "AWS_PROXY",
        "IntegrationSubtype": "Kinesis-PutRecord",
        "PayloadFormatVersion": "1.0",
        "CredentialsArn": ROLE,
        "RequestParameters": parameters,
        **changes,
    }
    world.add("AWS::ApiGatewayV2::Integration", "stream", **properties)
    world.add(
        "AWS::ApiGatewayV2::Route",
        "beacons",
        ApiId="app1",
        RouteKey="POST /v1/beacons",
        Target="integrations/stream",
        AuthorizationType="JWT",
        AuthorizerId="jwt1",
    )


def send(world: World, body: object) -> Any:
    return world.ask(
        "POST /v1/beacons",
        body=json.dumps(body).encode(),
        authorization=f"Bearer {world.issuer.token()}",
    )


def test_a_field_of_the_body_becomes_the_record(beacons: World, stream: FakeStream) -> None:
    answer = send(beacons, {"d": base64.b64encode(b'{"beat":1}').decode(), "other": 1})

    assert answer.status == 200
    assert json.loads(answer.body) == {"SequenceNumber": "1", "ShardId": "shardId-0"}
    assert stream.put == [
        (ROLE, {"StreamName": "beacons", "Data": b'{"beat":1}', "PartitionKey": "acc_1"})
    ]


@pytest.mark.parametrize("body", [{}, {"e": "x"}, [1], "text"])
def test_a_body_without_the_field_is_a_bad_request(
    beacons: World, stream: FakeStream, body: object
) -> None:
    answer = send(beacons, body)

    assert answer.status == 400
    assert stream.put == []


def test_data_that_is_no_base64_is_refused(beacons: World, stream: FakeStream) -> None:
    answer = send(beacons, {"d": "not base64!"})

    assert answer.status == 400
    assert stream.put == []


def test_what_kinesis_refuses_is_passed_on(beacons: World, stream: FakeStream) -> None:
    stream.refusal = ServiceRefusedError(400, "ProvisionedThroughputExceededException", "slow")

    answer = send(beacons, {"d": ""})

    assert answer.status == 400
    assert json.loads(answer.body)["__type"] == "ProvisionedThroughputExceededException"


def test_the_authorizer_comes_first(beacons: World, stream: FakeStream) -> None:
    assert beacons.ask("POST /v1/beacons", body=b'{"d":""}').status == 401
    assert stream.put == []


@pytest.mark.parametrize(
    ("parameters", "changes"),
    [
        ({"Data": "$request.body.d"}, {}),
        ({**PARAMETERS, "Datum": "x"}, {}),
        (PARAMETERS, {"CredentialsArn": None}),
        (PARAMETERS, {"IntegrationSubtype": "SQS-SendMessage"}),
    ],
)
def test_an_integration_that_aws_would_refuse_is_an_error(
    world: World, parameters: dict[str, str], changes: dict[str, Any]
) -> None:
    declare(world, parameters, **changes)

    with pytest.raises(UnsupportedApiError):
        world.ask("POST /v1/beacons")
