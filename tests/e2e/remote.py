"""A remote in somebody's hand: arrows, OK, back, and keys that no keyboard has."""

from __future__ import annotations

from typing import Literal

from playwright.sync_api import Locator, Page

Arrow = Literal["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]

SEND = """([key, keyCode]) => (document.activeElement ?? document.body).dispatchEvent(
    new KeyboardEvent("keydown", { key, keyCode, bubbles: true, cancelable: true }))"""

MOST_STEPS = 40
"""More than lead anywhere on a page of ours."""


class Remote:
    """Presses keys, and looks at nothing but where the focus is."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> None:
        """A key that keyboards have, too; OK is Enter."""
        self.page.keyboard.press(key)

    def press_special(self, key: str, number: int = 0) -> None:
        """A key that Playwright's keyboard lacks; older sets send its number and no name."""
        self.page.evaluate(SEND, [key, number])

    def focus(self) -> str:
        """What has the focus, told by its address or name."""
        told: str = self.page.evaluate(
            """() => {
                const it = document.activeElement;
                return it.getAttribute("href") ?? it.getAttribute("aria-label") ?? it.tagName;
            }"""
        )
        return told

    def is_seen(self) -> bool:
        """Whether what has the focus shows it, and stands inside the window."""
        seen: bool = self.page.evaluate(
            """() => {
                const it = document.activeElement;
                const { top, bottom, left, right } = it.getBoundingClientRect();
                return it.matches(":focus-visible") && it.checkVisibility()
                    && top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
            }"""
        )
        return seen

    def go(self, arrow: Arrow, to: Locator) -> None:
        """Press an arrow until something has the focus."""
        for _ in range(MOST_STEPS):
            if self._has(to):
                return
            self.press(arrow)
        raise AssertionError(f"{arrow} never led to {to}; it stopped at {self.focus()}")

    def search(self, to: Locator) -> None:
        """Row by row, as eyes go, until something has the focus."""
        for _ in range(MOST_STEPS):
            if self._has(to):
                return
            if not self._moves("ArrowRight"):
                assert self._moves("ArrowDown"), f"No row holds {to}"
                while self._moves("ArrowLeft"):
                    pass
        raise AssertionError(f"{to} was not found; the search stopped at {self.focus()}")

    def _moves(self, arrow: Arrow) -> bool:
        before = self.focus()
        self.press(arrow)
        assert self.is_seen(), f"{arrow} lost the focus to {self.focus()}"
        return self.focus() != before

    def _has(self, to: Locator) -> bool:
        has: bool = to.evaluate("element => element === document.activeElement")
        return has
