"""The web app has words for every refusal that it can be answered, and for no other.

Its table is web/src/api/problem-words.json; the codes are those of the DomainError classes.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pytest

from kernel.errors import DomainError
from tests.cloud import ROOT

LAMBDAS = ROOT / "lambdas"

ASKED_BY_OTHERS = MappingProxyType(
    {
        "identity": "its pages speak for themselves; clients get OAuth's error codes",
        "keys": "only MediaConvert and the pipeline ask it, under IAM",
        "notifications": "staff ask it for letters, and it refuses nothing of its own",
    }
)
"""Domains whose refusals never reach the web app, and who gets them instead."""


def modules() -> Iterator[str]:
    """Every module of the functions but the handlers, which act on import."""
    for found in pkgutil.walk_packages([str(LAMBDAS)], onerror=pytest.fail):
        if "handlers" not in found.name.split("."):
            yield found.name


def family(error: type[DomainError]) -> Iterator[type[DomainError]]:
    """An error and all that descend from it."""
    yield error
    for child in error.__subclasses__():
        yield from family(child)


@pytest.fixture(scope="module")
def codes() -> dict[str, str]:
    """The codes that the web app can be answered, each with a class that has it."""
    for name in modules():
        importlib.import_module(name)
    ours = {name.partition(".")[0] for name in modules()}
    return {
        error.code: f"{error.__module__}.{error.__name__}"
        for error in family(DomainError)
        if error.__module__.partition(".")[0] in ours - ASKED_BY_OTHERS.keys()
    }


@pytest.fixture(scope="module")
def words() -> dict[str, Any]:
    """The web app's table."""
    table: dict[str, Any] = json.loads((ROOT / "web/src/api/problem-words.json").read_text())
    return table


def test_every_refusal_has_words_in_the_web_app(
    codes: dict[str, str], words: dict[str, Any]
) -> None:
    without = {code: error for code, error in codes.items() if code not in words}

    assert without == {}


def test_no_words_are_kept_for_a_refusal_that_is_gone(
    codes: dict[str, str], words: dict[str, Any]
) -> None:
    assert words.keys() - codes.keys() == set()


def test_titles_are_headings_and_advice_is_sentences(words: dict[str, Any]) -> None:
    for code, said in words.items():
        assert said["title"][0].isupper(), code
        assert not said["title"].endswith("."), code
        assert said["advice"] == "" or said["advice"].endswith("."), code
        assert said.keys() <= {"title", "advice", "isFinal"}, code
