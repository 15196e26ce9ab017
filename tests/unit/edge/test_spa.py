"""The functions that run at the edge: what they decide, and that CloudFront would publish them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.edge.distribution import EdgeFunction
from localcloud.edge.functions import NodeWorker

REPOSITORY = Path(__file__).parents[3]
SOURCES = sorted((REPOSITORY / "edge").glob("*.js"))
LIMIT_BYTES = 10 * 1024

FORBIDDEN = {
    "a class": r"\bclass\s+\w*\s*(extends\b.*)?\{",
    "for…of": r"\bfor\s*\([^;)]*\bof\b",
    "a generator": r"\bfunction\s*\*|\byield\b",
    "spread": r"(\[|\(|\{|,)\s*\.\.\.(?![A-Za-z_$]+\s*\)\s*(=>|\{))",
    "destructuring": r"\b(var|let|const)\s*[\[{]",
    "optional chaining": r"\?\.[A-Za-z_$(\[]",
    "nullish coalescing": r"\?\?",
    "a default parameter": r"\bfunction\b[^(]*\([^)]*=[^)]*\)",
    "a regular expression with named groups or lookbehind": r"\(\?<",
    "eval or Function": r"\beval\s*\(|\bnew\s+Function\b",
    "a timer": r"\bset(Timeout|Interval|Immediate)\b",
    "the network": r"\b(fetch|XMLHttpRequest)\b",
    "the process": r"\bprocess\b",
}
"""What JavaScript runtime 2.0 does not have, as its feature list says."""


def without_text(source: str) -> str:
    comments = r"//[^\n]*|/\*.*?\*/"
    strings = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
    return re.sub(f"{strings}|{comments}", "''", source, flags=re.S)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_a_function_fits_into_ten_kilobytes(source: Path) -> None:
    assert len(source.read_bytes()) <= LIMIT_BYTES


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_function_uses_nothing_that_the_runtime_lacks(source: Path, what: str) -> None:
    assert not re.search(FORBIDDEN[what], without_text(source.read_text()))


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("class A { }", "a class"),
        ("for (const a of b) {}", "for…of"),
        ("const {a} = b;", "destructuring"),
        ("f(...a)", "spread"),
        ("a?.b", "optional chaining"),
        ("a ?? b", "nullish coalescing"),
    ],
)
def test_the_check_finds_what_it_looks_for(code: str, what: str) -> None:
    assert re.search(FORBIDDEN[what], without_text(code))


@pytest.fixture(scope="module")
def worker() -> Iterator[NodeWorker]:
    worker = NodeWorker(REPOSITORY / ".venv" / "bin" / "node")
    yield worker
    worker.stop()


def single_page(worker: NodeWorker, uri: str) -> dict[str, Any]:
    code = (REPOSITORY / "edge" / "spa.js").read_text()
    request = {"method": "GET", "uri": uri, "querystring": {}, "headers": {}, "cookies": {}}
    return worker.call(EdgeFunction("spa", "spa", code), {"request": request})


@pytest.mark.parametrize("uri", ["/", "/titles/ttl_1", "/callback", "/a.b/c", "/titles/"])
def test_every_address_of_the_app_is_the_app(worker: NodeWorker, uri: str) -> None:
    assert single_page(worker, uri)["uri"] == "/index.html"


def test_a_players_address_is_the_app_with_its_engine_fetched_beforehand(
    worker: NodeWorker,
) -> None:
    assert single_page(worker, "/watch/ttl_1")["uri"] == "/watch.html"


@pytest.mark.parametrize("uri", ["/watch", "/watching/ttl_1", "/a/watch/ttl_1"])
def test_what_only_resembles_a_players_address_is_the_app(worker: NodeWorker, uri: str) -> None:
    assert single_page(worker, uri)["uri"] == "/index.html"


@pytest.mark.parametrize("uri", ["/assets/app-1a2b.js", "/favicon.ico", "/index.html", "/.well"])
def test_a_file_stays_what_it_is(worker: NodeWorker, uri: str) -> None:
    assert single_page(worker, uri)["uri"] == uri


def test_nothing_but_the_address_changes(worker: NodeWorker) -> None:
    assert single_page(worker, "/callback") == {
        "method": "GET",
        "uri": "/index.html",
        "querystring": {},
        "headers": {},
        "cookies": {},
    }
