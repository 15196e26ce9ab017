"""Whose word on the viewer's country is taken."""

from __future__ import annotations

import pytest

from kernel.web.viewer import viewer_country


class Secret:
    """Accepts one text."""

    def accepts(self, presented: str) -> bool:
        return presented == "the secret"


def asked(**headers: str) -> dict[str, object]:
    return {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}


def test_the_edges_word_is_taken() -> None:
    event = asked(x_marquee_origin="the secret", cloudfront_viewer_country="IE")

    assert viewer_country(event, Secret()) == "IE"


@pytest.mark.parametrize(
    "headers",
    [
        {"cloudfront_viewer_country": "IE"},
        {"cloudfront_viewer_country": "IE", "x_marquee_origin": ""},
        {"cloudfront_viewer_country": "IE", "x_marquee_origin": "a guess"},
        {"x_marquee_origin": "the secret"},
        {"x_marquee_origin": "the secret", "cloudfront_viewer_country": "Ireland"},
        {"x_marquee_origin": "the secret", "cloudfront_viewer_country": "IE,DE"},
        {},
    ],
)
def test_without_proof_or_a_country_it_is_unknown(headers: dict[str, str]) -> None:
    assert viewer_country(asked(**headers), Secret()) is None
