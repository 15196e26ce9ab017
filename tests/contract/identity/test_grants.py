"""Codes, families and refresh tokens keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from identity.oauth.clients import AuthorizationRequest
from identity.oauth.errors import InvalidGrantError
from identity.oauth.grants import AuthorizationCode, Family, RefreshToken, Rotation
from identity.oauth.ports import Grants
from identity.oauth.store import DynamoGrants
from tests.fakes.identity import FakeGrants

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(params=["memory", "dynamodb"])
def grants(
    request: pytest.FixtureRequest, table_of: Callable[[str], str], lean_dynamodb: DynamoDBClient
) -> Grants:
    if request.param == "memory":
        return FakeGrants()
    return DynamoGrants(lean_dynamodb, table_of("identity"))


@pytest.fixture
def code(now: datetime) -> AuthorizationCode:
    asked = AuthorizationRequest("web", "https://w/callback", "c" * 43, "member", "s", "", "j" * 43)
    return AuthorizationCode("digest", asked, "acc_1", "member", now + timedelta(seconds=60))


@pytest.fixture
def family(now: datetime) -> Family:
    return Family("fam_1", "acc_1", "web", "dev_1", "member", now, now + timedelta(days=30))


@pytest.fixture
def token(family: Family) -> RefreshToken:
    return family.first_token("d1", "")


def test_a_code_is_spent_once_and_tells_for_which_sign_in(
    grants: Grants, code: AuthorizationCode
) -> None:
    grants.keep_code(code)

    assert grants.spend_code("digest", "fam_1") == code
    again = grants.spend_code("digest", "fam_2")
    assert again == dataclasses.replace(code, spent_for="fam_1")
    assert grants.spend_code("other", "fam_3") is None


def test_a_code_tells_to_the_millisecond_when_it_was_given_out(
    grants: Grants, code: AuthorizationCode
) -> None:
    later = dataclasses.replace(code, expires_at=code.expires_at + timedelta(milliseconds=123))
    grants.keep_code(later)

    assert grants.spend_code("digest", "fam_1") == later


def test_a_sign_in_is_found_with_its_first_token(
    grants: Grants, family: Family, token: RefreshToken
) -> None:
    grants.start(family, token)

    assert grants.family("acc_1", "fam_1") == family
    assert grants.refresh_token("d1") == token
    assert grants.family("acc_2", "fam_1") is None
    assert grants.refresh_token("d2") is None


def test_a_rotation_spends_one_token_for_the_next_and_is_remembered(
    grants: Grants, family: Family, token: RefreshToken, now: datetime
) -> None:
    grants.start(family, token)
    at = now + timedelta(milliseconds=250)
    successor = token.followed_by("d2", "key", at)

    assert grants.rotate(token, successor, "sealed", at, arrival_ms=0)

    renewed = grants.family("acc_1", "fam_1")
    assert renewed is not None
    assert renewed.rotation == Rotation("d1", "sealed", "key", at)
    assert grants.refresh_token("d1") == dataclasses.replace(token, is_spent=True)
    kept = grants.refresh_token("d2")
    assert kept is not None
    assert (kept.key_thumbprint, kept.is_spent) == ("key", False)


def test_a_token_is_swapped_once(
    grants: Grants, family: Family, token: RefreshToken, now: datetime
) -> None:
    grants.start(family, token)
    grants.rotate(token, token.followed_by("d2", "", now), "sealed", now, arrival_ms=0)

    assert not grants.rotate(token, token.followed_by("d3", "", now), "other", now, arrival_ms=0)

    assert grants.refresh_token("d3") is None
    renewed = grants.family("acc_1", "fam_1")
    assert renewed is not None
    assert renewed.rotation is not None
    assert renewed.rotation.sealed_successor == "sealed"


def test_nothing_of_a_revoked_sign_in_is_swapped_or_answered_again(
    grants: Grants, family: Family, token: RefreshToken, now: datetime
) -> None:
    grants.start(family, token)
    successor = token.followed_by("d2", "", now)
    grants.rotate(token, successor, "sealed", now, arrival_ms=0)

    grants.revoke("acc_1", "fam_1", now)
    grants.revoke("acc_1", "fam_1", now)

    ended = grants.family("acc_1", "fam_1")
    assert ended is not None
    assert ended.is_revoked
    assert ended.rotation is None
    assert not grants.rotate(
        successor, successor.followed_by("d3", "", now), "sealed", now, arrival_ms=0
    )


def test_a_sign_in_that_was_revoked_before_it_began_does_not_begin(
    grants: Grants, family: Family, token: RefreshToken, now: datetime
) -> None:
    grants.revoke("acc_1", "fam_1", now)

    with pytest.raises(InvalidGrantError):
        grants.start(family, token)
    assert grants.refresh_token("d1") is None


def test_a_token_from_before_there_were_families_is_unknown(
    table_of: Callable[[str], str], lean_dynamodb: DynamoDBClient
) -> None:
    client, table = lean_dynamodb, table_of("identity")
    older = {"pk": "REFRESH#d0", "sk": "REFRESH", "family_id": "fam_0", "account_id": "acc_1"}
    client.put_item(
        TableName=table,
        Item={**{name: {"S": value} for name, value in older.items()}, "expires_at": {"N": "1"}},
    )

    assert DynamoGrants(client, table).refresh_token("d0") is None


def test_a_sign_in_tells_which_profile_it_chose_last(
    grants: Grants, family: Family, token: RefreshToken
) -> None:
    grants.start(dataclasses.replace(family, profile_id="prf_1"), token)

    assert grants.enter("acc_1", "fam_1", "prf_2")
    known = grants.family("acc_1", "fam_1")
    assert known is not None
    assert known.profile_id == "prf_2"


def test_no_profile_is_entered_in_a_sign_in_that_ended_or_never_began(
    grants: Grants, family: Family, token: RefreshToken, now: datetime
) -> None:
    grants.start(family, token)
    grants.revoke("acc_1", "fam_1", now)

    assert not grants.enter("acc_1", "fam_1", "prf_2")
    assert not grants.enter("acc_1", "fam_2", "prf_2")
