"""Everything a viewer does can be done with arrows, OK and back, and the focus is always seen."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.cloud import eventually
from tests.e2e.remote import Remote
from tests.e2e.viewer import PATIENCE_SECONDS, Player, Viewer

NOTE_CONTROLS = """() => {
    const player = document.querySelector("[data-testid=player]");
    const note = () => { player.dataset.met = player.dataset.controls; };
    window.addEventListener("keydown", note, { capture: true });
}"""
"""From now on the player tells, as `data-met`, whether the last key met its controls shown."""


def test_a_film_is_found_watched_and_left_without_a_mouse(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    page, remote = viewer.page, Remote(viewer.page)
    card = page.get_by_role("region", name="All titles").get_by_role(
        "link", name="Spectrum", exact=True
    )
    account = viewer.cloud.ready["accounts"]["member"]

    viewer.open()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    remote.press("ArrowDown")
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    remote.press("Enter")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(account["email"])
    # Within what is written the arrows are the text's; up and down lead on.
    remote.press("ArrowLeft")
    expect(page.get_by_label("E-mail")).to_be_focused()
    remote.press("ArrowDown")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(account["password"])
    remote.press("Enter")

    expect(card).to_be_visible()
    remote.press("ArrowDown")
    remote.search(card)
    assert remote.is_seen()
    remote.press("Enter")
    play = page.locator(f"a[href='/watch/{titles['Spectrum']}']")
    expect(play).to_be_focused()
    assert remote.is_seen()
    remote.press("Enter")
    player = Player(viewer).start()

    remote.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^(Pause|Play)$"))).to_be_focused()
    quality = page.get_by_role("button", name="Quality")
    remote.go("ArrowRight", quality)
    remote.press("Enter")
    expect(page.get_by_role("menuitemradio", name="Auto")).to_be_focused()
    remote.press("ArrowDown")
    remote.press("ArrowDown")
    remote.press("Enter")
    expect(quality).to_be_focused()
    remote.press("ArrowUp")
    expect(page.get_by_label("Seek")).to_be_focused()

    remote.press("Escape")
    expect(player.frame).to_be_focused()
    remote.press("Escape")
    expect(play).to_be_focused()
    remote.press("Escape")
    expect(card).to_be_focused()
    assert remote.is_seen()


def test_the_controls_are_in_each_others_reach(viewer: Viewer, titles: dict[str, str]) -> None:
    viewer.sign_in()
    viewer.play(titles["Spectrum"]).start().pause()
    page, remote = viewer.page, Remote(viewer.page)

    remote.press("Enter")
    remote.go("ArrowRight", page.get_by_role("button", name="Forward 10 seconds"))
    remote.go("ArrowLeft", page.get_by_role("button", name="Play", exact=True))
    remote.go("ArrowUp", page.get_by_role("button", name="Back", exact=True))
    remote.go("ArrowDown", page.get_by_label("Seek"))
    remote.press("ArrowDown")

    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    # The volume keeps left and right for itself, and still lets one go.
    page.get_by_label("Volume").focus()
    remote.press("ArrowUp")
    expect(page.get_by_label("Seek")).to_be_focused()


def test_a_key_never_presses_a_control_that_is_not_seen(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()
    player = viewer.play(titles["Spectrum"]).start()
    remote = Remote(viewer.page)
    remote.press("Enter")
    expect(viewer.page.get_by_role("button", name="Pause")).to_be_focused()
    expect(player.frame).to_have_attribute("data-controls", "hidden")

    remote.press("Enter")

    expect(player.frame).to_have_attribute("data-controls", "shown")
    expect(player.frame).to_have_attribute("data-state", "playing")
    viewer.page.evaluate(NOTE_CONTROLS)

    def pauses() -> bool:
        remote.press("Enter")
        is_paused = bool(player.facts()["paused"])
        # They hide by themselves after a moment: then the key only shows them again.
        assert is_paused or player.frame.get_attribute("data-met") == "hidden"
        return is_paused

    eventually(pauses, PATIENCE_SECONDS, "a pause")
    expect(player.frame).to_have_attribute("data-state", "paused")


def test_the_keys_of_remotes_play_pause_and_lead_back(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()
    player = viewer.play(titles["Spectrum"]).start()
    remote = Remote(viewer.page)

    remote.press_special("MediaPause")
    expect(player.frame).to_have_attribute("data-state", "paused")
    remote.press_special("MediaPause")
    expect(player.frame).to_have_attribute("data-state", "paused")
    remote.press_special("Unidentified", 415)
    expect(player.frame).to_have_attribute("data-state", "playing")
    before = player.seconds
    remote.press_special("MediaFastForward")
    eventually(lambda: player.seconds >= before + 9, PATIENCE_SECONDS, "ten seconds further")

    # Nothing of the app lies before a page that was opened by its address: back leads up.
    remote.press_special("Unidentified", 461)
    viewer.page.wait_for_url(f"**/title/{titles['Spectrum']}")
    remote.press_special("BrowserBack")
    viewer.page.wait_for_url(f"{viewer.cloud.web}/")


def test_after_a_failure_ok_tries_again(viewer: Viewer, titles: dict[str, str]) -> None:
    viewer.sign_in()
    viewer.asks_for_licences()
    viewer.page.route("**/licence/clearkey", lambda route: route.fulfill(status=403, body="No"))
    player = viewer.play(titles["Spectrum"])
    player.refusal()
    expect(viewer.page.get_by_role("button", name="Try again")).to_be_focused()
    remote = Remote(viewer.page)
    remote.press("ArrowRight")
    expect(viewer.page.get_by_role("link", name="Back to titles")).to_be_focused()
    remote.press("ArrowLeft")
    viewer.page.unroute("**/licence/clearkey")

    remote.press("Enter")

    player.start()
    expect(player.frame).to_be_focused()


def test_a_question_mark_shows_the_keys_and_back_closes_them(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()
    player = viewer.play(titles["Spectrum"]).start()
    help_ = viewer.page.get_by_role("dialog", name="Keys")
    remote = Remote(viewer.page)

    remote.press("?")
    expect(help_).to_be_visible()
    remote.press("k")
    remote.press_special("GoBack")
    expect(help_).not_to_be_attached()
    remote.press("?")
    remote.press("Escape")
    expect(help_).not_to_be_attached()

    expect(player.frame).to_be_focused()
    expect(player.frame).to_have_attribute("data-state", "playing")
