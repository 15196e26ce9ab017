"""An account's plan on the running service: the first one, another one, and what it opens."""

from __future__ import annotations

from typing import Any

import httpx

from tests.cloud import Person, RunningCloud, eventually
from tests.integration.test_accounts import Somebody


def as_member(somebody: Somebody, cloud: RunningCloud) -> httpx.Client:
    bearer = f"Bearer {somebody.signs_in().access_token()}"
    return httpx.Client(base_url=cloud.web, timeout=30, headers={"authorization": bearer})


def plan_of(member: httpx.Client) -> dict[str, Any]:
    answer = member.get("/v1/plan")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_staff_give_a_new_account_another_plan_and_its_member_sees_it(
    cloud: RunningCloud, staff: Person
) -> None:
    member = as_member(Somebody(cloud).has_account(), cloud)
    first = plan_of(member)
    assert (first["plan"], first["streams"]) == ("basic", 1)
    path = f"/v1/accounts/{first['account_id']}/plan"
    assert member.put(path, json={"plan": "premium"}).status_code == 403

    changed = staff.ask("PUT", path, {"plan": "premium"})

    assert (changed.status_code, changed.json()["streams"]) == (200, 4)
    assert plan_of(member) == staff.get(path) == changed.json()
    assert [plan["plan"] for plan in staff.get("/v1/plans")["plans"]] == [
        "basic",
        "standard",
        "premium",
    ]


def test_playback_hears_of_a_plan_soon_after_it_was_set(cloud: RunningCloud, staff: Person) -> None:
    account_id = plan_of(as_member(Somebody(cloud).has_account(), cloud))["account_id"]
    dynamodb = cloud.operator("dynamodb")
    (table,) = (name for name in dynamodb.list_tables()["TableNames"] if "playback" in name.lower())
    key = {"pk": {"S": f"ACCOUNT#{account_id}"}, "sk": {"S": "ACCOUNT"}}

    def streams() -> str | None:
        item = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
        return item.get("streams", {}).get("N")  # type: ignore[no-any-return]

    eventually(lambda: streams() == "1", 30, "the first plan, from the new account's event")

    staff.ask("PUT", f"/v1/accounts/{account_id}/plan", {"plan": "standard"})

    eventually(lambda: streams() == "2", 30, "the plan that staff set")
