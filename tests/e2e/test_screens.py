"""From a phone to a television, and whatever a title is called, nothing is cut or pushed away."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.cloud import Person
from tests.e2e.viewer import Viewer

SCREENS = [(360, 740), (1280, 720), (1920, 1080), (3840, 2160)]

NAMES = {
    "one endless word": "W" * 10_000,
    "right to left": "هذا عنوان طويل جدا لاختبار الاتجاه من اليمين إلى اليسار " * 3,
    "emoji": "🎬🍿👩‍👩‍👧‍👦🏳️‍🌈" * 20,
    "markup": '<img src=x onerror="document.title=1"><b>bold</b> & "../../etc/passwd"' * 2,
    "marks upon marks": "Z̸̢̛a̵l̶g̷o̸ " * 30,
}


@pytest.fixture
def unruly(viewer: Viewer, member: Person) -> Viewer:
    """A viewer whose catalogue has titles that nobody would choose."""
    listed: list[dict[str, Any]] = member.get("/v1/titles")["titles"]
    real = next(title for title in listed if title["kind"] == "film")
    titles = [
        {
            **real,
            "title_id": f"t{n}",
            "name": name,
            "poster_url": real["poster_url"] if n % 2 else None,
        }
        for n, name in enumerate(NAMES.values())
    ]
    viewer.sign_in()
    viewer.page.route("**/v1/titles", lambda route: route.fulfill(json={"titles": titles}))
    viewer.page.route(
        "**/v1/titles/*",
        lambda route: route.fulfill(json=titles[int(route.request.url.rpartition("/t")[2])]),
    )
    return viewer


def overflows(viewer: Viewer) -> bool:
    wider: bool = viewer.page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wider


def test_no_name_pushes_a_page_out_of_any_screen(unruly: Viewer) -> None:
    page = unruly.page
    for path in ["/", *(f"/title/t{n}" for n in range(len(NAMES)))]:
        unruly.open(path)
        expect(page.locator(".card-link, .detail h1").first).to_be_visible()
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            assert not overflows(unruly), (path, width)
            if path != "/":
                expect(page.get_by_role("link", name="Play")).to_be_in_viewport(ratio=1)


def test_a_name_is_text_whatever_it_holds(unruly: Viewer) -> None:
    unruly.open()

    link = unruly.page.get_by_role("link", name=NAMES["markup"], exact=True)
    expect(link).to_be_visible()
    assert link.locator("img, b").count() == 0
    assert unruly.page.title() == "Marquee"


def test_targets_are_large_enough_for_a_thumb(viewer: Viewer, titles: dict[str, str]) -> None:
    viewer.page.set_viewport_size({"width": 360, "height": 740})
    viewer.sign_in()
    viewer.play(titles["Spectrum"]).start().pause()

    small = viewer.page.evaluate(
        """() => [...document.querySelectorAll("button, a[href]")]
            .map(each => [each.getAttribute("aria-label"), each.getBoundingClientRect()])
            .filter(([, { width, height }]) => width > 0 && (width < 44 || height < 44))
            .map(([name]) => name)"""
    )

    assert small == []
    assert not overflows(viewer)


def test_text_grows_with_a_television(viewer: Viewer) -> None:
    sizes = {}
    for width, height in SCREENS[1:]:
        viewer.page.set_viewport_size({"width": width, "height": height})
        viewer.open()
        sizes[width] = viewer.page.get_by_role("button", name="Sign in").evaluate(
            "element => parseFloat(getComputedStyle(element).fontSize)"
        )

    assert sizes[1280] == 16
    assert sizes[1920] >= 20
    assert sizes[3840] >= 40
