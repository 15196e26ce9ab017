"""Tables as the templates describe them, in moto."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from threading import Lock
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.errorfactory import ClientExceptionsFactory
from botocore.model import ServiceModel
from moto import mock_aws

from kernel.aws.dynamodb import dynamodb as lean_client
from kernel.aws.json_client import AwsJson, JsonService
from localcloud.moto_app import MotoApp
from localcloud.moto_seams import dynamodb
from localcloud.serve import serve
from localcloud.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TableOf = Callable[[str], str]
JsonClient = Callable[[JsonService], AwsJson]


@pytest.fixture(autouse=True, scope="session")
def one_set_of_errors() -> Iterator[None]:
    """A client's classes of errors are made once, even where two threads are the first to ask.

    botocore makes them when they are first asked for: twice, where two threads are first, and then
    `except` does not know what was raised. Our functions answer one request at a time.
    """
    making, make = Lock(), ClientExceptionsFactory.create_client_exceptions

    def make_alone(factory: ClientExceptionsFactory, service_model: ServiceModel) -> Any:
        with making:
            return make(factory, service_model)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ClientExceptionsFactory, "create_client_exceptions", make_alone)
        yield


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account; nothing leaves the process."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    # Moto alone lets two writes at once both find their condition true.
    for seam in dynamodb.SEAMS:
        seam.install()
    with mock_aws():
        yield


PATIENCE_SECONDS = 60.0
"""A machine that is busy is no service that does not answer: what is asked again meets itself."""

THROTTLED = b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"Later"}'
"""As DynamoDB says that a key or a table is asked for too much."""


class Account:
    """The same account behind an address, for those who do without boto3."""

    def __init__(self) -> None:
        self.operations: list[str] = []
        """What was asked for there, in order."""
        self.throttled: set[str] = set()
        """Operations that are too many for now."""
        self._moto = MotoApp("123456789012")

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Whatever moto answers; signatures are the running service's to check."""
        operation = (request.header("x-amz-target") or "").rpartition(".")[2]
        self.operations.append(operation)
        if operation in self.throttled:
            return HttpResponse(400, (("content-type", "application/x-amz-json-1.0"),), THROTTLED)
        # Credential=<key>/<day>/<region>/<service>/aws4_request, …
        _, _, region, service, *_ = (request.header("authorization") or "").split("/")
        return self._moto.call(service, region, request)


@pytest.fixture(scope="session")
def account() -> Account:
    """One for all tests: what it holds is forgotten with each of them."""
    return Account()


@pytest.fixture(scope="session")
def aws_address(account: Account) -> Iterator[str]:
    """Where it answers, on kept connections as AWS does."""
    server = serve(account.answer, ("127.0.0.1", 0))
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


@pytest.fixture
def aws_json(aws: None, aws_address: str) -> JsonClient:
    """Makes the client that handlers have."""
    environment = {**os.environ, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": aws_address}
    return lambda service: AwsJson(service, environment, timeout_seconds=PATIENCE_SECONDS)


@pytest.fixture
def lean_dynamodb(aws: None, aws_address: str) -> DynamoDBClient:
    """DynamoDB as the functions call it that somebody waits for."""
    return lean_client({**os.environ, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": aws_address})


@pytest.fixture
def aws_calls(account: Account) -> list[str]:
    """The operations that were asked for at the account's address, in order."""
    return account.operations


@pytest.fixture
def throttled(account: Account) -> Iterator[set[str]]:
    """Operations that are refused there as too many, as long as they stand in it."""
    yield account.throttled
    account.throttled.clear()


@pytest.fixture
def function_environment(
    aws: None, aws_address: str, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """What Lambda's environment says to every function; the test adds the function's own."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_address)
    return monkeypatch


@pytest.fixture
def table_of(aws: None, template: Callable[[str], dict[str, Any]]) -> TableOf:
    """Creates the table of a stack's template and answers its name."""

    def create(stack: str) -> str:
        resources = template(stack)["Resources"].values()
        (properties,) = (
            resource["Properties"]
            for resource in resources
            if resource["Type"] == "AWS::DynamoDB::GlobalTable"
        )
        boto3.client("dynamodb").create_table(
            TableName=stack,
            **{
                name: properties[name]
                for name in ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")
                if name in properties
            },
            BillingMode=properties["BillingMode"],
        )
        return stack

    return create
