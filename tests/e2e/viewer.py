"""What a person does in front of the web app, and what they see."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageStat
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Response,
    Route,
    expect,
)

from commands.totp import code_at, current_step
from tests.cloud import RunningCloud, eventually

PATIENCE_SECONDS = 30.0

EXPIRE = """() => {
    const tokens = JSON.parse(sessionStorage.getItem("marquee.tokens"));
    sessionStorage.setItem("marquee.tokens", JSON.stringify({ ...tokens, expiresAt: 0 }));
}"""
"""A tab's access token is over from now on."""


class Viewer:
    """One person with one browser."""

    def __init__(self, context: BrowserContext, cloud: RunningCloud) -> None:
        self.context = context
        self.cloud = cloud
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        """What the console said that was no mere information."""
        self.answers: list[tuple[str, int]] = []
        """Addresses and statuses, in order."""
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _answered(self, response: Response) -> None:
        self.answers.append((response.url, response.status))

    def open(self, path: str = "/") -> None:
        """Type an address."""
        self.page.goto(f"{self.cloud.web}{path}")

    def fill_in(
        self,
        password: str | None = None,
        kind: str = "member",
        account: Mapping[str, str] | None = None,
    ) -> None:
        """The sign-in form, sent, and the second step where there is one."""
        account = account or self.cloud.account(kind)
        self.page.get_by_label("E-mail").fill(account["email"])
        self.page.get_by_label("Password").fill(password or account["password"])
        self.page.get_by_role("button", name="Sign in").click()
        if secret := account.get("totp_secret"):
            self.page.get_by_label("Code from your app").fill(code_at(secret, current_step()))
            self.page.get_by_role("button", name="Sign in").click()

    def sign_in(self, path: str = "/", kind: str = "member") -> None:
        """From the first page through the issuer's and back."""
        self.open(path)
        self.page.get_by_role("button", name="Sign in").click()
        self.fill_in(kind=kind)
        self.page.wait_for_url(f"{self.cloud.web}{path}")

    def asks_for_licences(self) -> None:
        """From now on starts bring no keys, as with a vendor's DRM: the player asks for them."""

        def take_keys_away(route: Route) -> None:
            answer = route.fetch()
            start = answer.json()
            if "drm" in start:
                start["drm"]["licence"] = None
            route.fulfill(response=answer, json=start)

        self.page.route("**/v1/playback/start", take_keys_away)

    def play(self, title_id: str, *, from_start: bool = True) -> Player:
        """Open a title's player, by its address."""
        self.open(f"/watch/{title_id}{'?from=start' if from_start else ''}")
        return Player(self)


class Player:
    """The player's page."""

    def __init__(self, viewer: Viewer) -> None:
        self.page = viewer.page
        self.frame: Locator = viewer.page.get_by_test_id("player")
        self.video: Locator = viewer.page.locator("video")

    def facts(self) -> dict[str, Any]:
        """What the video element says of itself."""
        found: dict[str, Any] = self.video.evaluate(
            """video => ({
                seconds: video.currentTime,
                frames: video.getVideoPlaybackQuality().totalVideoFrames,
                dropped: video.getVideoPlaybackQuality().droppedVideoFrames,
                height: video.videoHeight,
                paused: video.paused,
                picture: video.webkitVideoDecodedByteCount,
                sound: video.webkitAudioDecodedByteCount,
                encrypted: video.mediaKeys !== null,
            })"""
        )
        return found

    @property
    def seconds(self) -> float:
        """Where the film is."""
        return float(self.facts()["seconds"])

    @property
    def state(self) -> str | None:
        """The player's own word: loading, playing, paused, buffering, ended, error."""
        return self.frame.get_attribute("data-state")

    def start(self) -> Player:
        """Until the picture moves; a click where the browser wants one before sound."""
        eventually(lambda: self.state not in ("loading", None), PATIENCE_SECONDS, "a start")
        if self.state == "paused":
            self.page.get_by_role("button", name="Play").click()
        eventually(lambda: self.facts()["frames"] > 0, PATIENCE_SECONDS, "a first frame")
        return self

    def runs_on(self, seconds: float = 2.0) -> None:
        """The film moves on by so much, and its picture is decoded meanwhile."""
        before = self.facts()
        eventually(
            lambda: self.seconds >= before["seconds"] + seconds,
            PATIENCE_SECONDS,
            f"{seconds} s of film",
        )
        assert self.facts()["frames"] > before["frames"]

    def pause(self) -> float:
        """Pause; where it stopped."""
        self._show_controls()
        self.page.get_by_role("button", name="Pause").click()
        expect(self.frame).to_have_attribute("data-state", "paused")
        return self.seconds

    def choose_quality(self, name: str) -> None:
        """An entry of the quality menu."""
        self._show_controls()
        self.page.get_by_role("button", name="Quality").click()
        self.page.get_by_role("menuitemradio", name=name).click()

    def qualities(self) -> list[str]:
        """What the quality menu offers, which stays open."""
        self._show_controls()
        self.page.get_by_role("button", name="Quality").click()
        entries = self.page.get_by_role("menuitemradio")
        expect(entries.first).to_be_visible()
        return entries.all_inner_texts()

    def choose_captions(self, name: str) -> None:
        """An entry of the captions menu."""
        self._show_controls()
        self.page.get_by_role("button", name="Captions").click()
        self.page.get_by_role("menuitemradio", name=name).click()

    def point_at(self, fraction: float) -> None:
        """The mouse over the seek bar, at a fraction of the film."""
        self._show_controls()
        box = self.page.get_by_label("Seek").bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] * fraction, box["y"] + box["height"] / 2)

    def picture(self) -> ImageStat.Stat:
        """Statistics of what is seen of the film, as the screen has it."""
        # A canvas copy of protected video is black, whatever is on screen.
        shot = Image.open(io.BytesIO(self.video.screenshot()))
        return ImageStat.Stat(shot.convert("L"))

    def refusal(self) -> str:
        """What is said instead of playing."""
        expect(self.frame).to_have_attribute("data-state", "error", timeout=PATIENCE_SECONDS * 1000)
        return self.page.get_by_role("alert").inner_text()

    def _show_controls(self) -> None:
        box = self.video.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + 200, box["y"] + 200)
        self.page.mouse.move(box["x"] + 220, box["y"] + 220)
