"""The contracts of the HTTP APIs: up to date, whole, and in words that the domains use."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.api import build
from kernel.errors import DomainError
from tests.contract_documents import contract, operations

LAMBDAS = Path(__file__).resolve().parents[3] / "lambdas"

CONTRACTS = ("app", "auth")


@pytest.mark.parametrize("api", CONTRACTS)
def test_what_is_published_is_what_the_pieces_say(api: str) -> None:
    published = (build.FOLDER / f"{api}.json").read_text()

    assert published == build.written(build.documents()[api]), "Run: make openapi"


@pytest.mark.parametrize("api", CONTRACTS)
def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(api: str) -> None:
    names = [operation["operationId"] for operation in operations(contract(api))]

    assert len(names) == len(set(names))
    assert all(operation["summary"] for operation in operations(contract(api)))


def test_every_code_is_one_that_its_domain_refuses_with() -> None:
    for path in sorted(LAMBDAS.glob("*/openapi.yaml")):
        known = codes_of("kernel") | codes_of(path.parent.name)
        stated = set(codes_in(yaml.safe_load(path.read_text())))
        assert stated - known == set(), f"{path} names codes that nothing refuses with"


def codes_of(domain: str) -> set[str]:
    modules = [
        importlib.import_module(".".join(path.relative_to(LAMBDAS).with_suffix("").parts))
        for path in sorted((LAMBDAS / domain).rglob("*.py"))
        if not {"handlers", "settings.py", "__init__.py"} & set(path.parts)
    ]
    return {
        one.code
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, DomainError)
    }


def codes_in(value: Any) -> list[str]:
    if not isinstance(value, dict):
        return []
    own = [code for codes in value.get("problems", {}).values() for code in codes]
    return own + [code for part in value.values() for code in codes_in(part)]


@pytest.mark.parametrize("guards", [{}, {"scope": "member", "public": True}])
def test_an_operation_without_exactly_one_guard_makes_no_contract(
    guards: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    a_piece(tmp_path, {**guards, "responses": {200: {"description": "Well."}}})
    monkeypatch.setattr(build, "PIECES", tmp_path)

    with pytest.raises(build.PieceError, match=r"reviews/openapi\.yaml: get /v1/x .*say one of"):
        build.documents()


def test_a_schema_that_nobody_defines_makes_no_contract(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    schema = {"$ref": "#/components/schemas/Review"}
    answer = {"description": "Well.", "content": {"application/json": {"schema": schema}}}
    a_piece(tmp_path, {"public": True, "responses": {200: answer}})
    monkeypatch.setattr(build, "PIECES", tmp_path)

    with pytest.raises(build.PieceError, match="Nobody defines the schema Review: write it"):
        build.documents()


def test_two_domains_never_mean_different_things_by_one_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer = {"public": True, "responses": {200: {"description": "Well."}}}
    a_piece(tmp_path, answer, schemas={"Problem": {"type": "string"}})
    monkeypatch.setattr(build, "PIECES", tmp_path)

    with pytest.raises(build.PieceError, match="each define a schema Problem"):
        build.documents()


def test_what_api_gateway_answers_in_place_of_a_function_is_in_the_contract() -> None:
    begin = contract("app")["paths"]["/v1/uploads/{asset_id}/parts"]["post"]["responses"]

    assert set(begin) == {"200", "401", "403", "404", "409", "413", "422", "429", "500", "503"}
    assert set(begin["401"]["content"]) == {"application/json", "application/problem+json"}


def a_piece(folder: Path, operation: dict[str, Any], **more: Any) -> None:
    domain = folder / "reviews"
    domain.mkdir()
    (domain / "__init__.py").write_text('"""What members think of titles."""\n')
    (domain / "openapi.yaml").write_text(
        yaml.safe_dump({"app": {"/v1/x": {"get": operation}}, **more})
    )
