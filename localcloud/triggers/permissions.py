"""Whether the template lets an AWS service call one of its functions or send to its queues."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localcloud.functions.names import split
from localcloud.iam.policy import Access, Identity, decide, parse_object
from localcloud.registry import Registry

POLICY_VERSION = "2012-10-17"


class Permissions:
    """The resource policies of functions and queues, as provisioned."""

    def __init__(self, registry: Registry, account: str) -> None:
        self._registry = registry
        self._account = account

    def may_invoke(self, function_arn: str, service: str, source_arn: str) -> bool:
        """Whether an AWS::Lambda::Permission on exactly this function or alias says so."""
        statements = [
            _statement(resource.properties, function_arn)
            for resource in self._registry.by_type("AWS::Lambda::Permission")
            if split(resource.properties["FunctionName"]) == split(function_arn)
        ]
        return self._allows(statements, "lambda:InvokeFunction", function_arn, service, source_arn)

    def function_policy(self, function_arn: str) -> str | None:
        """The resource policy of a function or alias as JSON; None when it has none."""
        statements = [
            _statement(resource.properties, function_arn)
            for resource in self._registry.by_type("AWS::Lambda::Permission")
            if split(resource.properties["FunctionName"]) == split(function_arn)
        ]
        if not statements:
            return None
        return json.dumps({"Version": POLICY_VERSION, "Statement": statements})

    def may_send(self, queue_arn: str, service: str, source_arn: str) -> bool:
        """Whether the queue's policy lets the service send messages to it."""
        return self._allows(
            self._policy("AWS::SQS::QueuePolicy", "Queues", "AWS::SQS::Queue", queue_arn, "Arn"),
            "sqs:SendMessage",
            queue_arn,
            service,
            source_arn,
        )

    def may_publish(self, topic_arn: str, service: str, source_arn: str) -> bool:
        """Whether the topic's policy lets the service publish to it."""
        return self._allows(
            self._policy(
                "AWS::SNS::TopicPolicy", "Topics", "AWS::SNS::Topic", topic_arn, "TopicArn"
            ),
            "sns:Publish",
            topic_arn,
            service,
            source_arn,
        )

    def _policy(
        self, policy_type: str, names: str, resource_type: str, arn: str, attribute: str
    ) -> list[Any]:
        ids = {
            resource.physical_id
            for resource in self._registry.by_type(resource_type)
            if resource.attributes.get(attribute) == arn
        }
        statements: list[Any] = []
        for policy in self._registry.by_type(policy_type):
            if ids.intersection(policy.properties[names]):
                document = policy.properties["PolicyDocument"]
                document = json.loads(document) if isinstance(document, str) else document
                written = document["Statement"]
                statements += written if isinstance(written, list) else [written]
        return statements

    def _allows(
        self, statements: list[Any], action: str, resource: str, service: str, source_arn: str
    ) -> bool:
        if not statements:
            return False
        decision = decide(
            Access(action, resource),
            Identity(arn="", account=self._account, service=service),
            {"aws:sourcearn": source_arn, "aws:sourceaccount": self._account},
            resource_policy=parse_object({"Version": POLICY_VERSION, "Statement": statements}),
        )
        return decision.allowed


def _statement(permission: Mapping[str, Any], function_arn: str) -> dict[str, Any]:
    """The statement that AddPermission writes into the function's policy."""
    conditions: dict[str, dict[str, str]] = {}
    if "SourceArn" in permission:
        conditions["ArnLike"] = {"AWS:SourceArn": permission["SourceArn"]}
    if "SourceAccount" in permission:
        conditions["StringEquals"] = {"AWS:SourceAccount": str(permission["SourceAccount"])}
    principal = permission["Principal"]
    key = "Service" if str(principal).endswith(".amazonaws.com") else "AWS"
    return {
        "Effect": "Allow",
        "Principal": {key: principal},
        "Action": permission["Action"],
        "Resource": function_arn,
        "Condition": conditions,
    }
