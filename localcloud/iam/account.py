"""What the account really holds, as far as authorisation asks: read from moto's backends.

Everything is read at the moment of the request, so a policy that was changed a moment ago
counts; parsed documents are cached by their text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from moto.awslambda.utils import get_backend as lambda_backend
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.ssm.models import ssm_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from localcloud.iam.policy import Document, parse

_PARTITION = "aws"
_STATEMENT = ("Sid", "Effect", "Principal", "Action", "Resource", "Condition")
"""What a statement of a policy may hold; moto leaves more of the request in some."""


@dataclass(frozen=True)
class Role:
    """A role with the policies that count for it."""

    arn: str
    role_id: str
    name: str
    trust: Document
    policies: tuple[Document, ...]
    boundary: Document | None
    tags: tuple[tuple[str, str], ...]
    max_session_seconds: int


@dataclass(frozen=True)
class Encryption:
    """The customer key that protects something, when a customer key does."""

    key_arn: str
    bucket_key: bool = False
    """S3 bucket keys: the encryption context is the bucket, not the object."""


class MotoAccount:
    """The account's roles, resource policies and the names requests use for its resources."""

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self._policy_sources: dict[str, Callable[[str], str | None]] = {
            "s3": self._bucket_policy,
            "kms": self._key_policy,
            "lambda": self._function_policy,
            "sqs": self._queue_policy,
            "sns": self._topic_policy,
            "secretsmanager": self._secret_policy,
            "events": self._bus_policy,
        }

    def use_resource_policies(self, service: str, source: Callable[[str], str | None]) -> None:
        """Read a service's resource policies (JSON by ARN) from somewhere else than moto."""
        self._policy_sources[service] = source

    def role(self, arn: str) -> Role | None:
        """The role of that ARN with everything attached to it."""
        backend = iam_backends[self.account][_PARTITION]
        name = arn.rsplit("/", 1)[-1]
        for found in list(backend.roles.values()):
            if found.name == name and found.arn == arn:
                break
        else:
            return None
        boundary = found.permissions_boundary_arn
        texts = [*found.policies.values()]
        texts += [_default_document(policy) for policy in found.managed_policies.values()]
        return Role(
            arn=found.arn,
            role_id=found.id,
            name=found.name,
            trust=parse(found.assume_role_policy_document),
            policies=tuple(parse(text) for text in texts),
            boundary=(
                parse(_default_document(backend.managed_policies[boundary])) if boundary else None
            ),
            tags=tuple((tag["Key"], tag["Value"]) for tag in _tag_list(found.tags)),
            max_session_seconds=int(found.max_session_duration or 3600),
        )

    def resource_policy(self, arn: str) -> Document | None:
        """The resource policy that protects what the ARN names, if it has one."""
        service = arn.split(":", 3)[2] if arn.startswith("arn:") else ""
        source = self._policy_sources.get(service)
        text = source(arn) if source else None
        return parse(text) if text else None

    def mail_identity(self, address: str, region: str) -> str | None:
        """The identity that an address sends under: itself before its domain."""
        # Loading moto's SES takes a moment that only a sender of mail has to wait for.
        from moto.ses.models import ses_backends

        known = ses_backends[self.account][region].email_identities
        return next((one for one in (address, address.rpartition("@")[2]) if one in known), None)

    def key_arn(self, key_id: str, region: str | None = None) -> str | None:
        """The ARN behind a key id, key ARN, alias or alias ARN."""
        backend = kms_backends[self.account][region or self.region]
        with suppress(Exception):  # moto raises several kinds for a name it does not know
            return str(backend.keys[backend.any_id_to_key_id(key_id)].arn)
        return None

    def key(self, arn: str) -> Any | None:
        """Moto's key object behind a key ARN."""
        region = arn.split(":")[3]
        return kms_backends[self.account][region].keys.get(arn.rsplit("/", 1)[-1])

    def customer_key(self, key_id: str | None, region: str | None = None) -> str | None:
        """The key's ARN unless AWS manages the key, whose policy admits the whole account."""
        if not key_id or "alias/aws/" in key_id:
            return None
        arn = self.key_arn(key_id, region)
        key = self.key(arn) if arn else None
        if key is None or any(name.startswith("alias/aws/") for name in key.aliases):
            return None
        return arn

    def secret(self, secret_id: str, region: str) -> Any | None:
        """Moto's secret object by name, ARN or partial ARN."""
        with suppress(KeyError):
            return secretsmanager_backends[self.account][region].secrets[secret_id]
        return None

    def parameter(self, name: str, region: str) -> Any | None:
        """Moto's parameter object."""
        with suppress(Exception):  # moto raises several kinds for a name it does not know
            return ssm_backends[self.account][region].get_parameter(name)
        return None

    def hash_key(self, table: str, region: str) -> str | None:
        """The name of a table's partition key."""
        found = dynamodb_backends[self.account][region].tables.get(table)
        return found.hash_key_attr if found else None

    def bucket(self, name: str) -> Any | None:
        """Moto's bucket object."""
        return s3_backends[self.account][_PARTITION].buckets.get(name)

    def copy_object(self, source: str, key: str, destination: str) -> None:
        """Copy an object as S3 does by itself; one that is gone meanwhile is gone there, too."""
        backend = s3_backends[self.account][_PARTITION]
        found = backend.get_object(source, key)
        if found is None:
            backend.delete_object(destination, key)
        else:
            backend.copy_object(found, destination, key)

    def object_encryption(self, bucket: str, key: str, version: str | None) -> Encryption | None:
        """The customer key of a stored object."""
        found = self.bucket(bucket)
        if found is None:
            return None
        stored = None
        if version:
            stored = next(
                (one for one in found.keys.getlist(key, []) if one.version_id == version), None
            )
        else:
            stored = found.keys.get(key)
        if stored is None or not str(getattr(stored, "encryption", "")).startswith("aws:kms"):
            return None
        return self._encryption(stored.kms_key_id, stored.bucket_key_enabled)

    def bucket_encryption(
        self, bucket: str, algorithm: str | None = None, key_id: str | None = None
    ) -> Encryption | None:
        """The customer key that a new object gets: from its headers, else from the bucket."""
        found = self.bucket(bucket)
        rule = (found.encryption or {}).get("Rule", {}) if found is not None else {}
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        chosen = algorithm or default.get("SSEAlgorithm") or ""
        if not chosen.startswith("aws:kms"):
            return None
        return self._encryption(
            key_id or default.get("KMSMasterKeyID"), rule.get("BucketKeyEnabled", False)
        )

    def upload_encryption(self, bucket: str, upload_id: str) -> Encryption | None:
        """The customer key of a multipart upload under way."""
        found = self.bucket(bucket)
        upload = found.multiparts.get(upload_id) if found is not None else None
        if upload is None:
            return None
        return self.bucket_encryption(bucket, upload.sse_encryption, upload.kms_key_id)

    def state_machine_of_token(self, token: str, region: str) -> str | None:
        """The state machine whose execution waits for a task token."""
        for machine, execution in self._executions(region):
            worker = getattr(execution, "exec_worker", None)
            if worker is not None and worker.env.callback_pool_manager.get(token) is not None:
                return str(machine.arn)
        return None

    def _executions(self, region: str) -> Iterator[tuple[Any, Any]]:
        backend = stepfunctions_parser_backends[self.account][region]
        for machine in list(backend.state_machines):
            for execution in list(machine.executions):
                yield machine, execution

    def _encryption(self, key_id: str | None, bucket_key: Any) -> Encryption | None:
        arn = self.customer_key(key_id)
        return Encryption(arn, str(bucket_key).lower() == "true") if arn else None

    def _bucket_policy(self, arn: str) -> str | None:
        bucket = self.bucket(arn.split(":::", 1)[-1].split("/", 1)[0])
        policy = bucket.policy if bucket is not None else None
        return policy.decode() if isinstance(policy, bytes) else policy

    def _key_policy(self, arn: str) -> str | None:
        key = self.key(arn)
        return key.policy if key is not None else None

    def _function_policy(self, arn: str) -> str | None:
        parts = arn.split(":")
        function = None
        with suppress(Exception):  # moto raises several kinds for a name it does not know
            function = lambda_backend(self.account, parts[3]).get_function(parts[6])
        if function is None or not function.policy.statements:
            return None
        statements = [
            {name: one[name] for name in _STATEMENT if one.get(name)}
            for one in function.policy.statements
        ]
        return json.dumps({"Statement": statements})

    def _queue_policy(self, arn: str) -> str | None:
        parts = arn.split(":")
        queue = sqs_backends[self.account][parts[3]].queues.get(parts[5])
        policy = queue.policy if queue is not None else None
        return policy if policy is None or isinstance(policy, str) else json.dumps(policy)

    def _topic_policy(self, arn: str) -> str | None:
        topic = sns_backends[self.account][arn.split(":")[3]].topics.get(arn)
        return topic.policy if topic is not None else None

    def _secret_policy(self, arn: str) -> str | None:
        secret = self.secret(arn, arn.split(":")[3])
        return getattr(secret, "policy", None)

    def _bus_policy(self, arn: str) -> str | None:
        if ":event-bus/" not in arn:
            return None
        buses = events_backends[self.account][arn.split(":")[3]].event_buses
        bus = buses.get(arn.split(":event-bus/", 1)[1])
        statements = [s.describe() for s in bus._statements.values()] if bus else []
        return json.dumps({"Statement": statements}) if statements else None


def _default_document(policy: Any) -> str:
    for version in policy.versions:
        if version.version_id == policy.default_version_id:
            return str(version.document)
    raise LookupError(f"policy {policy.arn} has no default version")


def _tag_list(tags: Any) -> list[dict[str, str]]:
    if isinstance(tags, dict):
        return [
            one if isinstance(one, dict) else {"Key": key, "Value": one}
            for key, one in tags.items()
        ]
    return list(tags or [])
