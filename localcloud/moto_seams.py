"""Every place where moto is overridden, and nothing else: read this when moto is updated.

Each seam states why it exists and the digest of the source it replaces, so that a test fails
when moto's side changes. `install` may be called again (another front in the same process):
the patches stay, what they talk to is replaced.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import inspect
import json
import sys
import threading
import time
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import moto.awslambda.models as moto_lambda
import moto.core.responses as moto_responses
import moto.dynamodb.exceptions as dynamodb_errors
import moto.dynamodb.models as moto_dynamodb
import moto.dynamodb.responses as dynamodb_responses
import moto.dynamodbstreams.responses as streams_responses
import moto.iam.models as moto_iam
import moto.kms.utils as kms_utils
import moto.moto_server.werkzeug_app as moto_app
import moto.s3.notifications as s3_notifications
import moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_factory as factory  # noqa: E501 - moto's own name
import moto.stepfunctions.parser.asl.utils.boto_client as sfn_boto_client
from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.core.responses import ActionResult
from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.models import table as moto_table
from moto.iam.aws_managed_policies import aws_managed_policies_data

from localcloud.iam.actions import KMS_KEY_ID_LENGTH
from localcloud.identities import Credentials

IDEMPOTENCY_SECONDS = 600
"""How long DynamoDB remembers a ClientRequestToken after the transaction finished."""
TRANSACTION_ITEMS = 100
"""DynamoDB's limit since 2022; moto still has 25 for reads."""

CredentialsForRole = Callable[[str], Credentials]

dynamodb_lock = threading.RLock()
"""Held around every DynamoDB call: moto's own is not safe under threads."""


@dataclass(frozen=True)
class Seam:
    """One override."""

    target: str
    why: str
    original: Any = field(repr=False)
    digest: str
    """First twelve hexadecimal digits of the SHA-256 of the original's source."""


def source_digest(original: Any) -> str:
    """The digest to compare a seam's with."""
    return hashlib.sha256(inspect.getsource(original).encode()).hexdigest()[:12]


# DynamoDB


@contextmanager
def _undo_on_error() -> Iterator[_Undo]:
    undo = _Undo()
    try:
        yield undo
    except BaseException:
        undo.roll_back()
        raise


class _Undo:
    """Remembers the items a write is about to touch, and the length of the streams."""

    def __init__(self) -> None:
        self._items: dict[tuple[int, Any, Any], tuple[Any, Any]] = {}
        self._streams: dict[int, tuple[Any, int]] = {}

    def remember(self, table: Any, hash_key: Any, range_key: Any) -> None:
        """Keep a copy of one item, or that it does not exist."""
        place = (id(table), hash_key, range_key)
        if place not in self._items:
            current = table.get_item(hash_key, range_key)
            self._items[place] = (table, copy.deepcopy(current))
        shard = table.stream_shard
        if shard is not None and id(shard) not in self._streams:
            self._streams[id(shard)] = (shard, len(shard.items))

    def roll_back(self) -> None:
        """Restore what was remembered."""
        for (_, hash_key, range_key), (table, item) in self._items.items():
            if range_key is None:
                if item is None:
                    table.items.pop(hash_key, None)
                else:
                    table.items[hash_key] = item
            elif item is None:
                table.items[hash_key].pop(range_key, None)
            else:
                table.items[hash_key][range_key] = item
        for shard, length in self._streams.values():
            del shard.items[length:]


def _transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
    """As moto's, but what a cancelled transaction restores is the items it touched."""
    if len(transact_items) > TRANSACTION_ITEMS:
        raise dynamodb_errors.TooManyTransactionsException
    seen: set[tuple[int, Any, Any]] = set()
    reasons: list[tuple[str | None, str | None, dict[str, Any] | None]] = []
    with _undo_on_error() as undo:
        for entry in transact_items:
            if len(entry) > 1:
                raise dynamodb_errors.TransactWriteSingleOpException
            ((kind, operation),) = entry.items()
            table = self.get_table(operation["TableName"])
            key = _key_of(table, operation["Item"] if kind == "Put" else operation["Key"])
            place = (id(table), *self.get_keys_value(table, key))
            if place in seen:
                raise dynamodb_errors.MultipleTransactionsException
            seen.add(place)
            undo.remember(table, *place[1:])
            reasons.append(_apply(self, kind, operation, key))
        if any(code is not None for code, _, _ in reasons):
            raise dynamodb_errors.TransactionCanceledException(reasons)


