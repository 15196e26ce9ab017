"""What axe-core, the accessibility checker, finds wrong with a page."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from playwright.sync_api import Page

from tests.cloud import ROOT

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""WCAG 2.2 AA is what the law of most countries asks for; the rest is axe's own advice."""

GRAVE = ("serious", "critical")

OF_COLOUR = ["color-contrast", "link-in-text-block"]
"""The rules that may judge the other colour scheme otherwise."""

SETTLED = """Promise.allSettled(document.getAnimations()
    .filter(({ effect }) => effect.getTiming().iterations !== Infinity)
    .map(({ finished }) => finished))"""

RUN = """async ({ rules, only }) => {
    const runOnly = only ?? rules;
    const { violations } = await axe.run(document, { runOnly, resultTypes: ["violations"] });
    return violations.flatMap(({ id, impact, help, nodes }) =>
        nodes.map(({ target, failureSummary }) => ({
            id, impact, help, target: target.join(" "), why: failureSummary,
        })));
}"""


@cache
def _source() -> str:
    return (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text()


def grave_findings(page: Page) -> list[dict[str, Any]]:
    """What is serious or critical on the page as it is now, in dark and in light.

    Evaluated rather than added as a script, which our content security policy would refuse.
    """
    page.evaluate(_source())
    found: list[dict[str, Any]] = []
    rules: list[tuple[Literal["dark", "light"], list[str] | None]]
    rules = [("dark", None), ("light", OF_COLOUR)]
    for scheme, only in rules:
        page.emulate_media(color_scheme=scheme)
        # Colours are measured as they are, not half-way through a fade.
        page.evaluate(SETTLED)
        seen = page.evaluate(RUN, {"rules": RULES, "only": only})
        found += [{"scheme": scheme, **finding} for finding in seen]
    return [finding for finding in found if finding["impact"] in GRAVE]
