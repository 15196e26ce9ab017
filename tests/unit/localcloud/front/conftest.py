from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from localcloud.front import Front
from localcloud.identities import Credentials


@pytest.fixture(scope="session")
def front() -> Iterator[Front]:
    started = Front()
    started.listen()
    yield started
    started.stop()


@pytest.fixture
def name() -> str:
    return f"t-{uuid.uuid4().hex[:12]}"


class Roles:
    """Makes roles with exactly the statements a test names."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._iam = front.client("iam")

    def create(self, *statements: dict[str, Any], service: str = "lambda.amazonaws.com") -> str:
        role = f"role-{uuid.uuid4().hex[:12]}"
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        self._iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
        self.grant(role, *statements)
        return f"arn:aws:iam::123456789012:role/{role}"

    def grant(self, role: str, *statements: dict[str, Any]) -> None:
        role = role.rsplit("/", 1)[-1]
        if not statements:
            return
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        self._iam.put_role_policy(
            RoleName=role, PolicyName="granted", PolicyDocument=json.dumps(document)
        )

    def revoke(self, role: str) -> None:
        self._iam.delete_role_policy(RoleName=role.rsplit("/", 1)[-1], PolicyName="granted")

    def session(self, role_arn: str, ttl: timedelta = timedelta(hours=1)) -> Credentials:
        return self._front.identities.assume(role_arn, "session", ttl)


@pytest.fixture
def roles(front: Front) -> Roles:
    return Roles(front)


@pytest.fixture
def client_of(front: Front, roles: Roles) -> Callable[..., Any]:
    """A client of a service in a session of a new role with these statements."""

    def make(service: str, *statements: dict[str, Any]) -> Any:
        return front.client(service, roles.session(roles.create(*statements)))

    return make


@pytest.fixture
def bucket(front: Front, name: str) -> str:
    front.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return name


@pytest.fixture
def table(front: Front, name: str) -> str:
    front.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return name


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


@pytest.fixture(name="allow")
def allow_fixture() -> Callable[..., dict[str, Any]]:
    return allow


@pytest.fixture(name="deny")
def deny_fixture() -> Callable[..., dict[str, Any]]:
    return deny