def _key_of(table: Any, attributes: dict[str, Any]) -> dict[str, Any]:
    try:
        return {name: attributes[name] for name in table.table_key_attrs}
    except KeyError as error:
        raise dynamodb_errors.MockValidationException(
            "One or more parameter values were invalid: Missing the key "
            f"{error.args[0]} in the item"
        ) from error


def _apply(
    backend: Any, kind: str, operation: dict[str, Any], key: dict[str, Any]
) -> tuple[str | None, str | None, dict[str, Any] | None]:
    """Carry out one operation; a reason for cancelling when it cannot be."""
    current = backend.get_item(operation["TableName"], key)
    expression = {
        "condition_expression": operation.get("ConditionExpression"),
        "expression_attribute_names": operation.get("ExpressionAttributeNames"),
        "expression_attribute_values": operation.get("ExpressionAttributeValues"),
    }
    if expression["condition_expression"] is not None:
        condition = get_filter_expression(*expression.values())
        if not condition.expr(current):
            wants_item = operation.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            item = current.to_json()["Attributes"] if wants_item and current else None
            return "ConditionalCheckFailed", "The conditional request failed", item
    name = operation["TableName"]
    try:
        if kind == "Put":
            backend.put_item(name, operation["Item"], **expression)
        elif kind == "Delete":
            backend.delete_item(name, key, **expression)
        elif kind == "Update":
            backend.update_item(
                name, key, update_expression=operation["UpdateExpression"], **expression
            )
        elif kind != "ConditionCheck":
            raise dynamodb_errors.MockValidationException(f"Unsupported operation {kind}")
    except (dynamodb_errors.ItemSizeTooLarge, dynamodb_errors.ItemSizeToUpdateTooLarge) as error:
        return "ValidationError", error.message, None
    return None, None, None


