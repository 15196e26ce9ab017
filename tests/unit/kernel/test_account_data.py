"""An account's own copy of a table: every item under its keys, in plain values, for its owner."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kernel.account_data import Keys, exporting, of_account, of_profiles, plain
from tests.fakes.gateway import STAFF, call

OWNER = {"sub": "acc_1", "scope": "export", "profiles": "prf_1 prf_2"}


class Table:
    """Answers queries in pages of one item."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = items

    def query(self, **asked: Any) -> dict[str, Any]:
        key = asked["ExpressionAttributeValues"][":key"]
        found = [item for item in self.items if item["pk"] == key]
        at = asked.get("ExclusiveStartKey", 0)
        more = {"LastEvaluatedKey": at + 1} if at + 1 < len(found) else {}
        return {"Items": found[at : at + 1], **more}


def item(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def asked(keys: Keys, claims: dict[str, str] | None, *items: dict[str, Any]) -> tuple[int, Any]:
    handler = exporting(Table(*items), "table", keys)  # type: ignore[arg-type]
    answer = handler(call("GET", "/v1/export/billing", claims=claims), None)
    return answer["statusCode"], json.loads(answer["body"])


def test_an_export_is_every_item_of_the_account_and_none_of_anybody_elses() -> None:
    items = (item("ACCOUNT#acc_1", "A"), item("ACCOUNT#acc_1", "B"), item("ACCOUNT#acc_2", "C"))

    status, body = asked(of_account, OWNER, *items)

    assert status == 200
    assert [one["name"] for one in body["items"]] == ["A", "B"]


def test_what_is_kept_by_profile_is_found_by_the_tokens_profiles() -> None:
    items = [item(f"PROFILE#prf_{number}", "TITLE#ttl_1") for number in (1, 2, 3)]

    _, body = asked(of_profiles, OWNER, *items)

    assert [one["under"] for one in body["items"]] == ["PROFILE#prf_1", "PROFILE#prf_2"]


@pytest.mark.parametrize(
    ("claims", "status"),
    [(None, 401), (STAFF, 403), ({"sub": "acc_1"}, 403), ({"sub": "acc_1", "scope": ""}, 403)],
)
def test_only_a_token_that_was_made_for_an_export_opens_one(
    claims: dict[str, str] | None, status: int
) -> None:
    answered, problem = asked(of_account, claims, item("ACCOUNT#acc_1", "A"))

    assert (answered, "items" in problem) == (status, False)


def test_values_are_plain() -> None:
    typed = {
        **item("ACCOUNT#acc_1", "A"),
        "text": {"S": "a"},
        "whole": {"N": "3"},
        "part": {"N": "0.5"},
        "sent": {"BOOL": True},
        "nothing": {"NULL": True},
        "names": {"SS": ["b", "a"]},
        "within": {"M": {"list": {"L": [{"N": "1"}, {"S": "x"}]}}},
    }

    assert plain(typed) == {
        "under": "ACCOUNT#acc_1",
        "name": "A",
        "text": "a",
        "whole": 3,
        "part": 0.5,
        "sent": True,
        "nothing": None,
        "names": ["a", "b"],
        "within": {"list": [1, "x"]},
    }
