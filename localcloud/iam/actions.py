"""Which IAM actions on which resources a request needs, service by service.

A table, so that what is not in it is an error and never an allowance. Source: Service
Authorization Reference of each service. S3 has its own module.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.iam.account import MotoAccount
from localcloud.iam.conditions import ContextValue
from localcloud.iam.operations import Operation
from localcloud.iam.policy import Access


class UnmappedActionError(LookupError):
    """Nobody has stated what permission this operation needs."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(f"{operation.service}:{operation.name}")
        self.operation = operation


@dataclass(frozen=True)
class Scope:
    """Where a request takes place."""

    account: MotoAccount
    region: str

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this region and account."""
        return f"arn:aws:{service}:{self.region}:{self.account.account}:{resource}"


@dataclass(frozen=True)
class Call:
    """What a mapping reads."""

    operation: Operation
    scope: Scope
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A string parameter, empty when it is absent."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else ""

    def arn(self, service: str, kind: str, name: str) -> str:
        """The ARN a name stands for; a name that already is one stays."""
        return name if name.startswith("arn:") else self.scope.arn(service, f"{kind}{name}")


AccessMapping = Callable[[Call], Iterator[Access]]


def required(operation: Operation, scope: Scope) -> list[Access]:
    """Everything the operation needs; UnmappedActionError when it is not known."""
    mapping = _SERVICES.get(operation.service)
    if mapping is None:
        raise UnmappedActionError(operation)
    return list(mapping(Call(operation, scope, operation.parameters)))


# DynamoDB

_TABLE_ACTIONS = {
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "DescribeTable",
    "DescribeTimeToLive",
    "DescribeContinuousBackups",
    "UpdateTable",
    "UpdateTimeToLive",
}
_INDEX_ACTIONS = {"Query", "Scan"}
_TRANSACT = {
    "Put": ("PutItem", "Item"),
    "Update": ("UpdateItem", "Key"),
    "Delete": ("DeleteItem", "Key"),
    "ConditionCheck": ("ConditionCheckItem", "Key"),
    "Get": ("GetItem", "Key"),
}


def _table_arn(call: Call, table: str) -> str:
    return call.arn("dynamodb", "table/", table)


def _leading_keys(call: Call, table: str, items: list[Any]) -> dict[str, ContextValue]:
    """`dynamodb:LeadingKeys`: the partition keys of the items a call touches."""
    name = table.rsplit("/", 1)[-1]
    hash_key = call.scope.account.hash_key(name, call.scope.region)
    values = []
    for item in items:
        attribute = item.get(hash_key) if isinstance(item, dict) and hash_key else None
        if isinstance(attribute, dict):
            values += [str(value) for value in attribute.values()]
    return {"dynamodb:leadingkeys": tuple(values)} if values else {}


def _dynamodb(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name in _TABLE_ACTIONS:
        yield _item_access(call)
    elif name in _INDEX_ACTIONS:
        arn = _table_arn(call, call.text("TableName"))
        index = call.text("IndexName")
        context: dict[str, ContextValue] = {}
        if select := call.text("Select"):
            context["dynamodb:select"] = select
        yield Access(f"dynamodb:{name}", f"{arn}/index/{index}" if index else arn, context)
    elif name in ("BatchGetItem", "BatchWriteItem"):
        for table, wanted in (call.parameters.get("RequestItems") or {}).items():
            keys = _leading_keys(call, table, _batch_items(wanted))
            yield Access(f"dynamodb:{name}", _table_arn(call, table), keys)
    elif name in ("TransactWriteItems", "TransactGetItems"):
        yield from _transaction(call)
    elif name in ("ListTables", "DescribeLimits", "DescribeEndpoints"):
        yield Access(f"dynamodb:{name}", "*")
    else:
        raise UnmappedActionError(call.operation)


def _item_access(call: Call) -> Access:
    table = call.text("TableName")
    item = call.parameters.get("Key") or call.parameters.get("Item") or {}
    context = _leading_keys(call, table, [item])
    if returns := call.text("ReturnValues"):
        context["dynamodb:returnvalues"] = returns
    return Access(f"dynamodb:{call.operation.name}", _table_arn(call, table), context)


def _transaction(call: Call) -> Iterator[Access]:
    for entry in call.parameters.get("TransactItems") or []:
        for kind, body in entry.items():
            if kind not in _TRANSACT:
                raise UnmappedActionError(call.operation)
            action, where = _TRANSACT[kind]
            table = str(body.get("TableName", ""))
            keys = _leading_keys(call, table, [body.get(where) or {}])
            yield Access(f"dynamodb:{action}", _table_arn(call, table), keys)


def _batch_items(wanted: Any) -> list[Any]:
    if isinstance(wanted, dict):
        return list(wanted.get("Keys") or [])
    items = []
    for request in wanted:
        items.append((request.get("PutRequest") or {}).get("Item"))
        items.append((request.get("DeleteRequest") or {}).get("Key"))
    return [item for item in items if item]


def _dynamodb_streams(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name == "GetRecords":
        # The iterator names its stream before the first bar.
        yield Access(f"dynamodb:{name}", call.text("ShardIterator").split("|", 1)[0])
    elif name in ("DescribeStream", "GetShardIterator"):
        yield Access(f"dynamodb:{name}", call.text("StreamArn"))
    elif name == "ListStreams":
        yield Access(f"dynamodb:{name}", "*")
    else:
        raise UnmappedActionError(call.operation)


# KMS

_KEY_ACTIONS = {
    "Encrypt",
    "Decrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "Sign",
    "Verify",
    "GenerateMac",
    "VerifyMac",
    "GetPublicKey",
    "DescribeKey",
    "GetKeyPolicy",
    "GetKeyRotationStatus",
}
_KMS_CONTEXT = {
    "SigningAlgorithm": "kms:signingalgorithm",
    "EncryptionAlgorithm": "kms:encryptionalgorithm",
    "MacAlgorithm": "kms:macalgorithm",
    "MessageType": "kms:messagetype",
    "KeyPairSpec": "kms:datakeypairspec",
}


def encryption_context(pairs: Mapping[str, str]) -> dict[str, ContextValue]:
    """The condition keys of an encryption context."""
    context: dict[str, ContextValue] = {
        f"kms:encryptioncontext:{name.lower()}": str(value) for name, value in pairs.items()
    }
    if pairs:
        context["kms:encryptioncontextkeys"] = tuple(pairs)
    return context


def _kms(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name in ("GenerateRandom", "ListKeys", "ListAliases"):
        yield Access(f"kms:{name}", "*")
        return
    if name == "ReEncrypt":
        source = _ciphertext_key(call) or call.text("SourceKeyId")
        yield _key_access(call, "ReEncryptFrom", source, "SourceEncryptionContext")
        target = call.text("DestinationKeyId")
        yield _key_access(call, "ReEncryptTo", target, "DestinationEncryptionContext")
        return
    if name not in _KEY_ACTIONS:
        raise UnmappedActionError(call.operation)
    key_id = call.text("KeyId")
    if name == "Decrypt":
        key_id = _ciphertext_key(call) or key_id
    yield _key_access(call, name, key_id, "EncryptionContext")


def _key_access(call: Call, action: str, key_id: str, context_name: str) -> Access:
    arn = call.scope.account.key_arn(key_id, call.scope.region) or call.arn("kms", "key/", key_id)
    context = encryption_context(call.parameters.get(context_name) or {})
    for parameter, key in _KMS_CONTEXT.items():
        if value := call.text(parameter):
            context[key] = value
    if "alias/" in call.text("KeyId"):
        context["kms:requestalias"] = call.text("KeyId").rsplit(":", 1)[-1]
    held = call.scope.account.key(arn)
    if held is not None:
        context["kms:keyspec"] = held.key_spec
        context["kms:keyusage"] = held.key_usage
        context["kms:keyorigin"] = held.origin
        context["kms:multiregion"] = str(held.multi_region).lower()
        context["kms:resourcealiases"] = tuple(held.aliases)
    context["kms:calleraccount"] = call.scope.account.account
    return Access(f"kms:{action}", arn, context, identity_alone=held is None)


KMS_KEY_ID_LENGTH = 40
"""`mrk-` and a UUID. A ciphertext begins with the id of the key that made it, in this room."""


def _ciphertext_key(call: Call) -> str:
    try:
        blob = base64.b64decode(call.text("CiphertextBlob"))
    except binascii.Error:
        return ""
    return blob[:KMS_KEY_ID_LENGTH].rstrip(b"\0").decode("ascii", "replace")


def key_use(
    scope: Scope, action: str, key_arn: str, service: str, context: Mapping[str, str]
) -> Access:
    """What a service needs of a key on behalf of its caller."""
    via: dict[str, ContextValue] = {
        "kms:viaservice": f"{service}.{scope.region}.amazonaws.com",
        "kms:calleraccount": scope.account.account,
        "aws:viaawsservice": "true",
    }
    return Access(
        f"kms:{action}", key_arn, {**encryption_context(context), **via}, identity_alone=False
    )


# Secrets Manager and Parameter Store

_SECRET_ACTIONS = {
    "GetSecretValue",
    "DescribeSecret",
    "PutSecretValue",
    "UpdateSecret",
    "UpdateSecretVersionStage",
    "ListSecretVersionIds",
    "GetResourcePolicy",
    "RotateSecret",
    "TagResource",
    "DeleteSecret",
}


def _secretsmanager(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name in ("ListSecrets", "GetRandomPassword", "BatchGetSecretValue"):
        yield Access(f"secretsmanager:{name}", "*")
        for secret_id in call.parameters.get("SecretIdList") or []:
            yield from _secret(call, "GetSecretValue", secret_id)
    elif name == "CreateSecret":
        # The six random characters are not known yet; AWS matches on the name.
        arn = call.scope.arn("secretsmanager", f"secret:{call.text('Name')}-??????")
        yield Access(f"secretsmanager:{name}", arn, {"secretsmanager:name": call.text("Name")})
    elif name in _SECRET_ACTIONS:
        yield from _secret(call, name, call.text("SecretId"))
    else:
        raise UnmappedActionError(call.operation)


def _secret(call: Call, action: str, secret_id: str) -> Iterator[Access]:
    secret = call.scope.account.secret(secret_id, call.scope.region)
    arn = str(secret.arn) if secret else call.arn("secretsmanager", "secret:", secret_id)
    context: dict[str, ContextValue] = {"secretsmanager:secretid": secret_id}
    if action == "GetSecretValue":
        context["secretsmanager:versionstage"] = call.text("VersionStage") or "AWSCURRENT"
        if version := call.text("VersionId"):
            context["secretsmanager:versionid"] = version
    yield Access(f"secretsmanager:{action}", arn, context)
    key_id = getattr(secret, "kms_key_id", None)
    key = call.scope.account.customer_key(key_id, call.scope.region)
    if key is None or action not in ("GetSecretValue", "PutSecretValue", "UpdateSecret"):
        return
    uses = ("Decrypt",) if action == "GetSecretValue" else ("Decrypt", "GenerateDataKey")
    for use in uses:
        yield key_use(call.scope, use, key, "secretsmanager", {"SecretARN": arn})


_PARAMETER_ACTIONS = {
    "GetParameter",
    "PutParameter",
    "DeleteParameter",
    "GetParameterHistory",
}


def _ssm(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name == "DescribeParameters":
        yield Access(f"ssm:{name}", "*")
    elif name in ("GetParameters", "DeleteParameters"):
        for parameter in call.parameters.get("Names") or []:
            yield from _parameter(call, name, parameter)
    elif name == "GetParametersByPath":
        context: dict[str, ContextValue] = {
            "ssm:recursive": str(bool(call.parameters.get("Recursive"))).lower()
        }
        path = call.text("Path").strip("/")
        yield Access(f"ssm:{name}", call.scope.arn("ssm", f"parameter/{path}"), context)
    elif name in _PARAMETER_ACTIONS:
        yield from _parameter(call, name, call.text("Name"))
    else:
        raise UnmappedActionError(call.operation)


def _parameter(call: Call, action: str, name: str) -> Iterator[Access]:
    plain = name.split(":parameter/", 1)[-1].lstrip("/").split(":", 1)[0]
    arn = call.scope.arn("ssm", f"parameter/{plain}")
    yield Access(f"ssm:{action}", arn)
    stored = call.scope.account.parameter(name, call.scope.region)
    reads = action.startswith("GetParameter") and call.parameters.get("WithDecryption")
    key_id = getattr(stored, "keyid", None)
    if action == "PutParameter" and call.text("Type") == "SecureString":
        key_id = call.text("KeyId")
    elif not reads:
        return
    if key := call.scope.account.customer_key(key_id, call.scope.region):
        yield key_use(
            call.scope, "Decrypt" if reads else "Encrypt", key, "ssm", {"PARAMETER_ARN": arn}
        )


# Messaging

_QUEUE_ACTIONS = {
    "SendMessage": "SendMessage",
    "SendMessageBatch": "SendMessage",
    "ReceiveMessage": "ReceiveMessage",
    "DeleteMessage": "DeleteMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibility": "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "GetQueueAttributes": "GetQueueAttributes",
    "GetQueueUrl": "GetQueueUrl",
    "PurgeQueue": "PurgeQueue",
}


def _sqs(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name == "ListQueues":
        yield Access("sqs:ListQueues", "*")
        return
    if name not in _QUEUE_ACTIONS:
        raise UnmappedActionError(call.operation)
    queue = call.text("QueueName") or call.text("QueueUrl").rsplit("/", 1)[-1]
    yield Access(f"sqs:{_QUEUE_ACTIONS[name]}", call.scope.arn("sqs", queue))


_TOPIC_ACTIONS = {"Publish", "PublishBatch", "Subscribe", "GetTopicAttributes"}


def _sns(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name in _TOPIC_ACTIONS:
        resource = call.text("TopicArn") or call.text("TargetArn") or "*"
        action = "Publish" if name == "PublishBatch" else name
        context: dict[str, ContextValue] = {}
        if call.text("Protocol"):
            context = {
                "sns:protocol": call.text("Protocol"),
                "sns:endpoint": call.text("Endpoint"),
            }
        yield Access(f"sns:{action}", resource, context)
    elif name in ("CreatePlatformEndpoint", "SetEndpointAttributes", "DeleteEndpoint"):
        resource = call.text("PlatformApplicationArn") or call.text("EndpointArn")
        yield Access(f"sns:{name}", resource)
    elif name == "Unsubscribe":
        yield Access("sns:Unsubscribe", call.text("SubscriptionArn").rsplit(":", 1)[0])
    else:
        raise UnmappedActionError(call.operation)


def _events(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name == "PutEvents":
        for entry in call.parameters.get("Entries") or []:
            bus = str(entry.get("EventBusName") or "default")
            context: dict[str, ContextValue] = {
                "events:source": str(entry.get("Source", "")),
                "events:detail-type": str(entry.get("DetailType", "")),
            }
            yield Access("events:PutEvents", call.arn("events", "event-bus/", bus), context)
    elif name in ("PutRule", "DescribeRule", "EnableRule", "DisableRule", "DeleteRule"):
        yield Access(f"events:{name}", _rule_arn(call, call.text("Name")))
    elif name in ("PutTargets", "RemoveTargets", "ListTargetsByRule"):
        yield Access(f"events:{name}", _rule_arn(call, call.text("Rule")))
    elif name in ("StartReplay", "DescribeReplay"):
        replay = call.text("ReplayName")
        yield Access(f"events:{name}", call.scope.arn("events", f"replay/{replay}"))
    else:
        raise UnmappedActionError(call.operation)


def _rule_arn(call: Call, rule: str) -> str:
    bus = call.text("EventBusName").rsplit("/", 1)[-1] or "default"
    middle = "" if bus == "default" else f"{bus}/"
    return call.scope.arn("events", f"rule/{middle}{rule}")


# Work

_MACHINE_ACTIONS = {
    "StartExecution": "stateMachineArn",
    "StartSyncExecution": "stateMachineArn",
    "ListExecutions": "stateMachineArn",
    "DescribeStateMachine": "stateMachineArn",
    "DescribeExecution": "executionArn",
    "StopExecution": "executionArn",
    "GetExecutionHistory": "executionArn",
    "RedriveExecution": "executionArn",
    "DescribeStateMachineForExecution": "executionArn",
}


def _states(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name in _MACHINE_ACTIONS:
        yield Access(f"states:{name}", call.text(_MACHINE_ACTIONS[name]))
    elif name in ("SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"):
        token = call.text("taskToken")
        machine = call.scope.account.state_machine_of_token(token, call.scope.region)
        yield Access(f"states:{name}", machine or "*")
    elif name in ("ListStateMachines", "ListActivities"):
        yield Access(f"states:{name}", "*")
    else:
        raise UnmappedActionError(call.operation)


_FUNCTION_ACTIONS = {
    "Invoke": "InvokeFunction",
    "InvokeAsync": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
    "GetFunction": "GetFunction",
    "GetFunctionConfiguration": "GetFunctionConfiguration",
    "GetAlias": "GetAlias",
    "UpdateAlias": "UpdateAlias",
    "ListVersionsByFunction": "ListVersionsByFunction",
    "UpdateFunctionConfiguration": "UpdateFunctionConfiguration",
}


def function_arn(scope: Scope, name: str, qualifier: str = "") -> str:
    """The ARN of a function named by name, partial ARN or ARN, with its qualifier."""
    parts = name.split(":")
    if name.startswith("arn:"):
        bare, own = parts[6], parts[7:]
    elif "function" in parts:
        at = parts.index("function")
        bare, own = parts[at + 1], parts[at + 2 :]
    else:
        bare, own = parts[0], parts[1:]
    chosen = qualifier or (own[0] if own else "")
    return scope.arn("lambda", f"function:{bare}" + (f":{chosen}" if chosen else ""))


def _lambda(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name not in _FUNCTION_ACTIONS:
        raise UnmappedActionError(call.operation)
    arn = function_arn(call.scope, call.text("FunctionName"), call.text("Qualifier"))
    yield Access(f"lambda:{_FUNCTION_ACTIONS[name]}", arn)


def pass_role(role: str, service: str) -> Access:
    """Handing a role to a service."""
    context: dict[str, ContextValue] = {"iam:passedtoservice": service}
    return Access("iam:PassRole", role, context)


def _mediaconvert(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name == "CreateJob":
        # Parameters come in the API's own case: `role`, `queue`, `jobTemplate`.
        queue = call.text("queue") or "Default"
        yield Access("mediaconvert:CreateJob", call.arn("mediaconvert", "queues/", queue))
        if template := call.text("jobTemplate"):
            arn = call.arn("mediaconvert", "jobTemplates/", template)
            yield Access("mediaconvert:CreateJob", arn)
        yield pass_role(call.text("role"), "mediaconvert.amazonaws.com")
    elif name in ("GetJob", "CancelJob"):
        job = call.text("Id")
        yield Access(f"mediaconvert:{name}", call.scope.arn("mediaconvert", f"jobs/{job}"))
    elif name == "ListJobs":
        queue = call.text("queue") or "Default"
        yield Access("mediaconvert:ListJobs", call.arn("mediaconvert", "queues/", queue))
    elif name in ("Probe", "DescribeEndpoints"):
        yield Access(f"mediaconvert:{name}", "*")
    else:
        raise UnmappedActionError(call.operation)


def _scheduler(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name not in ("CreateSchedule", "UpdateSchedule", "GetSchedule", "DeleteSchedule"):
        raise UnmappedActionError(call.operation)
    group = call.text("GroupName") or call.text("groupName") or "default"
    arn = call.scope.arn("scheduler", f"schedule/{group}/{call.text('Name')}")
    yield Access(f"scheduler:{name}", arn)
    role = str((call.parameters.get("Target") or {}).get("RoleArn", ""))
    if role:
        yield pass_role(role, "scheduler.amazonaws.com")


# Streams and logs

_STREAM_ACTIONS = {
    "PutRecord",
    "PutRecords",
    "GetRecords",
    "GetShardIterator",
    "DescribeStream",
    "DescribeStreamSummary",
    "ListShards",
}


def _kinesis(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name == "ListStreams":
        yield Access("kinesis:ListStreams", "*")
        return
    if name not in _STREAM_ACTIONS:
        raise UnmappedActionError(call.operation)
    stream = call.text("StreamARN") or call.text("StreamName")
    if not stream and call.text("ShardIterator"):
        decoded = base64.b64decode(call.text("ShardIterator")).decode("utf-8", "replace")
        stream = decoded.split(":", 1)[0]
    yield Access(f"kinesis:{name}", call.arn("kinesis", "stream/", stream))


def _firehose(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name not in ("PutRecord", "PutRecordBatch", "DescribeDeliveryStream"):
        raise UnmappedActionError(call.operation)
    stream = call.text("DeliveryStreamName")
    yield Access(f"firehose:{name}", call.scope.arn("firehose", f"deliverystream/{stream}"))


def _logs(call: Call) -> Iterator[Access]:
    name = call.operation.name
    group = call.text("logGroupName") or call.text("logGroupIdentifier").rsplit(":", 1)[-1]
    arn = call.scope.arn("logs", f"log-group:{group}")
    if name in ("CreateLogGroup", "PutRetentionPolicy"):
        yield Access(f"logs:{name}", arn)
    elif name in ("CreateLogStream", "PutLogEvents", "GetLogEvents"):
        yield Access(f"logs:{name}", f"{arn}:log-stream:{call.text('logStreamName')}")
    elif name in ("FilterLogEvents", "DescribeLogStreams", "StartQuery"):
        yield Access(f"logs:{name}", f"{arn}:*")
    elif name in ("DescribeLogGroups", "GetQueryResults", "PutResourcePolicy"):
        yield Access(f"logs:{name}", "*")
    else:
        raise UnmappedActionError(call.operation)


def _metrics(call: Call) -> Iterator[Access]:
    name = call.operation.name
    if name not in ("PutMetricData", "GetMetricData", "GetMetricStatistics", "ListMetrics"):
        raise UnmappedActionError(call.operation)
    context: dict[str, ContextValue] = {}
    if namespace := call.text("Namespace"):
        context["cloudwatch:namespace"] = namespace
    yield Access(f"cloudwatch:{name}", "*", context)


def _xray(call: Call) -> Iterator[Access]:
    if call.operation.name not in ("PutTraceSegments", "PutTelemetryRecords"):
        raise UnmappedActionError(call.operation)
    yield Access(f"xray:{call.operation.name}", "*")


# Identity

FREE_OPERATIONS = {("sts", "GetCallerIdentity")}
"""What anybody who signs may call: no policy can take it away."""


def _sts(call: Call) -> Iterator[Access]:
    if call.operation.name == "AssumeRole":
        # Within one account the trust policy alone may admit; `Front` judges it.
        yield Access("sts:AssumeRole", call.text("RoleArn"))
    elif (call.operation.service, call.operation.name) not in FREE_OPERATIONS:
        raise UnmappedActionError(call.operation)


_SERVICES: dict[str, AccessMapping] = {
    "dynamodb": _dynamodb,
    "dynamodbstreams": _dynamodb_streams,
    "kms": _kms,
    "secretsmanager": _secretsmanager,
    "ssm": _ssm,
    "sqs": _sqs,
    "sns": _sns,
    "events": _events,
    "states": _states,
    "lambda": _lambda,
    "mediaconvert": _mediaconvert,
    "scheduler": _scheduler,
    "kinesis": _kinesis,
    "firehose": _firehose,
    "logs": _logs,
    "monitoring": _metrics,
    "xray": _xray,
    "sts": _sts,
}
