"""Queues, topics and streams."""

from __future__ import annotations

from typing import Any

from localcloud.provision import naming
from localcloud.provision.rules import (
    USED,
    Accepted,
)
from localcloud.provision.table import (
    Context,
    Created,
    Properties,
    ResourceType,
    document,
    require,
    tag_map,
)

_QUEUE_NAME_LIMIT = 80
_TOPIC_NAME_LIMIT = 256
_STREAM_NAME_LIMIT = 128
_FIFO = ".fifo"

_QUEUE_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)
_TOPIC_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DisplayName",
    "FifoThroughputScope",
    "FifoTopic",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
)


def _texts(values: dict[str, Any]) -> dict[str, str]:
    """Attribute values as the query protocols take them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else document(value)
        for name, value in values.items()
    }


def _name(context: Context, given: str | None, limit: int, *, fifo: bool) -> str:
    """FIFO queues and topics must end in `.fifo`; generated names do so by themselves."""
    if given is not None:
        require(
            given.endswith(_FIFO) == fifo,
            f"The name of a FIFO resource can only end with '{_FIFO}': {given}",
        )
        return given
    return context.name(limit - len(_FIFO)) + _FIFO if fifo else context.name(limit)


def _create_queue(context: Context, properties: Properties) -> Created:
    sqs = context.client("sqs")
    attributes = properties.pick(*_QUEUE_ATTRIBUTES, "RedriveAllowPolicy", "RedrivePolicy")
    fifo = bool(attributes.get("FifoQueue"))
    name = _name(context, properties.get("QueueName"), _QUEUE_NAME_LIMIT, fifo=fifo)
    url = sqs.create_queue(
        QueueName=name,
        Attributes=_texts(attributes),
        tags=tag_map(properties.get("Tags")),
    )["QueueUrl"]
    return Created(url, {"Arn": context.arn("sqs", name), "QueueName": name, "QueueUrl": url})


def _create_queue_policy(context: Context, properties: Properties) -> Created:
    for url in properties["Queues"]:
        context.client("sqs").set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": document(properties["PolicyDocument"])}
        )
    policy_id = context.short_name(_TOPIC_NAME_LIMIT)
    return Created(policy_id, {"Id": policy_id})


def _create_topic(context: Context, properties: Properties) -> Created:
    sns = context.client("sns")
    attributes = properties.pick(*_TOPIC_ATTRIBUTES)
    fifo = bool(attributes.get("FifoTopic"))
    name = _name(context, properties.get("TopicName"), _TOPIC_NAME_LIMIT, fifo=fifo)
    arn = sns.create_topic(
        Name=name, Attributes=_texts(attributes), Tags=properties.get("Tags", [])
    )["TopicArn"]
    for subscription in properties.get("Subscription", []):
        _subscribe(context, arn, subscription["Protocol"], subscription.get("Endpoint"), {})
    return Created(arn, {"TopicArn": arn, "TopicName": name})


def _subscribe(
    context: Context, topic: str, protocol: str, endpoint: str | None, attributes: dict[str, Any]
) -> str:
    """moto would look for a function among its own: those subscriptions are kept here only."""
    if protocol == "lambda":
        return f"{topic}:{naming.derived_uuid(f'{context.seed}/{endpoint}')}"
    arguments: dict[str, Any] = {"Attributes": _texts(attributes)} if attributes else {}
    if endpoint is not None:
        arguments["Endpoint"] = endpoint
    answer = context.client("sns").subscribe(
        TopicArn=topic, Protocol=protocol, ReturnSubscriptionArn=True, **arguments
    )
    return str(answer["SubscriptionArn"])


def _create_subscription(context: Context, properties: Properties) -> Created:
    arn = _subscribe(
        context,
        properties["TopicArn"],
        properties["Protocol"],
        properties.get("Endpoint"),
        properties.pick(
            "DeliveryPolicy",
            "FilterPolicy",
            "FilterPolicyScope",
            "RawMessageDelivery",
            "RedrivePolicy",
        ),
    )
    return Created(arn, {"Arn": arn})


def _create_topic_policy(context: Context, properties: Properties) -> Created:
    for arn in properties["Topics"]:
        context.client("sns").set_topic_attributes(
            TopicArn=arn,
            AttributeName="Policy",
            AttributeValue=document(properties["PolicyDocument"]),
        )
    policy_id = context.short_name(_TOPIC_NAME_LIMIT)
    return Created(policy_id, {"Id": policy_id})


def _create_stream(context: Context, properties: Properties) -> Created:
    kinesis = context.client("kinesis")
    name = properties.get("Name") or context.name(_STREAM_NAME_LIMIT)
    kinesis.create_stream(
        StreamName=name,
        Tags=tag_map(properties.get("Tags")),
        **properties.pick("ShardCount", "StreamModeDetails"),
    )
    hours = properties.get("RetentionPeriodHours")
    if hours is not None and int(hours) > _SHORTEST_RETENTION_HOURS:
        kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=int(hours))
    if encryption := properties.get("StreamEncryption"):
        kinesis.start_stream_encryption(StreamName=name, **encryption)
    return Created(name, {"Arn": context.arn("kinesis", f"stream/{name}")})


_SHORTEST_RETENTION_HOURS = 24
"""What a stream has from the start. Source: Kinesis Data Streams, IncreaseStreamRetentionPeriod."""

TYPES = (
    ResourceType(
        "AWS::SQS::Queue",
        dict.fromkeys(_QUEUE_ATTRIBUTES, USED)
        | {"QueueName": USED, "RedriveAllowPolicy": USED, "RedrivePolicy": USED, "Tags": USED},
        _create_queue,
        ("Arn", "QueueName", "QueueUrl"),
    ),
    ResourceType(
        "AWS::SQS::QueuePolicy",
        {"PolicyDocument": USED, "Queues": USED},
        _create_queue_policy,
        ("Id",),
    ),
    ResourceType(
        "AWS::SNS::Topic",
        dict.fromkeys(_TOPIC_ATTRIBUTES, USED)
        | {
            "Subscription": [{"Endpoint": USED, "Protocol": USED}],
            "Tags": USED,
            "TopicName": USED,
        },
        _create_topic,
        ("TopicArn", "TopicName"),
    ),
    ResourceType(
        "AWS::SNS::Subscription",
        {
            "DeliveryPolicy": USED,
            "Endpoint": USED,
            "FilterPolicy": USED,
            "FilterPolicyScope": USED,
            "Protocol": USED,
            "RawMessageDelivery": USED,
            "RedrivePolicy": USED,
            "Region": Accepted("there is one region here"),
            "TopicArn": USED,
        },
        _create_subscription,
        ("Arn",),
    ),
    ResourceType(
        "AWS::SNS::TopicPolicy",
        {"PolicyDocument": USED, "Topics": USED},
        _create_topic_policy,
        ("Id",),
    ),
    ResourceType(
        "AWS::Kinesis::Stream",
        {
            "DesiredShardLevelMetrics": Accepted("metrics only observe"),
            "Name": USED,
            "RetentionPeriodHours": USED,
            "ShardCount": USED,
            "StreamEncryption": {"EncryptionType": USED, "KeyId": USED},
            "StreamModeDetails": {"StreamMode": USED},
            "Tags": USED,
        },
        _create_stream,
        ("Arn",),
    ),
)
