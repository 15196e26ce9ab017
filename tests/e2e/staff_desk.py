"""What a member of staff does in front of the staff page, and what they see."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests.cloud import ROOT, eventually
from tests.e2e.viewer import PATIENCE_SECONDS, Viewer

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"

MEGABYTE = 1_000_000

NO_LIMIT = -1


class Desk:
    """One member of staff with one browser, at the staff page."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.page: Page = viewer.page
        self.puts: list[str] = []
        """Addresses of the parts that were sent."""
        self.page.on("request", self._asked)
        self._line = viewer.context.new_cdp_session(self.page)

    def _asked(self, request: Any) -> None:
        if request.method == "PUT" and "partNumber=" in request.url:
            self.puts.append(request.url)

    @classmethod
    def of(cls, viewer: Viewer) -> Desk:
        """Sign in there."""
        viewer.sign_in("/staff", kind="staff")
        desk = cls(viewer)
        expect(desk.page.get_by_role("heading", name="Upload a film")).to_be_visible()
        return desk

    def tidy(self) -> None:
        """Nothing of the test before is left in the page."""
        self.page.unroute_all(behavior="ignoreErrors")
        self.page.set_viewport_size({"width": 1280, "height": 720})
        self.uploads_at(NO_LIMIT)
        self.viewer.open("/staff")
        expect(self.page.get_by_role("heading", name="Upload a film")).to_be_visible()
        self.puts.clear()
        self.viewer.complaints.clear()
        self.viewer.answers.clear()

    def choose(self, film: Path | FilePayload) -> None:
        """The film of the form."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Choose the film").click()
        chooser.value.set_files(film)

    def add_captions(self, captions: Path | FilePayload) -> None:
        """One more captions file."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Add captions").click()
        chooser.value.set_files(captions)

    def upload(self, title: str, film: Path | FilePayload) -> Locator:
        """Fill in and send the form; the film's row."""
        self.page.get_by_label("Title").fill(title)
        self.choose(film)
        self.send()
        return self.row(title)

    def send(self) -> None:
        """The form's button."""
        self.page.get_by_role("button", name="Upload", exact=True).click()

    def row(self, title: str) -> Locator:
        """The newest film of that title."""
        heading = self.page.get_by_role("heading", name=title, exact=True)
        return self.page.get_by_test_id("asset").filter(has=heading).first

    def resume(self, row: Locator, film: Path) -> None:
        """Choose a file to go on with an upload."""
        with self.page.expect_file_chooser() as chooser:
            row.get_by_role("button", name="Choose the file to continue").click()
        chooser.value.set_files(film)

    def uploads_at(self, bytes_per_second: int) -> None:
        """The line to the outside, from now on."""
        self._line.send("Network.enable")
        self._line.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": 0,
                "downloadThroughput": NO_LIMIT,
                "uploadThroughput": bytes_per_second,
            },
        )

    def fits(self) -> None:
        """Nothing is wider than the window."""
        widths = self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert widths[0] <= widths[1]

    def is_accessible(self) -> None:
        """axe-core finds nothing serious or critical in what is shown."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run().then((results) => results.violations)")
        grave = [
            (one["id"], [node["html"] for node in one["nodes"]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert grave == []


def becomes(row: Locator, status: str, seconds: float = PATIENCE_SECONDS) -> None:
    """The film's row has that state, as the service names it."""
    expect(row).to_have_attribute("data-status", status, timeout=seconds * 1000)


def upload_becomes(row: Locator, state: str) -> None:
    """The upload of this tab has that state."""
    expect(row).to_have_attribute("data-upload", state, timeout=PATIENCE_SECONDS * 1000)


def answering(body: Mapping[str, Any], status: int = 200) -> Any:
    """A route that answers for the service."""

    def answer(route: Route) -> None:
        route.fulfill(status=status, body=json.dumps(body), content_type="application/json")

    return answer


def moved(row: Locator, percent: int) -> None:
    """The upload's meter is there or beyond."""
    meter = row.get_by_role("progressbar", name="Upload")
    eventually(
        lambda: float(meter.get_attribute("value") or 0) >= percent,
        PATIENCE_SECONDS,
        f"{percent} % sent",
    )
