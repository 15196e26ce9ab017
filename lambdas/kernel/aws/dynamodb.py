"""DynamoDB under the SDK's names, so that one store serves those who wait and those who do not.

Only what stores call: items in DynamoDB's own form, without binary values.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from kernel.aws.json_client import (
    DYNAMODB,
    AwsJson,
    ConditionFailedError,
    TransactionCancelledError,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REQUEST_TOKEN_BYTES = 18
"""In hexadecimal the 36 characters that a ClientRequestToken may have."""


@dataclass(frozen=True)
class _Client:
    """The operations and refusals that stores name."""

    service: AwsJson
    exceptions: ClassVar = SimpleNamespace(
        ConditionalCheckFailedException=ConditionFailedError,
        TransactionCanceledException=TransactionCancelledError,
    )

    def get_item(self, **parameters: object) -> dict[str, Any]:
        return self.service.call("GetItem", **parameters)

    def put_item(self, **parameters: object) -> dict[str, Any]:
        return self.service.call("PutItem", **parameters)

    def update_item(self, **parameters: object) -> dict[str, Any]:
        return self.service.call("UpdateItem", **parameters)

    def delete_item(self, **parameters: object) -> dict[str, Any]:
        return self.service.call("DeleteItem", **parameters)

    def transact_write_items(self, **parameters: object) -> dict[str, Any]:
        """By a name of its own, as the SDK does: made again, it is done once."""
        token = secrets.token_hex(REQUEST_TOKEN_BYTES)
        return self.service.call("TransactWriteItems", **parameters, ClientRequestToken=token)


def dynamodb(environment: Mapping[str, str]) -> DynamoDBClient:
    """The client of the function whose environment this is; AttributeError names an operation
    that it does not have."""
    return cast("DynamoDBClient", _Client(AwsJson(DYNAMODB, environment)))
