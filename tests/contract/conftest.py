"""Tables as the templates describe them, in moto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

TableOf = Callable[[str], str]


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
    with mock_aws():
        yield


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
