"""Staff upload films from a browser, follow them, and clear up what went wrong."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Route, expect

from tests.cloud import Person, RunningCloud, eventually
from tests.e2e.conftest import ACTION_MILLISECONDS
from tests.e2e.staff_desk import (
    MEGABYTE,
    NO_LIMIT,
    Desk,
    answering,
    becomes,
    moved,
    upload_becomes,
)
from tests.e2e.viewer import PATIENCE_SECONDS, Viewer
from tests.films import INGEST_SECONDS, captions, unseen_film

PART_BYTES = 16 * 1024 * 1024

HOSTILE = "<img src=x onerror=alert(1)> ../../etc/passwd فيلم 🎬" + "x" * 120
"""HTML, a path, another direction, an emoji, and a word that is no word."""

OVERRIDE = "\u202egnp.exe"
"""Reads "exe.png"."""


@pytest.fixture(scope="module")
def one_desk(chromium: Browser, cloud: RunningCloud) -> Iterator[Desk]:
    """Signed in once: each sign-in takes seconds."""
    context = chromium.new_context()
    context.set_default_timeout(ACTION_MILLISECONDS)
    yield Desk.of(Viewer(context, cloud))
    context.close()


@pytest.fixture
def desk(one_desk: Desk) -> Desk:
    """The page as one finds it in the morning."""
    one_desk.tidy()
    return one_desk


@pytest.fixture
def no_film() -> FilePayload:
    """A few bytes that nobody has sent before, and that are no film."""
    return {"name": "no-film.mp4", "mimeType": "video/mp4", "buffer": os.urandom(5000)}


def asset(staff: Person, title: str) -> dict[str, Any]:
    listed = staff.get("/v1/assets?limit=100")["assets"]
    return next(each for each in listed if each["name"] == title)


def parts_there(staff: Person, asset_id: str) -> int:
    return len(staff.get(f"/v1/uploads/{asset_id}/parts")["parts"])


def remove(staff: Person, asset_id: str) -> None:
    staff.ask("POST", f"/v1/assets/{asset_id}/cancel")
    staff.ask("DELETE", f"/v1/assets/{asset_id}")


def test_a_film_is_sent_from_the_page_and_followed_until_members_watch_it(
    desk: Desk, staff: Person, member: Person, tmp_path: Path
) -> None:
    desk.page.get_by_label("For older devices").check()
    desk.add_captions(captions(tmp_path / "film.de.vtt", "Guten Abend."))
    expect(desk.page.get_by_label("Name in the menu")).to_have_value("Deutsch")

    name = f"Sent from the page {uuid.uuid4()}"

    row = desk.upload(name, unseen_film(tmp_path / "film.mp4", seconds=5))

    becomes(row, "processing")
    steps = row.get_by_role("list", name="Steps")
    expect(steps.locator("[data-step=transcode]")).to_be_visible(timeout=PATIENCE_SECONDS * 1000)
    expect(steps.locator("[data-step=probe] time")).to_be_visible()
    becomes(row, "ready", INGEST_SECONDS)
    expect(steps.locator("[data-state=done]")).to_have_count(8)
    expect(row.locator(".asset-facts")).to_contain_text("360p, 240p and 144p")
    expect(row.locator(".asset-facts")).to_contain_text("5 s")
    expect(row.locator(".asset-making")).to_contain_text("cenc")
    expect(row.locator(".asset-making")).to_contain_text("Deutsch (de)")
    assert row.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    made = asset(staff, name)
    title_id = made["asset_id"].replace("ast_", "ttl_")
    eventually(
        lambda: member.ask("GET", f"/v1/titles/{title_id}").status_code == 200,
        PATIENCE_SECONDS,
        "a title",
    )
    # The browser asked the storage itself, by the rules of the page and of the bucket.
    assert desk.viewer.complaints == []

    row.get_by_role("button", name="Delete").click()
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_contain_text(name)
    expect(dialog).to_contain_text("360p, 240p and 144p")
    desk.page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    row.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(row).not_to_be_visible()
    assert staff.ask("GET", f"/v1/assets/{made['asset_id']}").status_code == 404


@pytest.fixture
def long_film(tmp_path: Path) -> Path:
    """Five parts of nothing that plays."""
    path = tmp_path / "long.mp4"
    path.write_bytes(os.urandom(4 * PART_BYTES + 1000))
    return path


def test_an_upload_outlives_a_closed_tab_a_reload_and_a_lost_network(
    arrive: Callable[[], Viewer], desk: Desk, staff: Person, long_film: Path, tmp_path: Path
) -> None:
    first = Desk.of(arrive())
    first.uploads_at(16 * MEGABYTE)
    # However fast the machine is, something is left to send.
    first.page.route("**/*partNumber=4*", lambda _route: None)
    name = f"Begun elsewhere {uuid.uuid4()}"
    row = first.upload(name, long_film)
    moved(row, 5)
    expect(row.locator(".moving")).to_contain_text("MB/s")
    row.get_by_role("button", name="Pause").click()
    upload_becomes(row, "paused")
    row.get_by_role("button", name="Continue").click()
    upload_becomes(row, "sending")
    asset_id = asset(staff, name)["asset_id"]
    eventually(lambda: parts_there(staff, asset_id) >= 1, PATIENCE_SECONDS, "a part")
    first.viewer.context.close()

    desk.page.reload()
    row = desk.row(name)
    becomes(row, "uploading")
    expect(row.get_by_test_id("reason")).to_contain_text("Choose the same file again")
    other = tmp_path / "other.mp4"
    other.write_bytes(os.urandom(long_film.stat().st_size))
    desk.resume(row, other)
    expect(row.get_by_role("alert")).to_contain_text("This is another file")
    assert desk.puts == []

    desk.uploads_at(2 * MEGABYTE)
    desk.resume(row, long_film)
    upload_becomes(row, "sending")
    asked: list[str] = []
    desk.page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    desk.page.reload()
    assert asked == ["beforeunload"]
    expect(row).to_be_visible()
    expect(row).not_to_have_attribute("data-upload", "sending")

    there = parts_there(staff, asset_id)
    desk.puts.clear()
    desk.resume(row, long_film)
    upload_becomes(row, "sending")
    desk.viewer.context.set_offline(True)
    upload_becomes(row, "offline")
    expect(row.get_by_test_id("reason")).to_contain_text("no network")
    desk.viewer.context.set_offline(False)
    desk.uploads_at(NO_LIMIT)
    becomes(row, "refused", INGEST_SECONDS)

    numbers = {url.partition("partNumber=")[2].partition("&")[0] for url in desk.puts}
    assert len(numbers) == 5 - there
    expect(row.get_by_test_id("reason")).to_contain_text("Upload")
    parts_sent = len(desk.puts)
    row.get_by_role("button", name="Try again").click()
    becomes(row, "processing")
    becomes(row, "refused", INGEST_SECONDS)
    assert len(desk.puts) == parts_sent
    remove(staff, asset_id)


def test_a_part_that_the_storage_does_not_take_is_sent_again(
    desk: Desk, staff: Person, no_film: FilePayload
) -> None:
    failures = iter([503, 500])

    def sometimes(route: Any) -> None:
        status = next(failures, None)
        if status is None:
            route.continue_()
        else:
            headers = {"access-control-allow-origin": desk.viewer.cloud.web}
            route.fulfill(status=status, body="<Error/>", headers=headers)

    desk.page.route("**/*partNumber=*", sometimes)
    row = desk.upload("Twice refused", no_film)

    expect(row.get_by_role("alert")).to_contain_text("Trying again in 1 s")
    expect(row.get_by_role("alert")).to_contain_text("Trying again in 2 s")
    becomes(row, "refused", INGEST_SECONDS)
    assert len(desk.puts) == 3
    remove(staff, asset(staff, "Twice refused")["asset_id"])


def test_what_another_member_of_staff_did_shows_and_a_clash_is_told_in_place(
    desk: Desk, staff: Person
) -> None:
    name = f"Somebody else's {uuid.uuid4()}"
    body = {"name": name, "file_name": "a.mp4", "size_bytes": 5}
    asset_id = staff.ask("POST", "/v1/uploads", body).json()["asset_id"]
    row = desk.row(name)
    becomes(row, "uploading")

    # The page does not know yet what somebody else did a moment ago.
    desk.page.route("**/v1/assets?*", answering(staff.get("/v1/assets?limit=20")))
    row.get_by_role("button", name="Cancel upload").click()
    staff.ask("POST", f"/v1/assets/{asset_id}/cancel")
    desk.page.get_by_role("dialog").get_by_role("button", name="Cancel upload").click()

    expect(row.get_by_role("alert")).to_contain_text("cancelled")
    desk.page.unroute_all(behavior="ignoreErrors")
    becomes(row, "cancelled")
    staff.ask("DELETE", f"/v1/assets/{asset_id}")
    row.get_by_role("button", name="Delete").click()
    desk.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).not_to_be_visible()
    expect(desk.page.get_by_test_id("announced")).to_have_text(f"{name} is deleted.")


def test_a_network_error_is_told_where_it_happened(desk: Desk, staff: Person) -> None:
    body = {"name": "Out of reach", "file_name": "a.mp4", "size_bytes": 5}
    asset_id = staff.ask("POST", "/v1/uploads", body).json()["asset_id"]
    row = desk.row("Out of reach")
    becomes(row, "uploading")

    desk.page.route("**/v1/**", lambda route: route.abort())
    row.get_by_role("button", name="Cancel upload").click()
    desk.page.get_by_role("dialog").get_by_role("button", name="Cancel upload").click()
    expect(row.get_by_role("alert")).to_contain_text("Marquee is out of reach")
    expect(desk.page.locator(".stale")).to_contain_text("may be old")
    desk.page.reload()
    expect(desk.page.get_by_role("heading", name="Marquee is out of reach")).to_be_visible()

    desk.page.unroute("**/v1/**")
    desk.page.get_by_role("button", name="Try again").click()
    becomes(row, "uploading")
    remove(staff, asset_id)


def test_hostile_names_are_shown_as_they_are_and_do_nothing(desk: Desk, staff: Person) -> None:
    desk.page.set_viewport_size({"width": 360, "height": 740})
    hostile: FilePayload = {
        "name": f"{HOSTILE[:90].replace('/', '_')}.mp4",
        "mimeType": "video/mp4",
        "buffer": os.urandom(2000),
    }

    desk.page.get_by_label("Title").fill(OVERRIDE)
    desk.choose(hostile)
    desk.send()
    expect(desk.page.get_by_role("alert")).to_contain_text("name: contains a character that turns")
    # Chromium tells of each refusal.
    desk.viewer.complaints.clear()
    desk.page.get_by_label("Title").fill(HOSTILE)
    desk.send()
    row = desk.row(HOSTILE)

    expect(row.get_by_role("heading")).to_have_text(HOSTILE)
    expect(row.locator(".asset-facts li").first).to_have_text(hostile["name"])
    assert row.locator("h3 img").count() == 0
    body = {"name": "By another way", "file_name": "../<b>..</b>/etc", "size_bytes": 5}
    asset_id = staff.ask("POST", "/v1/uploads", body).json()["asset_id"]
    becomes(row, "refused", INGEST_SECONDS)
    other = desk.row("By another way")
    expect(other.locator(".asset-facts li").first).to_have_text(body["file_name"])
    remove(staff, asset_id)
    desk.fits()
    row.get_by_role("button", name="Delete").click()
    expect(desk.page.get_by_role("dialog")).to_contain_text(HOSTILE)
    desk.fits()
    desk.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).not_to_be_visible()
    assert desk.viewer.complaints == []


def test_names_that_are_too_long_are_refused_at_their_field_in_the_services_words(
    desk: Desk, no_film: FilePayload
) -> None:
    title = desk.page.get_by_label("Title")
    title.fill("n" * 10_240)
    desk.choose(no_film)
    desk.send()
    expect(desk.page.get_by_role("alert")).to_have_text("name: at most 200 characters, not 10,240.")
    expect(title).to_be_focused()

    title.fill("A title")
    desk.page.get_by_role("button", name="Choose another film").click()
    desk.page.locator("input[type=file]").first.set_input_files(
        {**no_film, "name": "f" * 10_240 + ".mp4"}
    )
    desk.send()
    expect(desk.page.get_by_role("alert")).to_contain_text("file_name: at most 255 characters")
    desk.page.set_viewport_size({"width": 360, "height": 740})
    desk.fits()


def test_captions_that_cannot_be_used_are_refused_and_leave_no_upload_behind(
    desk: Desk, staff: Person, no_film: FilePayload, tmp_path: Path
) -> None:
    broken = tmp_path / "film.en.vtt"
    broken.write_text("WEBVTT\n\n00:00:05.000 --> 00:00:01.000\nBackwards.\n")
    desk.page.get_by_label("Title").fill("Never begun")
    desk.choose(no_film)
    desk.add_captions(broken)

    desk.send()

    expect(desk.page.get_by_role("alert")).to_contain_text("text: ")
    expect(desk.page.get_by_role("alert")).to_contain_text("Nothing was uploaded.")
    listed = staff.get("/v1/assets")["assets"]
    assert "Never begun" not in {each["name"] for each in listed}


@pytest.mark.usefixtures("titles")
def test_a_member_is_told_that_the_page_is_for_staff(viewer: Viewer) -> None:
    viewer.sign_in()
    expect(viewer.page.get_by_role("link", name="Spectrum", exact=True).last).to_be_visible()
    assert viewer.page.get_by_role("link", name="Staff").count() == 0

    viewer.open("/staff")

    expect(viewer.page.get_by_role("heading", name="This page is for staff")).to_be_visible()
    Desk(viewer).is_accessible()
    assert not [url for url, _ in viewer.answers if "staff-page" in url or "/v1/assets" in url]
    viewer.page.get_by_role("button", name="Sign in").click()
    viewer.fill_in()
    expect(viewer.page.get_by_text("This account is no staff account.")).to_be_visible()


def test_staff_find_the_way_from_any_page(desk: Desk) -> None:
    desk.page.get_by_role("link", name="Marquee, home").click()
    desk.page.get_by_role("link", name="Staff").click()

    expect(desk.page).to_have_url(f"{desk.viewer.cloud.web}/staff")
    expect(desk.page.locator("#main")).to_be_focused()


def test_the_page_may_send_to_the_folder_of_uploads_and_nowhere_else(desk: Desk) -> None:
    aws = desk.viewer.cloud.aws
    asked = """url => fetch(url, { method: "PUT", body: "x" }).then(() => "sent", () => "kept")"""

    assert desk.page.evaluate(asked, f"{aws}/another-bucket/uploads/x") == "kept"
    assert desk.page.evaluate(asked, f"{aws}/") == "kept"

    refusals = [each for each in desk.viewer.complaints if "Content Security Policy" in each]
    assert len(refusals) >= 2


ASSET = {
    "file_name": "a-film.mp4",
    "size_bytes": 4_200_000_000,
    "created_at": "2026-11-01T12:00:00+00:00",
    "progress_percent": None,
    "failure": None,
    "steps": [],
    "duration_seconds": None,
    "heights": [],
    "poster_url": None,
    "scheme": "cbcs",
    "maturity": 18,
    "captions": [],
}

EVERY_STATE = [
    {
        **ASSET,
        "asset_id": f"ast_{number:026}",
        "name": f"A film that is {status}",
        "status": status,
        **more,
    }
    for number, (status, more) in enumerate(
        (
            ("uploading", {}),
            (
                "processing",
                {
                    "progress_percent": 42,
                    "steps": [
                        {
                            "name": name,
                            "status": state,
                            "started_at": f"2026-11-01T12:00:0{second}+00:00",
                            "ended_at": ended,
                        }
                        for second, (name, state, ended) in enumerate(
                            (
                                ("upload", "done", "2026-11-01T12:00:01+00:00"),
                                ("probe", "failed", "2026-11-01T12:00:04+00:00"),
                                ("transcode", "running", None),
                            )
                        )
                    ],
                },
            ),
            ("ready", {"duration_seconds": 5400.0, "heights": [360, 720, 1080]}),
            *(
                (
                    status,
                    {
                        "failure": {
                            "code": status,
                            "message": "The file holds no picture.",
                            "what_to_do": "Upload a film with a video track.",
                        }
                    },
                )
                for status in ("refused", "failed", "cancelled", "duplicate", "abandoned")
            ),
        )
    )
]


MORE = [
    {
        **ASSET,
        "asset_id": f"ast_{number:026}",
        "name": f"{OVERRIDE}{number}",
        "file_name": f"{OVERRIDE}.mp4",
        "status": "ready",
    }
    for number in range(100, 112)
]
"""A first page is full with these, whose names are from before overrides were refused."""


def shows(desk: Desk, assets: list[dict[str, Any]], next_after: str | None = None) -> None:
    desk.page.unroute_all()
    by_id = {each["asset_id"]: each for each in assets}

    def one(route: Route) -> None:
        asked = by_id.get(route.request.url.rpartition("/")[2])
        # The page before may still ask for what it showed.
        answering(asked or {}, status=200 if asked else 404)(route)

    desk.page.route("**/v1/assets/*", one)
    first = {"assets": assets, "next_after": next_after}
    desk.page.route("**/v1/assets?*", answering(first))
    desk.page.route("**/v1/assets?*after=*", answering({"assets": [], "next_after": None}))
    desk.page.reload()


def test_every_state_of_the_page_is_accessible_and_fits(desk: Desk) -> None:
    page = desk.page
    shows(desk, [*EVERY_STATE, *MORE], MORE[-1]["asset_id"])
    expect(desk.row("A film that is processing").get_by_role("list", name="Steps")).to_be_visible()
    expect(page.get_by_role("button", name="Show more")).to_be_visible()
    names = page.locator(".asset bdi", has_text="gnp.exe")
    directions = names.evaluate_all("all => all.map((one) => getComputedStyle(one).unicodeBidi)")
    assert set(directions) == {"isolate"}
    desk.send()
    expect(page.get_by_role("alert")).to_have_text("Choose the film's file.")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        desk.is_accessible()
    for width, height in ((360, 740), (3840, 2160), (1280, 720)):
        page.set_viewport_size({"width": width, "height": height})
        desk.fits()
    page.get_by_role("button", name="Delete").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    desk.is_accessible()

    shows(desk, [])
    expect(page.get_by_text("No film was uploaded yet.")).to_be_visible()
    desk.is_accessible()
    page.route("**/v1/assets?*", lambda _route: None)
    page.reload()
    expect(page.get_by_role("status", name="Loading films")).to_be_visible()
    desk.is_accessible()
    page.unroute_all(behavior="ignoreErrors")
    page.route("**/v1/assets?*", answering({}, status=503))
    page.reload()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    desk.is_accessible()


def test_everything_is_done_by_keyboard(desk: Desk) -> None:
    shows(desk, EVERY_STATE)
    row = desk.row("A film that is failed")
    expect(row).to_be_visible()
    page = desk.page

    page.get_by_label("Title").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Choose the film")).to_be_focused()
    field = page.locator(".upload-form input[type=file]").first
    # Whether the browser then shows its own dialog is not ours, nor sure on a busy machine.
    field.evaluate(
        """field => field.addEventListener("click", (event) => {
            event.preventDefault();
            field.dataset.asked = "";
        })"""
    )
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("data-asked", "")
    assert field.get_attribute("multiple") is None
    row.get_by_role("button", name="Try again").focus()
    page.keyboard.press("Tab")
    expect(row.get_by_role("button", name="Delete")).to_be_focused()
    outline = row.get_by_role("button", name="Delete").evaluate(
        "button => getComputedStyle(button).outlineStyle"
    )
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row.get_by_role("button", name="Delete")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(row.get_by_role("list", name="Steps")).to_be_attached()
