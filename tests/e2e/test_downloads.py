"""A title kept on a device: played with the network off, and not after its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.cloud import Person, RunningCloud, eventually
from tests.e2e.viewer import PATIENCE_SECONDS, Player, Viewer
from tests.films import Ingested
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_accounts import Somebody

PATIENCE_MS = PATIENCE_SECONDS * 1000


@pytest.fixture
def member_with_downloads(cloud: RunningCloud, staff: Person) -> Somebody:
    """Somebody whose plan keeps titles, as playback has heard."""
    found = Somebody(cloud).has_account()
    account_id = SignedIn(found).claims["sub"]
    staff.ask("PUT", f"/v1/accounts/{account_id}/plan", {"plan": "standard"})
    dynamodb = cloud.operator("dynamodb")
    (table,) = (name for name in dynamodb.list_tables()["TableNames"] if "playback" in name.lower())
    key = {"pk": {"S": f"ACCOUNT#{account_id}"}, "sk": {"S": "ACCOUNT"}}

    def keeps() -> bool:
        item = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
        return item.get("downloads", {}).get("N") == "15"

    eventually(keeps, PATIENCE_SECONDS, "the plan that staff set")
    return found


def test_a_download_plays_without_the_network_and_refuses_after_its_time(
    viewer: Viewer, member_with_downloads: Somebody, ingested: Ingested
) -> None:
    page, somebody = viewer.page, member_with_downloads
    viewer.open(f"/title/{ingested.title_id}")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("E-mail").fill(somebody.email)
    page.get_by_label("Password").fill(somebody.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_role("link", name="Downloaded")).to_be_visible(timeout=PATIENCE_MS)

    viewer.context.set_offline(True)
    viewer.open("/downloads")
    expect(page.get_by_test_id("download")).to_contain_text("days left", timeout=PATIENCE_MS)
    assert page.evaluate("() => fetch('/v1/plan').then(() => 'answered', () => 'offline')") == (
        "offline"
    )
    page.get_by_role("link", name="Play").click()
    player = Player(viewer).start()
    player.runs_on(2.0)
    assert player.facts()["encrypted"]
    reached = player.pause()

    watched = page.url.removeprefix(viewer.cloud.web)
    now = datetime.now(UTC)
    page.clock.set_system_time(now + timedelta(days=3))
    viewer.open(watched)
    assert "The time for this download is over" in Player(viewer).refusal()
    page.clock.set_system_time(now)
    viewer.open(watched)
    assert "clock went back" in Player(viewer).refusal()

    viewer.context.set_offline(False)
    viewer.open("/downloads")
    device = SignedIn(somebody)

    def told() -> bool:
        kept = device.ask("GET", f"/progress/{ingested.title_id}")
        if kept.status_code != 200:
            return False
        return abs(float(kept.json()["position_seconds"]) - reached) < 1.0

    eventually(told, PATIENCE_SECONDS, "the place that was reached without the network")
    downloads = device.ask("GET", "/downloads").json()["downloads"]
    assert [one["first_played_at"] is not None for one in downloads] == [True]
