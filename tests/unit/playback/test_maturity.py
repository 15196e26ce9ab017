"""A title above the age limit starts for nobody but whom a PIN has opened it to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from kernel import pin_grants, tokens
from kernel.maturity import CLOSED, AboveMaturityError, AgeLimit, PinRequiredError
from kernel.pin_grants import LIFE, PURPOSE, PinGrant
from kernel.tokens import MacKey
from playback import maturity
from playback.maturity import PinGrants, Sight
from tests.unit.playback.fakes import TITLE, VIEWER, FakeMacKeys
from tests.unit.playback.test_routes import CLAIMS, DEVICE, Api, problem

FOR_ADULTS = replace(TITLE, maturity=16)
TEEN = AgeLimit(12, is_kid=False)
GRANT = PinGrant(VIEWER.account_id, VIEWER.profile_id, VIEWER.device_id, TITLE.title_id)


def granted(grant: PinGrant, made: datetime) -> str:
    return pin_grants.make(grant, made, FakeMacKeys().current())


def start(now: datetime, grant: str = "", limit: AgeLimit = TEEN) -> None:
    maturity.check(FOR_ADULTS, VIEWER, Sight(limit, grant), PinGrants(FakeMacKeys), now)


def test_a_title_within_the_limit_starts_without_a_word(now: datetime) -> None:
    start(now, limit=AgeLimit(16, is_kid=False))


def test_a_pins_grant_opens_the_title_while_it_lives(now: datetime) -> None:
    start(now, granted(GRANT, now))
    start(now, granted(GRANT, now - LIFE + timedelta(seconds=1)))


def test_a_title_above_the_limit_asks_for_a_pin(now: datetime) -> None:
    with pytest.raises(PinRequiredError) as refusal:
        start(now)

    assert refusal.value.facts == {"maturity": 16}


def test_a_child_has_no_way_past_even_with_a_grant(now: datetime) -> None:
    for limit in (AgeLimit(12, is_kid=True), CLOSED):
        with pytest.raises(AboveMaturityError):
            start(now, granted(GRANT, now), limit)


@pytest.mark.parametrize(
    "foreign",
    [
        replace(GRANT, account_id="acc_2"),
        replace(GRANT, profile_id="prf_2"),
        replace(GRANT, device_id="dev_2"),
        replace(GRANT, title_id="ttl_2"),
    ],
)
def test_anothers_grant_opens_nothing(now: datetime, foreign: PinGrant) -> None:
    with pytest.raises(PinRequiredError):
        start(now, granted(foreign, now))


def test_a_grant_that_is_over_altered_or_not_ours_opens_nothing(now: datetime) -> None:
    good = granted(GRANT, now)
    claims = {
        "account": GRANT.account_id,
        "profile": GRANT.profile_id,
        "device": GRANT.device_id,
        "title": GRANT.title_id,
    }
    key = FakeMacKeys().current()
    lacking = {name: value for name, value in claims.items() if name != "title"}
    for bad in (
        granted(GRANT, now - LIFE),
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        pin_grants.make(GRANT, now, MacKey(b"a secret that nobody shares with us")),
        tokens.make("ticket", claims, now + LIFE, key),
        tokens.make(PURPOSE, lacking, now + LIFE, key),
        "not.a.grant",
        "",
    ):
        with pytest.raises(PinRequiredError):
            start(now, bad)


def test_where_no_pins_are_believed_nothing_is_opened(now: datetime) -> None:
    with pytest.raises(PinRequiredError):
        maturity.check(FOR_ADULTS, VIEWER, Sight(TEEN, granted(GRANT, now)), None, now)


@pytest.mark.parametrize(
    "changes",
    [
        {"maturity": None},
        {"kids": None},
        {"maturity": ""},
        {"maturity": "-1"},
        {"maturity": "19"},
        {"maturity": "18 "},
        {"maturity": "1e1"},
        {"kids": "no"},
        {"kids": "False"},
    ],
)
def test_a_token_that_says_no_age_limit_starts_nothing(
    now: datetime, changes: dict[str, str | None]
) -> None:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    body = {"title_id": "ttl_1", "device": DEVICE}

    answer = Api(now).call("POST /v1/playback/start", body, claims=claims)

    assert problem(answer) == (401, "unauthenticated")


@pytest.mark.parametrize(("kids", "code"), [("true", "above_maturity"), ("false", "pin_required")])
def test_the_start_says_whether_a_pin_helps(now: datetime, kids: str, code: str) -> None:
    api = Api(now)
    api.table.save_title(replace(FOR_ADULTS, sequence=11))
    body = {"title_id": "ttl_1", "device": DEVICE, "pin_grant": "no grant"}

    answer = api.call(
        "POST /v1/playback/start", body, claims={**CLAIMS, "maturity": "12", "kids": kids}
    )

    assert problem(answer) == (403, code)
    assert json.loads(answer["body"])["maturity"] == 16
    assert problem(api.start(pin_grant=5)) == (422, "invalid_input")
