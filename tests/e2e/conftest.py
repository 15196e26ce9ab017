"""A real Chromium, as Debian ships it, and somebody in front of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from tests.cloud import RunningCloud
from tests.e2e.viewer import Viewer

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

ACTION_MILLISECONDS = 30_000
"""Functions start cold on a machine whose cores encode."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a viewer drives a browser."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


def launched(playwright: Playwright, *more: str) -> Browser:
    """The browser, started; with more arguments than usual."""
    executable = os.environ.get("CHROME") or shutil.which("chromium")
    assert executable, "The browser tests need Chromium: apt-get install chromium, or set CHROME="
    return playwright.chromium.launch(executable_path=executable, args=[*ARGUMENTS, *more])


@pytest.fixture(scope="session")
def playwright_of() -> Iterator[Playwright]:
    """What drives browsers."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright_of: Playwright) -> Iterator[Browser]:
    """`CHROME=` or the Chromium on the PATH."""
    # What is expected to show waits for the same functions.
    expect.set_options(timeout=ACTION_MILLISECONDS)
    browser = launched(playwright_of)
    yield browser
    browser.close()


@pytest.fixture
def arrive_at(chromium: Browser) -> Iterator[Callable[[RunningCloud], Viewer]]:
    """Somebody new at a service, with a browser of their own, as often as it is called."""
    contexts: list[BrowserContext] = []

    def arriving(service: RunningCloud) -> Viewer:
        context = chromium.new_context(viewport={"width": 1280, "height": 720})
        context.set_default_timeout(ACTION_MILLISECONDS)
        contexts.append(context)
        return Viewer(context, service)

    yield arriving
    for context in contexts:
        context.close()


@pytest.fixture
def arrive(
    cloud: RunningCloud, arrive_at: Callable[[RunningCloud], Viewer]
) -> Callable[[], Viewer]:
    """Somebody new at the service that all tests share."""
    return lambda: arrive_at(cloud)


@pytest.fixture
def viewer(arrive: Callable[[], Viewer]) -> Viewer:
    """Somebody who has just opened a browser."""
    return arrive()
