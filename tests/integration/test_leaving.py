"""Somebody takes all that is kept of them, leaves, and is nowhere any more: in no table at all.

The tables are not listed: whatever the service has, and whatever comes to it, is searched.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from kernel.account_data import plain
from tests.beacons import CAUGHT_UP_SECONDS, batch
from tests.cloud import Person, RunningCloud, eventually
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_accounts import Somebody
from tests.mailbox import await_letter

NOTHING_LONGER_THAN = timedelta(days=30)
"""From when somebody asked, by the privacy notice. What begins with the deletion, two weeks later,
is held to the rest of it: tests/infra/test_environments.py."""


def items(cloud: RunningCloud) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every item of every table, with the table's name."""
    dynamodb = cloud.operator("dynamodb")
    for table in dynamodb.list_tables()["TableNames"]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            yield from ((table, plain(item)) for item in page["Items"])


def telling_of(cloud: RunningCloud, *marks: str) -> list[tuple[str, dict[str, Any]]]:
    """The items that name somebody by one of these."""
    return [found for found in items(cloud) if any(mark in repr(found) for mark in marks)]


def due_now(cloud: RunningCloud, account_id: str) -> None:
    """Two weeks later, as far as this account's deletion is concerned."""
    dynamodb = cloud.operator("dynamodb")
    (table,) = {table for table, item in items(cloud) if item["under"] == "DELETIONS"}
    due = (datetime.now(UTC) - timedelta(minutes=1)).replace(microsecond=0)
    (waiting,) = (
        item
        for _, item in items(cloud)
        if item["under"] == "DELETIONS" and account_id in item["name"]
    )
    note = {"pk": {"S": "DELETIONS"}, "sk": {"S": waiting["name"]}}
    dynamodb.delete_item(TableName=table, Key=note)
    moved = f"{due.isoformat(timespec='milliseconds')}#{account_id}"
    dynamodb.put_item(
        TableName=table,
        Item={
            "pk": {"S": "DELETIONS"},
            "sk": {"S": moved},
            "account_id": {"S": account_id},
        },
    )
    dynamodb.update_item(
        TableName=table,
        Key={"pk": {"S": f"ACCOUNT#{account_id}"}, "sk": {"S": "ACCOUNT"}},
        UpdateExpression="SET deletion_due = :due",
        ExpressionAttributeValues={":due": {"N": str(round(due.timestamp() * 1000))}},
    )


def deletes(cloud: RunningCloud) -> None:
    """What the schedule runs once an hour."""
    outputs = json.loads((cloud.data_dir / "outputs.json").read_text())
    (name,) = (
        stack["DeleteAccountsFunction"]
        for stack in outputs.values()
        if "DeleteAccountsFunction" in stack
    )
    answer = cloud.operator("lambda").invoke(FunctionName=name, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def test_who_leaves_takes_all_that_is_kept_and_is_in_no_table_after(
    cloud: RunningCloud, staff: Person, titles: dict[str, str]
) -> None:
    somebody = Somebody(cloud).has_account()
    phone = SignedIn(somebody)
    SignedIn(somebody)
    account_id, profile_id = phone.claims["sub"], phone.claims["profile"]
    staff.ask("PUT", f"/v1/accounts/{account_id}/plan", {"plan": "standard"})
    device = {"family": "shaka", "drm": "clearkey", "max_height": None}
    begun = phone.ask("POST", "/playback/start", {"title_id": titles["Big"], "device": device})
    told = batch(begun.json()["ticket"], (61.0, timedelta(0)), duration=600.0)
    assert phone.ask("POST", "/beacons", told).is_success
    assert phone.ask("DELETE", f"/playback/sessions/{begun.json()['session_id']}").is_success
    wanted = {"title_id": titles["Big"], "device": device}
    # As soon as playback has heard of the plan.
    kept = eventually(
        lambda: (answer := phone.ask("POST", "/downloads", wanted)).is_success and answer.json(),
        CAUGHT_UP_SECONDS,
        "a title to keep",
    )
    await_letter(cloud, somebody.email, "New sign-in to your account")
    form = {"email": somebody.email, "password": somebody.password}

    def export() -> dict[str, Any] | None:
        data = somebody.post("/account/export", **form)
        assert data.status_code == 200, data.text
        held: dict[str, Any] = data.json()
        # Playback hears of the account and its plan a moment later, progress of the place.
        parts = ("playback", "notifications", "progress")
        return held if all(held[part] for part in parts) else None

    held = eventually(export, CAUGHT_UP_SECONDS, "a part of every domain", every=2)
    assert held is not None
    assert (held["email"], len(held["devices"]), len(held["sessions"])) == (somebody.email, 2, 2)
    assert held["profiles"][0]["profile_id"] == profile_id
    assert [item["plan_name"] for item in held["billing"]] == ["standard"]
    assert [item["streams"] for item in held["playback"] if "streams" in item] == [2]
    assert kept["download_id"] in repr(held["playback"])
    assert held["progress"][0]["name"] == f"TITLE#{titles['Big']}"
    letters = " ".join(item["name"] for item in held["notifications"])
    assert "EmailVerificationRequested" in letters
    assert "NewDeviceSignedIn" in letters

    assert somebody.post("/account/delete", **form).status_code == 200
    await_letter(cloud, somebody.email, "Your account will be deleted")
    due_now(cloud, account_id)
    deletes(cloud)

    names = (account_id, profile_id, somebody.email)

    def lasting() -> list[tuple[str, dict[str, Any]]]:
        latest = time.time() + NOTHING_LONGER_THAN.total_seconds()
        return [
            (table, item)
            for table, item in telling_of(cloud, *names)
            if not 0 < item.get("expires_at", 0) <= latest
        ]

    eventually(lambda: not lasting(), 60, "nothing that lasts", every=2)
    # Until DynamoDB takes them away: ids alone, and what is over by then anyhow.
    left = telling_of(cloud, profile_id, somebody.email)
    assert {item["name"].split("#")[0] for _, item in left} <= {"EVENT", "CHALLENGE"}
    assert somebody.post("/account/export", **form).status_code == 401


def test_nobody_takes_a_part_of_an_export_with_another_token(
    cloud: RunningCloud, staff: Person
) -> None:
    for domain in ("billing", "notifications", "playback", "progress"):
        path = f"/v1/export/{domain}"
        assert staff.ask("GET", path).status_code == 403
        assert httpx.get(f"{cloud.web}{path}", timeout=30).status_code == 401
