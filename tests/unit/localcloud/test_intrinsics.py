from __future__ import annotations

from typing import Any

import pytest

from localcloud.intrinsics import (
    IntrinsicError,
    Scope,
    UnresolvedError,
    references,
    resolve,
    unknown_functions,
)

REFS = {"Table": "films-table", "AWS::Region": "eu-west-1", "Days": 7}
ATTRIBUTES = {("Table", "Arn"): "arn:table", ("Store", "Deep.Name"): "nested"}
CONDITIONS = {"Yes": True, "No": False}


def _look_up(table: dict[Any, Any], key: Any) -> Any:
    if key not in table:
        raise UnresolvedError(f"{key} is unknown")
    return table[key]


SCOPE = Scope(
    ref=lambda name: _look_up(REFS, name),
    attribute=lambda target, name: _look_up(ATTRIBUTES, (target, name)),
    import_value=lambda name: _look_up({"shared": "value-of-shared"}, name),
    condition=lambda name: bool(_look_up(CONDITIONS, name)),
    mappings={"Sizes": {"eu-west-1": {"small": 128}}},
)


def resolved(value: Any) -> Any:
    return resolve(value, SCOPE, "stack", "Thing")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Table"}, "films-table"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "arn:table"),
        ({"Fn::GetAtt": "Table.Arn"}, "arn:table"),
        ({"Fn::GetAtt": ["Store", "Deep.Name"]}, "nested"),
        ({"Fn::Sub": "${Table} in ${AWS::Region}: ${Days}"}, "films-table in eu-west-1: 7"),
        ({"Fn::Sub": "${Table.Arn}/${!Kept}"}, "arn:table/${Kept}"),
        ({"Fn::Sub": ["${name}-${Table}", {"name": {"Ref": "Days"}}]}, "7-films-table"),
        ({"Fn::Join": [":", ["a", {"Ref": "Days"}, True]]}, "a:7:true"),
        ({"Fn::Join": ["", {"Fn::Split": ["-", "a-b"]}]}, "ab"),
        ({"Fn::Select": ["1", {"Fn::Split": ["/", "x/y/z"]}]}, "y"),
        ({"Fn::ImportValue": {"Fn::Sub": "shared"}}, "value-of-shared"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "small"]}, 128),
        ({"Fn::Base64": "hi"}, "aGk="),
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::If": ["No", 1, 2]}, 2),
        ({"Fn::Equals": [{"Ref": "Days"}, "7"]}, True),
        ({"Fn::And": [{"Condition": "Yes"}, {"Fn::Not": [{"Condition": "No"}]}]}, True),
        ({"Fn::Or": [{"Condition": "No"}, {"Fn::Equals": [1, 2]}]}, False),
    ],
)
def test_an_intrinsic_resolves_to_what_cloudformation_answers(value: Any, expected: Any) -> None:
    assert resolved(value) == expected


def test_intrinsics_resolve_inside_structures_and_literals_stay() -> None:
    value = {"Name": {"Ref": "Table"}, "Tags": [{"Key": "k", "Value": {"Ref": "Days"}}], "On": True}

    assert resolved(value) == {
        "Name": "films-table",
        "Tags": [{"Key": "k", "Value": 7}],
        "On": True,
    }


def test_no_value_removes_the_property_and_the_list_item() -> None:
    nothing = {"Ref": "AWS::NoValue"}

    assert resolved({"A": nothing, "B": [1, nothing]}) == {"B": [1]}
    assert resolved({"A": {"Fn::If": ["No", 1, nothing]}}) == {}


def test_an_unknown_function_is_an_error_that_names_its_place() -> None:
    with pytest.raises(IntrinsicError, match=r"stack/Thing at Rules\[0\].Name.Fn::Transform"):
        resolved({"Rules": [{"Name": {"Fn::Transform": {}}}]})


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Nobody"},
        {"Fn::GetAtt": ["Table", "Colour"]},
        {"Fn::Sub": "${Nobody}"},
        {"Fn::ImportValue": "unshared"},
        {"Fn::Select": [3, ["a"]]},
        {"Fn::FindInMap": ["Sizes", "mars", "small"]},
        {"Fn::Join": ["only a delimiter"]},
        {"Fn::If": ["Perhaps", 1, 2]},
    ],
)
def test_what_cannot_be_resolved_is_an_error_and_never_a_guess(value: Any) -> None:
    with pytest.raises(IntrinsicError, match="stack/Thing at Property"):
        resolve({"Property": value}, SCOPE, "stack", "Thing")


def test_references_are_found_in_every_form() -> None:
    value = {
        "A": {"Ref": "Direct"},
        "B": [{"Fn::GetAtt": ["Attribute", "Arn"]}],
        "C": {"Fn::Sub": ["${Within.Arn} ${own} ${!Not}", {"own": {"Ref": "Variable"}}]},
        "D": {"Fn::If": ["Some", {"Ref": "Branch"}, "text with ${Dollars}"]},
    }

    found = {(mention.target, mention.attribute) for mention in references(value)}

    assert found == {
        ("Direct", None),
        ("Attribute", "Arn"),
        ("Within", "Arn"),
        ("Variable", None),
        ("Branch", None),
    }


def test_unknown_functions_are_found_without_resolving() -> None:
    value = {"A": [{"Fn::GetAZs": ""}], "B": {"Fn::Join": ["", [{"Fn::Cidr": []}]]}}

    assert list(unknown_functions(value)) == [
        ("A[0]", "Fn::GetAZs"),
        ("B.Fn::Join[1][0]", "Fn::Cidr"),
    ]
