"""A title kept on a device: played with the network off, and not after its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.beacons import CAUGHT_UP_SECONDS
from tests.cloud import Person, RunningCloud, eventually
from tests.e2e.test_profiles_page import add_profile, save, watch_as
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


def signed_in(viewer: Viewer, somebody: Somebody, path: str) -> None:
    viewer.open(path)
    viewer.page.get_by_role("button", name="Sign in").click()
    viewer.fill_in(account={"email": somebody.email, "password": somebody.password})
    viewer.page.wait_for_url(f"{viewer.cloud.web}{path}")


def downloaded(viewer: Viewer, somebody: Somebody, film: Ingested) -> None:
    """Signed in, and a film is kept."""
    signed_in(viewer, somebody, f"/title/{film.title_id}")
    viewer.page.get_by_role("button", name="Download").click()
    expect(viewer.page.get_by_role("link", name="Downloaded")).to_be_visible(timeout=PATIENCE_MS)


def kept_film_played(viewer: Viewer) -> tuple[Player, str]:
    """The one that is kept, playing, and its address from the root."""
    viewer.open("/downloads")
    viewer.page.get_by_role("link", name="Play").click()
    return Player(viewer).start(), viewer.page.url.removeprefix(viewer.cloud.web)


def await_place(device: SignedIn, film: Ingested, reached: float) -> None:
    """Until the service knows where watching stopped."""

    def told() -> bool:
        kept = device.ask("GET", f"/progress/{film.title_id}")
        if kept.status_code != 200:
            return False
        return abs(float(kept.json()["position_seconds"]) - reached) < 1.0

    eventually(told, CAUGHT_UP_SECONDS, "the place that was reached")


def test_a_download_plays_without_the_network_and_refuses_after_its_time(
    viewer: Viewer, member_with_downloads: Somebody, ingested: Ingested
) -> None:
    page, somebody = viewer.page, member_with_downloads
    downloaded(viewer, somebody, ingested)

    viewer.context.set_offline(True)
    # What a page sends while it goes away, a browser that only plays at being offline may send.
    page.route("**/v1/beacons", lambda route: route.abort())
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

    page.unroute("**/v1/beacons")
    viewer.context.set_offline(False)
    viewer.open("/downloads")
    device = SignedIn(somebody)

    await_place(device, ingested, reached)

    def begun() -> bool:
        downloads = device.ask("GET", "/downloads").json()["downloads"]
        return [one["first_played_at"] is not None for one in downloads] == [True]

    eventually(begun, PATIENCE_SECONDS, "when it was begun")


def kept_in(viewer: Viewer) -> tuple[int, int]:
    """Records and files of downloads in the browser, whosever they are."""
    found = viewer.page.evaluate(
        """async () => {
            const open = indexedDB.open("marquee-downloads");
            await new Promise((done) => { open.onsuccess = done; });
            const count = open.result.transaction("titles").objectStore("titles").count();
            await new Promise((done) => { count.onsuccess = done; });
            open.result.close();
            const shelves = (await caches.keys()).filter((name) => name.includes("download "));
            return [count.result, shelves.length];
        }"""
    )
    return tuple(found)


def test_signing_out_warns_and_takes_the_downloads_along(
    viewer: Viewer, member_with_downloads: Somebody, ingested: Ingested
) -> None:
    page = viewer.page
    downloaded(viewer, member_with_downloads, ingested)
    player, address = kept_film_played(viewer)
    player.pause()
    device = SignedIn(member_with_downloads)
    viewer.open("/")

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("dialog")).to_contain_text("is removed")
    page.get_by_role("button", name="Stay signed in").click()
    assert kept_in(viewer) == (1, 1)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=PATIENCE_MS)
    assert kept_in(viewer) == (0, 0)
    eventually(
        lambda: device.ask("GET", "/downloads").json()["downloads"] == [],
        PATIENCE_SECONDS,
        "no place taken on the service",
    )
    viewer.open("/downloads")
    expect(page.get_by_text("Nothing is kept on this device")).to_be_visible()
    viewer.open(address)
    assert "not here any more" in Player(viewer).refusal()


def test_another_account_neither_sees_nor_plays_what_was_left_and_the_first_finds_it_again(
    viewer: Viewer, cloud: RunningCloud, member_with_downloads: Somebody, ingested: Ingested
) -> None:
    page = viewer.page
    downloaded(viewer, member_with_downloads, ingested)
    player, address = kept_film_played(viewer)

    # What they tell is heard by nobody, and the tab is closed without signing out.
    page.route("**/v1/beacons", lambda route: route.abort())
    reached = player.pause()
    viewer.open("/downloads")
    page.evaluate("() => sessionStorage.clear()")
    other = Somebody(cloud).has_account()
    page.unroute("**/v1/beacons")
    signed_in(viewer, other, "/")
    viewer.open("/downloads")
    expect(page.get_by_text("Nothing is kept on this device")).to_be_visible(timeout=PATIENCE_MS)
    viewer.open(address)
    assert "not here any more" in Player(viewer).refusal()
    assert kept_in(viewer) == (1, 1)
    viewer.open("/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=PATIENCE_MS)

    signed_in(viewer, member_with_downloads, "/")
    viewer.open("/downloads")
    expect(page.get_by_test_id("download")).to_be_visible(timeout=PATIENCE_MS)

    await_place(SignedIn(member_with_downloads), ingested, reached)


def test_a_child_neither_sees_nor_plays_what_its_parents_keep_with_the_network_or_without(
    viewer: Viewer, member_with_downloads: Somebody, ingested: Ingested
) -> None:
    page = viewer.page
    downloaded(viewer, member_with_downloads, ingested)
    _, address = kept_film_played(viewer)
    viewer.open("/profiles/manage")
    add_profile(page, "Mia")
    page.get_by_role("switch", name="A child watches").click()
    save(page)
    watch_as(page, "Mia")
    page.wait_for_url(f"{viewer.cloud.web}/")

    for is_offline in (False, True):
        viewer.context.set_offline(is_offline)
        viewer.open("/downloads")
        expect(page.get_by_text("Nothing is kept on this device")).to_be_visible()
        viewer.open(address)
        assert "not here any more" in Player(viewer).refusal()
    assert kept_in(viewer) == (1, 1)