def _update_item(self: Any, table_name: str, key: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    """As moto's, but a failure leaves no trace and a new item makes one stream record."""
    table = self.get_table(table_name)
    with _undo_on_error() as undo:
        undo.remember(table, *self.get_keys_value(table, key))
        before = len(table.stream_shard.items) if table.stream_shard else 0
        item = _ORIGINAL_UPDATE_ITEM(self, table_name, key, *args, **kwargs)
    shard = table.stream_shard
    if shard is not None and len(shard.items) == before + 2:
        # Moto records the bare key first and the item second, both as INSERT.
        first, second = shard.items[before:]
        number = first.record["dynamodb"]["SequenceNumber"]
        second.record["dynamodb"]["SequenceNumber"] = number
        shard.items[before:] = [second]
    return item


def _add_stream_record(self: Any, old: Any, new: Any) -> None:
    """As moto's, but in the table's region, without aliasing, and silent when nothing changed.

    It delivers to no function: the local cloud's triggers read the stream.
    """
    if old is not None and new is not None and old.to_json() == new.to_json():
        return
    name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    view = self.table.stream_specification["StreamViewType"]
    number = len(self.items) + self.starting_sequence_number
    record = moto_table.StreamRecord(self.table, view, name, old, new, number)
    record.record = copy.deepcopy(record.record)
    record.record["awsRegion"] = self.table.region_name
    self.items.append(record)


class _Transactions:
    """ClientRequestTokens of the last ten minutes."""

    def __init__(self) -> None:
        self._done: OrderedDict[tuple[str, str, str], tuple[float, str]] = OrderedDict()

    def answered(self, place: tuple[str, str, str], digest: str) -> bool:
        """Whether this very transaction was done; raises when the token served another."""
        self._forget()
        known = self._done.get(place)
        if known is None:
            return False
        if known[1] != digest:
            raise dynamodb_errors.DynamodbException(
                "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException",
                "DynamoDB rejected the request because you retried a request with a different "
                "payload but with an idempotent token that was already used.",
            )
        return True

    def remember(self, place: tuple[str, str, str], digest: str) -> None:
        """Keep the token of a transaction that succeeded."""
        self._done[place] = (time.monotonic() + IDEMPOTENCY_SECONDS, digest)

    def _forget(self) -> None:
        now = time.monotonic()
        while self._done and next(iter(self._done.values()))[0] < now:
            self._done.popitem(last=False)


transactions = _Transactions()


def _handle_transact_write_items(self: Any) -> Any:
    """Moto's handler, once per ClientRequestToken."""
    token = self.body.get("ClientRequestToken")
    if not token:
        return _ORIGINAL_TRANSACT_HANDLER(self)
    payload = json.dumps(self.body["TransactItems"], sort_keys=True, default=str)
    digest = hashlib.sha256(payload.encode()).hexdigest()
    place = (self.current_account, self.region, token)
    if transactions.answered(place, digest):
        return ActionResult({"ConsumedCapacity": [], "ItemCollectionMetrics": {}})
    result = _ORIGINAL_TRANSACT_HANDLER(self)
    transactions.remember(place, digest)
    return result


def _under_lock(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call_action(self: Any) -> Any:
        with dynamodb_lock:
            return original(self)

    return call_action


# S3


@dataclass(frozen=True)
class ObjectEvent:
    """What moto would have notified of."""

    name: str
    """`s3:ObjectCreated:Put` and its like."""
    bucket: str
    key: str
    size: int
    etag: str
    version_id: str | None


_recorded = threading.local()


@contextmanager
def recorded_object_events() -> Iterator[list[ObjectEvent]]:
    """Collects the events of the S3 call made inside, by this thread."""
    events: list[ObjectEvent] = []
    _recorded.events = events
    try:
        yield events
    finally:
        _recorded.events = None


def _send_event(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:  # noqa: ARG001
    """Record the event instead of delivering it: the triggers deliver, once and with retries."""
    events = getattr(_recorded, "events", None)
    if events is not None:
        events.append(
            ObjectEvent(
                name=event_name.value,
                bucket=bucket.name,
                key=key.name,
                size=key.size,
                etag=key.etag.strip('"'),
                version_id=key.version_id if bucket.is_versioned else None,
            )
        )


# Lambda


def _deliver_nothing(self: Any, *args: Any, **kwargs: Any) -> bool:  # noqa: ARG001
    """Event sources are the triggers' business; False leaves a message in its queue."""
    return False


# IAM


def _attach_role_policy(self: Any, policy_arn: str, role_name: str) -> None:
    """Moto's, with AWS's managed policies loaded one by one instead of all 1,400 at the start."""
    if policy_arn.startswith("arn:aws:iam::aws:policy/") and policy_arn not in (
        self.managed_policies
    ):
        name = policy_arn.rsplit("/", 1)[-1]
        data = _aws_managed_policies().get(name)
        if data is not None:
            policy = moto_iam.AWSManagedPolicy.from_data(
                name, self.account_id, self.region_name, data
            )
            self.managed_policies[policy.arn] = policy
    _ORIGINAL_ATTACH(self, policy_arn, role_name)


@functools.lru_cache(maxsize=1)
def _aws_managed_policies() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(aws_managed_policies_data)
    return loaded


# Step Functions


class _WorkflowClients:
    """Clients that sign with the state machine's role, as Step Functions does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._front_url = ""
        self._credentials_for: CredentialsForRole | None = None
        self._clients: dict[tuple[str, str, str], tuple[Any, float]] = {}

    def connect(self, front_url: str, credentials_for_role: CredentialsForRole) -> None:
        """From now on talk to this front."""
        with self._lock:
            self._front_url = front_url
            self._credentials_for = credentials_for_role
            self._clients.clear()

    def get(self, role_arn: str, region: str, service: str) -> Any:
        """A client of the service with the role's credentials, renewed before they end."""
        with self._lock:
            client, renew_at = self._clients.get((role_arn, region, service), (None, 0.0))
            if client is not None and time.time() < renew_at:
                return client
            if self._credentials_for is None:
                raise RuntimeError("moto_seams.install was not called")
            credentials = self._credentials_for(role_arn)
            session: Any = boto3.Session()
            client = session.client(
                service,
                region_name=region,
                endpoint_url=self._front_url,
                aws_access_key_id=credentials.access_key_id,
                aws_secret_access_key=credentials.secret_access_key,
                aws_session_token=credentials.session_token,
                config=Config(
                    parameter_validation=False,
                    retries={"total_max_attempts": 1},
                    connect_timeout=WORKFLOW_CONNECT_SECONDS,
                    read_timeout=WORKFLOW_READ_SECONDS,
                    max_pool_connections=WORKFLOW_CONNECTIONS,
                ),
            )
            ends = credentials.expiration.timestamp() if credentials.expiration else float("inf")
            self._clients[role_arn, region, service] = (client, ends - RENEW_BEFORE_END_SECONDS)
            return client


WORKFLOW_CONNECT_SECONDS = 10
WORKFLOW_READ_SECONDS = 930
"""A function may take 15 minutes to answer."""
WORKFLOW_CONNECTIONS = 50
"""A Map runs up to 40 branches at once."""
RENEW_BEFORE_END_SECONDS = 300

workflow_clients = _WorkflowClients()


def _boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:
    """Moto's asks with made-up keys; this one with those of the state machine's role."""
    if state_credentials is None:
        raise RuntimeError(f"Step Functions asked for {service} without naming a role")
    return workflow_clients.get(state_credentials.role_arn, region, service)


def _state_task_service_for(service_name: str) -> Any:
    """Moto's, and `mediaconvert`."""
    if service_name == "mediaconvert":
        # Imported here: building the class needs moto's interpreter, which is slow to load.
        from localcloud.sfn_mediaconvert import StateTaskServiceMediaConvert

        return StateTaskServiceMediaConvert()
    return _ORIGINAL_STATE_TASK(service_name)


def _replace_everywhere(prefix: str, original: Any, replacement: Any) -> None:
    """Replace a function in every module that imported it by name."""
    for name, module in list(sys.modules.items()):
        if not name.startswith(prefix) or not isinstance(module, types.ModuleType):
            continue
        for attribute, value in list(vars(module).items()):
            if value is original:
                setattr(module, attribute, replacement)


_ORIGINAL_UPDATE_ITEM = moto_dynamodb.DynamoDBBackend.update_item
_ORIGINAL_TRANSACT = moto_dynamodb.DynamoDBBackend.transact_write_items
_ORIGINAL_TRANSACT_HANDLER = dynamodb_responses.DynamoHandler.transact_write_items
_ORIGINAL_DYNAMODB_CALL = dynamodb_responses.DynamoHandler.call_action
_ORIGINAL_CALL = moto_responses.BaseResponse.call_action
_ORIGINAL_STREAM_ADD = moto_table.StreamShard.add
_ORIGINAL_SEND_EVENT = s3_notifications.send_event
_ORIGINAL_SQS = moto_lambda.LambdaBackend.send_sqs_batch
_ORIGINAL_KINESIS = moto_lambda.LambdaBackend.send_kinesis_message
_ORIGINAL_LOGS = moto_lambda.LambdaBackend.send_log_event
_ORIGINAL_ATTACH = moto_iam.IAMBackend.attach_role_policy
_ORIGINAL_BOTO_CLIENT = sfn_boto_client.boto_client_for
_ORIGINAL_STATE_TASK = factory.state_task_service_for

_ORIGINAL_KMS_OPEN = kms_utils._deserialize_ciphertext_blob

SEAMS = (
    Seam(
        "kms _deserialize_ciphertext_blob",
        "ciphertexts have no room for a multi-Region key's id, so they never open again",
        _ORIGINAL_KMS_OPEN,
        "6da0384bc064",
    ),
    Seam(
        "DynamoHandler.call_action",
        "moto's DynamoDB loses updates under threads: one call at a time",
        _ORIGINAL_DYNAMODB_CALL,
        "ce5f57cf83cd",
    ),
    Seam(
        "DynamoDBStreamsHandler.call_action",
        "a stream must not be read while a transaction that may be undone writes to it",
        _ORIGINAL_CALL,
        "26076963fd17",
    ),
    Seam(
        "DynamoDBBackend.transact_write_items",
        "moto copies whole tables and restores them over other writers' work",
        _ORIGINAL_TRANSACT,
        "81db2cb7d94e",
    ),
    Seam(
        "DynamoHandler.transact_write_items",
        "moto ignores ClientRequestToken",
        _ORIGINAL_TRANSACT_HANDLER,
        "61c163fff213",
    ),
    Seam(
        "DynamoDBBackend.update_item",
        "a failed update leaves half an item; a new item makes two stream records",
        _ORIGINAL_UPDATE_ITEM,
        "218984588dd6",
    ),
    Seam(
        "StreamShard.add",
        "records say us-east-1, share memory with the item, and appear for no change",
        _ORIGINAL_STREAM_ADD,
        "357dc6da267e",
    ),
    Seam(
        "s3.notifications.send_event",
        "moto notifies twice of a multipart upload and never retries",
        _ORIGINAL_SEND_EVENT,
        "da8a7c7c6f2b",
    ),
    Seam(
        "LambdaBackend.send_sqs_batch",
        "one message per invocation, no retry, no partial failure",
        _ORIGINAL_SQS,
        "3a677b9be8c9",
    ),
    Seam(
        "LambdaBackend.send_kinesis_message",
        "one record per invocation, no retry",
        _ORIGINAL_KINESIS,
        "a088247f0014",
    ),
    Seam("LambdaBackend.send_log_event", "no retry", _ORIGINAL_LOGS, "7fd9b7504236"),
    Seam(
        "IAMBackend.attach_role_policy",
        "AWS's managed policies are all or nothing, per partition",
        _ORIGINAL_ATTACH,
        "e8207b104371",
    ),
    Seam(
        "stepfunctions boto_client_for",
        "tasks must run with the state machine's role against the front",
        _ORIGINAL_BOTO_CLIENT,
        "1f44dc2ac8aa",
    ),
    Seam(
        "stepfunctions state_task_service_for",
        "moto refuses mediaconvert:createJob.sync",
        _ORIGINAL_STATE_TASK,
        "a21a16afc5f6",
    ),
)


def install(front_url: str, credentials_for_role: CredentialsForRole) -> None:
    """Put every override in place and let workflows talk to this front."""
    workflow_clients.connect(front_url, credentials_for_role)
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    default_user_config["lambda"] = {"use_docker": False}
    # The front answers CORS by the bucket's rules; moto's server would allow everybody.
    _set(moto_app, "DISABLE_GLOBAL_CORS", True)
    backend = moto_dynamodb.DynamoDBBackend
    handler = dynamodb_responses.DynamoHandler
    _set(backend, "transact_write_items", _transact_write_items)
    _set(backend, "update_item", _update_item)
    _set(handler, "transact_write_items", _handle_transact_write_items)
    _set(handler, "call_action", _LOCKED_DYNAMODB_CALL)
    _set(streams_responses.DynamoDBStreamsHandler, "call_action", _LOCKED_STREAMS_CALL)
    _set(moto_table.StreamShard, "add", _add_stream_record)
    dynamodb_responses.TRANSACTION_MAX_ITEMS = TRANSACTION_ITEMS
    _set(s3_notifications, "send_event", _send_event)
    for name in ("send_sqs_batch", "send_kinesis_message", "send_log_event"):
        _set(moto_lambda.LambdaBackend, name, _deliver_nothing)
    _set(moto_iam.IAMBackend, "attach_role_policy", _attach_role_policy)
    make_room_for_multi_region_ids()
    _replace_everywhere("moto.stepfunctions", _ORIGINAL_BOTO_CLIENT, _boto_client_for)
    _replace_everywhere("moto.stepfunctions", _ORIGINAL_STATE_TASK, _state_task_service_for)


def make_room_for_multi_region_ids() -> None:
    """Let KMS decrypt what a multi-Region key encrypted."""
    kms_utils.KEY_ID_LEN = KMS_KEY_ID_LENGTH
    kms_utils.HEADER_LEN = KMS_KEY_ID_LENGTH + kms_utils.IV_LEN + kms_utils.TAG_LEN
    kms_utils.CIPHERTEXT_HEADER_FORMAT = (
        f">{KMS_KEY_ID_LENGTH}s{kms_utils.IV_LEN}s{kms_utils.TAG_LEN}s"
    )
    _set(kms_utils, "_deserialize_ciphertext_blob", _open_padded)


def _open_padded(ciphertext_blob: bytes) -> Any:
    """Ids shorter than the room for them are padded with zeros."""
    found = _ORIGINAL_KMS_OPEN(ciphertext_blob=ciphertext_blob)
    return found._replace(key_id=found.key_id.rstrip("\0"))


def _set(owner: Any, name: str, replacement: Any) -> None:
    setattr(owner, name, replacement)


_LOCKED_DYNAMODB_CALL = _under_lock(_ORIGINAL_DYNAMODB_CALL)
_LOCKED_STREAMS_CALL = _under_lock(_ORIGINAL_CALL)


def forget_everything() -> None:
    """Empty moto: no resource of any service is left."""
    BackendDict.reset()
