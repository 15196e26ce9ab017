from __future__ import annotations

import pytest

from localcloud.cors import CorsRule, preflight, requested_headers, response_headers

ANYBODY = CorsRule(origins=("*",), methods=("GET",))
OURS = CorsRule(("https://watch.example",), ("GET", "PUT"), ("*",), max_age_seconds=60)


def test_a_rule_for_everybody_answers_a_star_without_credentials() -> None:
    granted = dict(response_headers([ANYBODY], "https://x", "GET"))

    assert granted["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in granted


def test_the_first_rule_that_covers_the_request_answers() -> None:
    granted = dict(preflight([ANYBODY, OURS], "https://watch.example", "PUT", ["x-a"]) or ())

    assert granted["access-control-allow-origin"] == "https://watch.example"
    assert granted["access-control-allow-headers"] == "x-a"


@pytest.mark.parametrize(
    ("pattern", "origin", "covered"),
    [
        ("https://*.example.org", "https://a.example.org", True),
        ("https://*.example.org", "https://example.org", False),
        ("https://a.example", "https://a.example.evil", False),
        ("https://a.example", "http://a.example", False),
    ],
)
def test_origins_match_whole_with_one_wildcard(pattern: str, origin: str, covered: bool) -> None:
    assert CorsRule((pattern,), ("GET",)).admits(origin, "GET") is covered


def test_a_header_no_rule_names_is_refused() -> None:
    assert preflight([ANYBODY], "https://x", "GET", ["authorization"]) is None


def test_header_names_are_read_from_a_list() -> None:
    assert requested_headers(" A, b ,,") == ["A", "b"]
    assert requested_headers(None) == []
