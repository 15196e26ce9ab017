"""Codes, families and refresh tokens keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from identity.accounts.limits import TOKENS_REFUSED
from identity.oauth.clients import AuthorizationRequest
from identity.oauth.errors import InvalidGrantError
from identity.oauth.grants import AuthorizationCode, Family
from identity.oauth.ports import Grants
from identity.oauth.refusals import Refusals
from identity.oauth.routes import token
from identity.oauth.store import DynamoGrants
from kernel.aws.dynamodb import dynamodb
from kernel.ids import new_id
from tests.fakes.identity import FakeGrants
from tests.sign_ins import a_sign_in, secret, token_of
from tests.unit.identity.test_oauth_routes import request
from tests.unit.identity.test_sign_in import REQUEST, VERIFIER, Server

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RACERS = 12


@pytest.fixture(params=["memory", "dynamodb"])
def grants(
    request: pytest.FixtureRequest, table_of: Callable[[str], str], lean_dynamodb: DynamoDBClient
) -> Grants:
    if request.param == "memory":
        return FakeGrants()
    return DynamoGrants(lean_dynamodb, table_of("identity"))


@pytest.fixture
def each_its_own(grants: Grants, aws_address: str) -> Callable[[], Grants]:
    """As functions are: each with its own connection."""
    if isinstance(grants, FakeGrants):
        return lambda: grants
    where = {**os.environ, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": aws_address}
    return lambda: DynamoGrants(dynamodb(where), "identity")


@pytest.fixture
def code(now: datetime) -> AuthorizationCode:
    asked = AuthorizationRequest("web", "https://w/callback", "c" * 43, "member", "s", "", "j" * 43)
    return AuthorizationCode("digest", asked, "acc_1", "member", now + timedelta(seconds=60))


@pytest.fixture
def family(now: datetime) -> Family:
    return a_sign_in("fam_1", now)


def renewed(family: Family, number: int, at: datetime, *, key: str = "") -> Family:
    """The sign-in whose token before was renewed for that one."""
    spent = token_of(family, number - 1)
    return family.renewed(spent, secret(number), key, at, arrival_ms=number)


def test_a_code_is_spent_once_and_tells_for_which_sign_in(
    grants: Grants, code: AuthorizationCode
) -> None:
    grants.keep_code(code)

    assert grants.spend_code("digest", "fam_1") == code
    again = grants.spend_code("digest", "fam_2")
    assert again == dataclasses.replace(code, spent_for="fam_1")
    assert grants.spend_code("other", "fam_3") is None


def test_a_code_is_found_without_being_spent(grants: Grants, code: AuthorizationCode) -> None:
    grants.keep_code(code)

    assert grants.find_code("digest") == code
    assert grants.spend_code("digest", "fam_1") == code
    assert grants.find_code("digest") == dataclasses.replace(code, spent_for="fam_1")
    assert grants.find_code("other") is None


def test_a_code_tells_to_the_millisecond_when_it_was_given_out(
    grants: Grants, code: AuthorizationCode
) -> None:
    later = dataclasses.replace(code, expires_at=code.expires_at + timedelta(milliseconds=123))
    grants.keep_code(later)

    assert grants.spend_code("digest", "fam_1") == later


def test_a_sign_in_is_found_by_whose_it_is_and_what_it_is_called(
    grants: Grants, family: Family, now: datetime
) -> None:
    whole = dataclasses.replace(
        family,
        key_thumbprint="key",
        methods="pwd otp mfa",
        device_registered=True,
        signed_in_at=now,
    )
    grants.start(whole)

    assert grants.family("acc_1", "fam_1") == whole
    assert grants.family("acc_2", "fam_1") is None
    assert grants.family("acc_1", "fam_2") is None


def test_a_rotation_spends_one_token_for_the_next_and_is_remembered(
    grants: Grants, family: Family, now: datetime
) -> None:
    grants.start(family)
    at = now + timedelta(milliseconds=250)
    after = dataclasses.replace(renewed(family, 2, at, key="key"), device_registered=True)

    assert grants.rotate(family, after)

    kept = grants.family("acc_1", "fam_1")
    assert kept is not None
    # Ends are kept in whole seconds, as TTL wants them.
    assert kept == dataclasses.replace(after, expires_at=kept.expires_at)
    assert not kept.is_renewed_by(token_of(family))
    assert kept.is_renewed_by(token_of(family, 2))


def test_a_token_is_swapped_once(grants: Grants, family: Family, now: datetime) -> None:
    grants.start(family)
    first = renewed(family, 2, now)
    grants.rotate(family, first)

    assert not grants.rotate(family, dataclasses.replace(first, token_digest="another"))

    assert grants.family("acc_1", "fam_1") == first


def test_of_many_swaps_at_once_one_is_made(
    grants: Grants, family: Family, now: datetime, each_its_own: Callable[[], Grants]
) -> None:
    grants.start(family)
    ready = threading.Barrier(RACERS)

    def swap(number: int) -> bool:
        mine = each_its_own()
        ready.wait(30)
        after = family.renewed(token_of(family), secret(number), "", now, arrival_ms=number)
        return mine.rotate(family, after)

    with ThreadPoolExecutor(RACERS) as pool:
        swapped = list(pool.map(swap, range(2, 2 + RACERS)))

    assert swapped.count(True) == 1
    kept = grants.family("acc_1", "fam_1")
    assert kept is not None
    assert kept.arrival_ms == swapped.index(True) + 2
    assert kept.answer_again(token_of(family), "", now) == secret(kept.arrival_ms)


def test_an_end_and_a_swap_at_once_leave_the_sign_in_ended(
    grants: Grants, family: Family, now: datetime, each_its_own: Callable[[], Grants]
) -> None:
    grants.start(family)
    ready = threading.Barrier(2)

    def end(mine: Grants) -> None:
        ready.wait(30)
        mine.revoke("acc_1", "fam_1", now)

    def swap(mine: Grants) -> None:
        ready.wait(30)
        mine.rotate(family, renewed(family, 2, now))

    with ThreadPoolExecutor(2) as pool:
        for racing in [pool.submit(work, each_its_own()) for work in (end, swap)]:
            racing.result(60)

    ended = grants.family("acc_1", "fam_1")
    assert ended is not None
    assert ended.is_revoked
    assert ended.answer_again(token_of(family), "", now) is None


def test_whom_a_sign_in_watches_as_outlives_a_swap_that_did_not_know(
    grants: Grants, family: Family, now: datetime
) -> None:
    grants.start(family)
    grants.enter("acc_1", "fam_1", "prf_2")

    assert grants.rotate(family, renewed(family, 2, now))

    kept = grants.family("acc_1", "fam_1")
    assert kept is not None
    assert kept.profile_id == "prf_2"


def test_nothing_of_a_revoked_sign_in_is_swapped_or_answered_again(
    grants: Grants, family: Family, now: datetime
) -> None:
    grants.start(family)
    second = renewed(family, 2, now)
    grants.rotate(family, second)

    grants.revoke("acc_1", "fam_1", now)
    grants.revoke("acc_1", "fam_1", now)

    ended = grants.family("acc_1", "fam_1")
    assert ended is not None
    assert ended.is_revoked
    assert ended.rotation is None
    assert not grants.rotate(second, renewed(second, 3, now))


def test_a_sign_in_that_was_revoked_before_it_began_does_not_begin(
    grants: Grants, family: Family, now: datetime
) -> None:
    for _ in range(2):
        grants.revoke("acc_1", "fam_1", now)

    with pytest.raises(InvalidGrantError):
        grants.start(family)
    assert grants.family("acc_1", "fam_1") is None


def test_a_code_that_comes_again_and_again_is_refused_each_time(
    grants: Grants, now: datetime
) -> None:
    """The first time with another's verifier: the sign-in it was spent for has never begun."""
    server = Server(now, grants=grants)
    server.registration.create_account("ada@example.com", "correct horse", ("member",))
    refusals = Refusals(server.limits, server.announcements, TOKENS_REFUSED, server.clock)
    answering = token(server.tokens, refusals)
    form = {
        "grant_type": "authorization_code",
        "code": server.code(),
        "client_id": "web",
        "redirect_uri": REQUEST["redirect_uri"],
    }

    answers = [
        answering(request("POST", "/token", {**form, "code_verifier": verifier}))
        for verifier in ("w" * 43, VERIFIER, VERIFIER, VERIFIER)
    ]

    said = [(answer["statusCode"], json.loads(answer["body"])["error"]) for answer in answers]
    assert said == [(400, "invalid_grant")] * 4


