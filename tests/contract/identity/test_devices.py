"""Devices that wait, their forms, proofs and limits: the same in memory and in DynamoDB."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from identity.oauth.device_grants import DeviceGrant
from identity.oauth.device_store import DynamoDeviceGrants, DynamoTickets
from identity.oauth.ports import DeviceGrants, SeenProofs, Ticket, Tickets
from identity.oauth.proof_store import DynamoSeenProofs
from tests.fakes.identity import FakeDeviceGrants, FakeSeenProofs, FakeTickets

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(params=["memory", "dynamodb"])
def is_real(request: pytest.FixtureRequest) -> bool:
    return request.param == "dynamodb"


@pytest.fixture
def devices(
    is_real: bool, table_of: Callable[[str], str], lean_dynamodb: DynamoDBClient
) -> DeviceGrants:
    if not is_real:
        return FakeDeviceGrants()
    return DynamoDeviceGrants(lean_dynamodb, table_of("identity"))


@pytest.fixture
def tickets(
    is_real: bool, table_of: Callable[[str], str], lean_dynamodb: DynamoDBClient
) -> Tickets:
    if not is_real:
        return FakeTickets()
    return DynamoTickets(lean_dynamodb, table_of("identity"))


@pytest.fixture
def seen(
    is_real: bool, table_of: Callable[[str], str], lean_dynamodb: DynamoDBClient
) -> SeenProofs:
    if not is_real:
        return FakeSeenProofs()
    return DynamoSeenProofs(lean_dynamodb, table_of("identity"))


@pytest.fixture
def grant(now: datetime) -> DeviceGrant:
    return DeviceGrant(
        code_digest="d1",
        user_code="WDJBMJHT",
        client_id="tv",
        scope="member",
        device_name="Living room",
        asked_from="203.0.113.7",
        asked_at=now,
        expires_at=now + timedelta(minutes=10),
    )


def test_a_device_is_found_by_its_own_code_and_by_what_it_shows(
    devices: DeviceGrants, grant: DeviceGrant
) -> None:
    assert devices.keep(grant)

    assert devices.by_device_code("d1") == devices.by_user_code("WDJBMJHT") == grant
    assert devices.by_device_code("d2") is None
    assert devices.by_user_code("BBBBBBBB") is None


def test_a_user_code_is_free_again_only_when_its_time_is_over(
    devices: DeviceGrants, grant: DeviceGrant
) -> None:
    devices.keep(grant)
    meanwhile = dataclasses.replace(grant, code_digest="d2")
    later = dataclasses.replace(
        grant,
        code_digest="d3",
        asked_at=grant.expires_at,
        expires_at=grant.expires_at + timedelta(minutes=10),
    )

    assert not devices.keep(meanwhile)
    assert devices.by_device_code("d2") is None
    assert devices.keep(later)
    assert devices.by_user_code("WDJBMJHT") == later


def test_a_poll_is_remembered_with_the_interval_it_earned(
    devices: DeviceGrants, grant: DeviceGrant, now: datetime
) -> None:
    devices.keep(grant)
    first = grant.polled(now)
    devices.note_poll(first)

    devices.note_poll(first.polled(now + timedelta(milliseconds=300)))

    kept = devices.by_device_code("d1")
    assert kept is not None
    assert kept.polled_at == now + timedelta(milliseconds=300)
    assert kept.interval == timedelta(seconds=10)


def test_an_approved_device_is_taken_once(
    devices: DeviceGrants, grant: DeviceGrant, now: datetime
) -> None:
    devices.keep(grant)
    assert devices.take("d1") is None

    assert devices.decide("d1", status="approved", account_id="acc_1", scope="member", now=now)

    taken = devices.take("d1")
    assert taken is not None
    assert (taken.account_id, taken.status) == ("acc_1", "approved")
    assert devices.take("d1") is None
    devices.note_poll(grant.polled(now))
    assert devices.by_device_code("d1") is None, "a late poll brings nothing back"


def test_what_was_decided_or_is_over_is_not_decided_again(
    devices: DeviceGrants, grant: DeviceGrant, now: datetime
) -> None:
    devices.keep(grant)
    late = {"account_id": "acc_2", "scope": "member"}
    assert not devices.decide("d1", status="approved", now=grant.expires_at, **late)
    assert devices.decide("d1", status="denied", account_id="acc_1", scope="member", now=now)

    assert not devices.decide("d1", status="approved", now=now, **late)

    kept = devices.by_device_code("d1")
    assert kept is not None
    assert (kept.status, kept.account_id) == ("denied", "acc_1")


def test_a_form_is_taken_once(tickets: Tickets, now: datetime) -> None:
    ticket = Ticket("t1", "v1", "acc_1", "WDJBMJHT", now)
    tickets.keep(ticket)

    assert tickets.take("t1") == ticket
    assert tickets.take("t1") is None


def test_a_proof_is_new_once(seen: SeenProofs, now: datetime) -> None:
    assert [seen.is_first(name, now) for name in ("key#1", "key#1", "key#2")] == [True, False, True]
