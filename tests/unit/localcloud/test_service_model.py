from __future__ import annotations

import re
from typing import Any

import pytest

from localcloud.service_model import Fault, ServiceModel

MODEL = ServiceModel(
    {
        "shapes": {
            "Film": {
                "type": "structure",
                "required": ["Name"],
                "members": {
                    "Name": {"shape": "Name", "locationName": "name"},
                    "Rating": {"shape": "Rating", "locationName": "rating"},
                    "Stars": {"shape": "__doubleMinNegative1Max5", "locationName": "stars"},
                    "Year": {"shape": "Year", "locationName": "year"},
                    "Tags": {"shape": "Tags", "locationName": "tags"},
                    "Notes": {"shape": "Notes", "locationName": "notes"},
                    "Dubbed": {"shape": "Flag", "locationName": "dubbed"},
                },
            },
            "Name": {"type": "string", "min": 2, "max": 5, "pattern": "^[a-z]+$"},
            "Rating": {"type": "string", "enum": ["G", "PG"]},
            "Year": {"type": "integer", "min": 1890, "max": 2100},
            "__doubleMinNegative1Max5": {"type": "double"},
            "Tags": {"type": "list", "min": 1, "max": 2, "member": {"shape": "Name"}},
            "Notes": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Year"}},
            "Flag": {"type": "boolean"},
        }
    }
)


def test_a_document_as_the_model_says_has_no_faults() -> None:
    film = {
        "name": "alien",
        "rating": "PG",
        "stars": 4.5,
        "year": 1979,
        "tags": ["space"],
        "notes": {"seen": 1980},
        "dubbed": False,
    }

    assert MODEL.faults("Film", film) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": None, "title": "x"}, Fault("", "Should not have additional properties: title")),
        ({"name": "Alien"}, Fault("/name", "Should match pattern ^[a-z]+$")),
        ({"name": "a"}, Fault("/name", "Should be at least 2 characters")),
        ({"name": "aliens"}, Fault("/name", "Should be at most 5 characters")),
        ({"name": 5}, Fault("/name", "Should be a string")),
        ({"rating": "X"}, Fault("/rating", "Should be one of: G, PG")),
        ({"year": 1066}, Fault("/year", "Should be greater than or equal to 1890")),
        ({"year": 3000}, Fault("/year", "Should be less than or equal to 2100")),
        ({"year": 1979.5}, Fault("/year", "Should be a integer")),
        ({"year": True}, Fault("/year", "Should be a integer")),
        ({"stars": 6}, Fault("/stars", "Should be less than or equal to 5")),
        ({"stars": -2}, Fault("/stars", "Should be greater than or equal to -1")),
        ({"tags": []}, Fault("/tags", "Should have at least 1 items")),
        ({"tags": ["ab", "cd", "ef"]}, Fault("/tags", "Should have at most 2 items")),
        ({"tags": ["ab", "C"]}, Fault("/tags/1", "Should be at least 2 characters")),
        ({"notes": {"seen": 1}}, Fault("/notes/seen", "Should be greater than or equal to 1890")),
        ({"dubbed": "no"}, Fault("/dubbed", "Should be a boolean")),
        ({"tags": {}}, Fault("/tags", "Should be an array")),
    ],
)
def test_each_rule_of_the_model_is_held_and_the_place_is_named(
    change: dict[str, Any], fault: Fault
) -> None:
    assert fault in MODEL.faults("Film", {"name": "alien"} | change)


def test_a_required_member_is_asked_for_by_its_wire_name() -> None:
    assert MODEL.faults("Film", {}) == [Fault("", "name is a required property")]


def test_every_pattern_of_mediaconverts_model_can_be_checked() -> None:
    model = ServiceModel.load("mediaconvert")

    patterns = [
        model.shape(name)["pattern"] for name in model._shapes if "pattern" in model.shape(name)
    ]

    assert len(patterns) > 40
    assert all(re.compile(pattern) for pattern in patterns)
