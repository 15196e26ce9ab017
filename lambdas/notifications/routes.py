"""The letters of an account over HTTP, for staff who are asked where one is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kernel import log
from kernel.clock import moment_of
from kernel.errors import InvalidInputError
from kernel.ids import names_one
from kernel.web.payload import Event, Reply, claims, reply

Items = Callable[[str], Sequence[Mapping[str, Any]]]
"""All that is kept of an account, as DynamoDB has it."""


def shown(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The letters of the last 30 days, the newest first, and why none is sent any more."""
    letters = [_letter(item) for item in items if item["sk"]["S"].startswith("LETTER#")]
    marks = [item for item in items if item["sk"]["S"].startswith("UNDELIVERABLE#")]
    return {
        "letters": sorted(letters, key=lambda letter: str(letter["told_at"]), reverse=True),
        "undeliverable": [
            {
                "kind": item["kind"]["S"],
                "at": moment_of(int(item["marked_at"]["N"]) * 1000).isoformat(),
            }
            for item in marks
        ],
    }


def _letter(item: Mapping[str, Any]) -> dict[str, Any]:
    _, _, sequence, template, _ = item["sk"]["S"].split("#")
    return {
        "template": template,
        "told_at": moment_of(int(sequence)).isoformat(),
        "sent": "sent" in item,
    }


def routes(items_of: Items) -> Callable[[Event], Reply]:
    """`GET /v1/staff/accounts/{account_id}/letters`; InvalidInputError for what is no account."""

    def answer(event: Event) -> Reply:
        by = claims(event, "staff")["sub"]
        account_id = str(event["pathParameters"]["account_id"])
        log.note(by=by)
        if not names_one(account_id, "acc"):
            raise InvalidInputError("There can be no such account.", field="account_id")
        return reply(200, shown(items_of(account_id)))

    return answer
