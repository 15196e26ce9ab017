"""Which route takes a request."""

from __future__ import annotations

import pytest

from localcloud.gateway.routes import RouteTable, parse_route_key

KEYS = [
    "$default",
    "ANY /{proxy+}",
    "GET /pets/{proxy+}",
    "ANY /pets/{id}",
    "GET /pets/{id}",
    "GET /pets/dog",
    "POST /pets",
    "GET /pets/{id}/toys/{toy}",
]


def table(keys: list[str]) -> RouteTable[str]:
    return RouteTable([(parse_route_key(key), key) for key in keys])


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog", "GET /pets/dog", {}),
        ("GET", "/pets/cat", "GET /pets/{id}", {"id": "cat"}),
        ("PUT", "/pets/cat", "ANY /pets/{id}", {"id": "cat"}),
        ("GET", "/pets/cat/toys/ball", "GET /pets/{id}/toys/{toy}", {"id": "cat", "toy": "ball"}),
        ("GET", "/pets/cat/food", "GET /pets/{proxy+}", {"proxy": "cat/food"}),
        ("PUT", "/pets/cat/food", "ANY /{proxy+}", {"proxy": "pets/cat/food"}),
        ("POST", "/pets", "POST /pets", {}),
        ("DELETE", "/pets", "ANY /{proxy+}", {"proxy": "pets"}),
    ],
)
def test_the_most_specific_path_wins_then_the_named_method(
    method: str, path: str, key: str, parameters: dict[str, str]
) -> None:
    assert table(KEYS).match(method, path) == (key, parameters)


def test_the_default_route_takes_what_no_other_takes() -> None:
    assert table(["$default", "GET /a"]).match("GET", "/b") == ("$default", {})


def test_without_a_default_route_nothing_takes_it() -> None:
    assert table(["GET /a"]).match("GET", "/b") is None


def test_a_trailing_slash_is_another_path() -> None:
    assert table(["GET /a"]).match("GET", "/a/") is None


def test_a_path_variable_is_never_empty() -> None:
    assert table(["GET /a/{id}"]).match("GET", "/a/") is None


def test_a_route_key_without_a_path_is_refused() -> None:
    with pytest.raises(ValueError, match="no route key"):
        parse_route_key("GET")
