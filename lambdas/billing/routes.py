"""Plans over HTTP: members see theirs, staff set anybody's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from billing.domain import PLANS, Plan, Subscription
from billing.service import Billing
from kernel import log
from kernel.errors import InvalidInputError
from kernel.web.payload import Event, Reply, by_route, claims, json_body, reply


def shown_plan(plan: Plan) -> dict[str, Any]:
    """A plan with its limits, `name` as `plan`."""
    limits = asdict(plan)
    return {"plan": limits.pop("name"), **limits}


def shown(subscription: Subscription) -> dict[str, Any]:
    """An account's plan."""
    return {"account_id": subscription.account_id, **shown_plan(subscription.plan)}


def routes(billing: Billing) -> Callable[[Event], Reply]:
    """`GET /v1/plan` for members; `GET /v1/plans`, `GET` and `PUT /v1/accounts/{id}/plan` for
    staff."""

    def plans(event: Event) -> Reply:
        claims(event, "staff")
        return reply(200, {"plans": [shown_plan(plan) for plan in PLANS.values()]})

    def own(event: Event) -> Reply:
        return reply(200, shown(billing.subscription(claims(event, "member")["sub"])))

    def of_account(event: Event) -> Reply:
        claims(event, "staff")
        return reply(200, shown(billing.subscription(_account_id(event))))

    def set_plan(event: Event) -> Reply:
        by = claims(event, "staff")["sub"]
        body = json_body(event)
        unknown = sorted(set(body) - {"plan"})
        if unknown:
            raise InvalidInputError(f"There is no field {unknown[0]}.", field=unknown[0])
        changed = billing.set_plan(_account_id(event), body.get("plan"), by)
        log.note(account=changed.account_id, plan=changed.plan.name, by=by)
        return reply(200, shown(changed))

    answers = {
        "GET /v1/plans": plans,
        "GET /v1/plan": own,
        "GET /v1/accounts/{account_id}/plan": of_account,
        "PUT /v1/accounts/{account_id}/plan": set_plan,
    }
    return by_route(answers)


def _account_id(event: Event) -> str:
    return str(event["pathParameters"]["account_id"])
