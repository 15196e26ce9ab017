"""Accounts over HTTP, for staff. An address is asked for in a body: no access log keeps bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from identity.devices.routes import caller_of
from identity.devices.service import Caller
from identity.staff.domain import Found
from identity.staff.service import StaffDesk
from kernel import log
from kernel.errors import InvalidInputError
from kernel.web.payload import Event, Reply, claims, json_body, reply


def shown(found: Found) -> dict[str, Any]:
    """An account as staff see it. Its address is verified: else there would be no account."""
    account, household = found.account, found.household
    sessions = [one for one in household.sessions if account.keeps(one.began)]
    block = account.block
    return {
        "account_id": account.account_id,
        "email": account.email,
        "email_verified": True,
        "created_at": account.created_at.isoformat(),
        "language": account.language,
        "is_staff": "staff" in account.scopes,
        "devices": household.places.taken,
        "devices_allowed": household.places.limit,
        "sessions": len(sessions),
        "two_step": bool(account.factors),
        "passkeys": account.passkeys,
        "deletion_due": None if account.deletion_due is None else account.deletion_due.isoformat(),
        "block": None
        if block is None
        else {
            "reason": block.reason,
            "note": block.note,
            "by": block.by,
            "at": block.at.isoformat(),
        },
    }


def routes(desk: StaffDesk) -> Callable[[Event], Reply]:
    """`/v1/staff/accounts`: finding one, looking at it, and what may be done to it."""

    def find(event: Event, caller: Caller) -> Found:
        return desk.find(caller, _body(event, "email").get("email"))

    def seen(event: Event, caller: Caller) -> Found:
        return desk.seen(caller, _account_id(event))

    def block(event: Event, caller: Caller) -> Found:
        body = _body(event, "reason", "note")
        return desk.block(caller, _account_id(event), body.get("reason"), body.get("note", ""))

    def unblock(event: Event, caller: Caller) -> Found:
        return desk.unblock(caller, _account_id(event))

    def remove_second_steps(event: Event, caller: Caller) -> Found:
        reason = _body(event, "reason").get("reason")
        return desk.remove_second_steps(caller, _account_id(event), reason)

    known: dict[str, Callable[[Event, Caller], Found]] = {
        "POST /v1/staff/accounts/find": find,
        "GET /v1/staff/accounts/{account_id}": seen,
        "PUT /v1/staff/accounts/{account_id}/block": block,
        "DELETE /v1/staff/accounts/{account_id}/block": unblock,
        "POST /v1/staff/accounts/{account_id}/remove-second-steps": remove_second_steps,
    }

    def answer(event: Event) -> Reply:
        said = claims(event, "staff")
        log.note(by=said["sub"])
        found = known[event["routeKey"]](event, caller_of(said))
        log.note(account=found.account.account_id)
        return reply(200, shown(found))

    return answer


def _account_id(event: Event) -> str:
    return str(event["pathParameters"]["account_id"])


def _body(event: Event, *fields: str) -> dict[str, Any]:
    body = json_body(event)
    for name in body:
        if name not in fields:
            raise InvalidInputError(f"There is no field {name}.", field=name)
    return body