def test_a_renewal_is_one_write_of_one_unit(
    table_of: Callable[[str], str],
    lean_dynamodb: DynamoDBClient,
    aws_calls: list[str],
    now: datetime,
) -> None:
    """With everything at its longest: what a sign-in's item has beyond 1 KB is paid twice."""
    client, table = lean_dynamodb, table_of("identity")
    account_id = new_id("acc", now)
    family = a_sign_in(
        new_id("fam", now),
        now,
        account_id=account_id,
        client_id="a-partner-with-a-name",
        device_id=new_id("dev", now),
        scope="openid email member staff",
        key_thumbprint="k" * 43,
        profile_id=new_id("prf", now),
        methods="pwd otp mfa",
        device_registered=True,
        signed_in_at=now,
    )
    grants = DynamoGrants(client, table)
    grants.start(family)
    asked = len(aws_calls)

    assert grants.rotate(family, renewed(family, 2, now, key="k" * 43))

    assert aws_calls[asked:] == ["UpdateItem"]
    (item,) = boto3.client("dynamodb").scan(TableName=table)["Items"]
    assert sum(len(name) + size(value) for name, value in item.items()) <= 1024


def size(value: Mapping[str, Any]) -> int:
    """Bytes of an attribute, at most (Amazon DynamoDB, item sizes and formats)."""
    ((kind, content),) = value.items()
    return {"S": len(str(content).encode()), "N": 21, "BOOL": 1}[kind]


def test_a_sign_in_tells_which_profile_it_chose_last(grants: Grants, family: Family) -> None:
    grants.start(dataclasses.replace(family, profile_id="prf_1"))

    assert grants.enter("acc_1", "fam_1", "prf_2")
    known = grants.family("acc_1", "fam_1")
    assert known is not None
    assert known.profile_id == "prf_2"


def test_no_profile_is_entered_in_a_sign_in_that_ended_or_never_began(
    grants: Grants, family: Family, now: datetime
) -> None:
    grants.start(family)
    grants.revoke("acc_1", "fam_1", now)

    assert not grants.enter("acc_1", "fam_1", "prf_2")
    assert not grants.enter("acc_1", "fam_2", "prf_2")
