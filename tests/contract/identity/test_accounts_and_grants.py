"""Accounts and grants keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta

import boto3
import pytest

from identity.domain import (
    Account,
    AuthorizationCode,
    AuthorizationRequest,
    EmailTakenError,
    InvalidGrantError,
    RefreshToken,
)
from identity.ports import Accounts, Grants
from identity.store import DynamoAccounts, DynamoGrants
from tests.fakes.identity import FakeAccounts, FakeGrants


@pytest.fixture(params=["memory", "dynamodb"])
def ports(
    request: pytest.FixtureRequest, table_of: Callable[[str], str]
) -> tuple[Accounts, Grants]:
    if request.param == "memory":
        return FakeAccounts(), FakeGrants()
    client, table = boto3.client("dynamodb"), table_of("identity")
    return DynamoAccounts(client, table), DynamoGrants(client, table)


@pytest.fixture
def accounts(ports: tuple[Accounts, Grants]) -> Accounts:
    return ports[0]


@pytest.fixture
def grants(ports: tuple[Accounts, Grants]) -> Grants:
    return ports[1]


@pytest.fixture
def ada(now: datetime) -> Account:
    return Account("acc_1", "ada@example.com", "hash", ("member", "staff"), "prf_1", now)


@pytest.fixture
def code(now: datetime) -> AuthorizationCode:
    asked = AuthorizationRequest("web", "https://w/callback", "c" * 43, "member", "s", "")
    return AuthorizationCode("digest", asked, "acc_1", "member", now + timedelta(seconds=60))


@pytest.fixture
def token(now: datetime) -> RefreshToken:
    return RefreshToken("d1", "fam", "acc_1", "web", "dev_1", "member", now + timedelta(days=1))


def test_an_account_is_found_by_address_and_by_id(accounts: Accounts, ada: Account) -> None:
    accounts.add(ada)

    assert accounts.by_email("ada@example.com") == accounts.by_id("acc_1") == ada
    assert accounts.by_email("bob@example.com") is None


def test_an_address_is_claimed_once(accounts: Accounts, ada: Account) -> None:
    accounts.add(ada)

    with pytest.raises(EmailTakenError):
        accounts.add(dataclasses.replace(ada, account_id="acc_2"))
    assert accounts.by_id("acc_2") is None


def test_a_code_is_spent_once(grants: Grants, code: AuthorizationCode, now: datetime) -> None:
    grants.keep_code(code)

    assert grants.spend_code("digest", now) == code
    with pytest.raises(InvalidGrantError):
        grants.spend_code("digest", now)


def test_an_expired_code_is_refused_though_the_table_still_has_it(
    grants: Grants, code: AuthorizationCode
) -> None:
    grants.keep_code(code)

    with pytest.raises(InvalidGrantError):
        grants.spend_code("digest", code.expires_at)


def test_a_refresh_token_is_swapped_for_its_successor(
    grants: Grants, token: RefreshToken, now: datetime
) -> None:
    grants.keep_refresh(token)

    second = grants.rotate_refresh("d1", "web", "d2", now)
    third = grants.rotate_refresh("d2", "web", "d3", now)

    assert (second.device_id, third.device_id) == ("dev_1", "dev_1")


def test_reuse_revokes_the_family(grants: Grants, token: RefreshToken, now: datetime) -> None:
    grants.keep_refresh(token)
    grants.rotate_refresh("d1", "web", "d2", now)

    with pytest.raises(InvalidGrantError):
        grants.rotate_refresh("d1", "web", "stolen", now)
    with pytest.raises(InvalidGrantError):
        grants.rotate_refresh("d2", "web", "d3", now)


@pytest.mark.parametrize(("digest", "client_id"), [("unknown", "web"), ("d1", "cli")])
def test_a_refresh_token_is_refused_to_others(
    grants: Grants, token: RefreshToken, now: datetime, digest: str, client_id: str
) -> None:
    grants.keep_refresh(token)

    with pytest.raises(InvalidGrantError):
        grants.rotate_refresh(digest, client_id, "d2", now)


def test_a_refresh_token_that_expired_is_refused(grants: Grants, token: RefreshToken) -> None:
    grants.keep_refresh(token)

    with pytest.raises(InvalidGrantError):
        grants.rotate_refresh("d1", "web", "d2", token.expires_at)
