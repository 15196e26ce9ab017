"""DynamoDB without an SDK, as stores call it."""

from __future__ import annotations

import pytest

from kernel.aws.dynamodb import dynamodb
from tests.unit.kernel.aws.test_json_client import BROKEN, Serve, serve

__all__ = ["serve"]
ITEM = {"pk": {"S": "a"}, "sk": {"S": "A"}}


def refused(name: str, more: str = "") -> tuple[int, str]:
    return 400, f'{{"__type":"com.amazonaws.dynamodb.v20120810#{name}"{more}}}'


def test_an_operation_is_asked_for_by_its_own_name_with_its_parameters(serve: Serve) -> None:
    service = serve((200, '{"Item":{"pk":{"S":"a"}}}'))

    answer = dynamodb(service.environment()).get_item(TableName="t", Key=ITEM)

    assert answer["Item"] == {"pk": {"S": "a"}}
    assert service.targets == ["DynamoDB_20120810.GetItem"]
    assert service.bodies == [{"TableName": "t", "Key": ITEM}]


def test_a_transaction_that_is_made_again_is_known_by_its_token(serve: Serve) -> None:
    service = serve(BROKEN, refused("TransactionInProgressException"), (200, "{}"))
    client = dynamodb(service.environment())

    client.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": ITEM}}])
    client.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": ITEM}}])

    first, again, at_last, another = [body["ClientRequestToken"] for body in service.bodies]
    assert first == again == at_last != another
    assert len(first) == 36


def test_a_failed_condition_says_what_stands_there(serve: Serve) -> None:
    service = serve(refused("ConditionalCheckFailedException", ',"Item":{"pk":{"S":"b"}}'))
    client = dynamodb(service.environment())

    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as error:
        client.put_item(TableName="t", Item=ITEM)

    assert error.value.response["Item"] == {"pk": {"S": "b"}}  # type: ignore[typeddict-item]


def test_a_cancelled_transaction_says_why(serve: Serve) -> None:
    reasons = ',"CancellationReasons":[{"Code":"ConditionalCheckFailed"}]'
    client = dynamodb(serve(refused("TransactionCanceledException", reasons)).environment())

    with pytest.raises(client.exceptions.TransactionCanceledException) as error:
        client.transact_write_items(TransactItems=[])

    assert error.value.response["CancellationReasons"] == [{"Code": "ConditionalCheckFailed"}]
