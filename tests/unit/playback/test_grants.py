"""A licence token must say everything it is checked for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kernel import tokens
from kernel.beacons import TICKET
from playback import grants
from playback.domain import (
    LICENCE_TOKEN_LIFE,
    LicenceTokenError,
    LicenceTokenExpiredError,
)
from tests.unit.playback.fakes import KEYS, SECRET, VIEWER, session

RING = {SECRET.key_id: SECRET}
CLAIMS = {
    "session": "ses_1",
    "account": "acc_1",
    "profile": "prf_1",
    "device": "dev_1",
    "asset": "ast_1",
    "drm": "clearkey",
    "kids": [key.kid for key in KEYS.keys],
}


def test_a_licence_token_grants_what_the_session_holds(now: datetime) -> None:
    token = grants.licence_token(session(now), now, SECRET)

    grant = grants.read_licence_token(token, now, RING)

    assert (grant.session_id, grant.viewer, grant.asset_id) == ("ses_1", VIEWER, "ast_1")
    assert grant.kids == tuple(key.kid for key in KEYS.keys)


def test_a_licence_token_is_short_lived(now: datetime) -> None:
    token = grants.licence_token(session(now), now, SECRET)

    assert timedelta(seconds=120) == LICENCE_TOKEN_LIFE
    with pytest.raises(LicenceTokenExpiredError):
        grants.read_licence_token(token, now + LICENCE_TOKEN_LIFE, RING)


@pytest.mark.parametrize("missing", [None, ""])
def test_no_token_is_no_licence(now: datetime, missing: str | None) -> None:
    with pytest.raises(LicenceTokenError):
        grants.read_licence_token(missing, now, RING)


@pytest.mark.parametrize("name", sorted(CLAIMS))
@pytest.mark.parametrize("value", ["missing", None, "", 1, [], {}, [1]])
def test_a_licence_token_without_any_one_claim_is_refused(
    now: datetime, name: str, value: object
) -> None:
    claims: dict[str, object] = {key: kept for key, kept in CLAIMS.items() if key != name}
    if value != "missing":
        claims[name] = value

    token = tokens.make(grants.LICENCE, claims, now + LICENCE_TOKEN_LIFE, SECRET)

    with pytest.raises(LicenceTokenError):
        grants.read_licence_token(token, now, RING)


def test_a_session_ticket_is_no_licence_token(now: datetime) -> None:
    ticket = grants.session_ticket(session(now), SECRET)

    with pytest.raises(LicenceTokenError):
        grants.read_licence_token(ticket, now, RING)


def test_a_session_ticket_says_whose_play_it_is_until_the_play_ends(now: datetime) -> None:
    play = session(now)

    claims = tokens.read(TICKET, grants.session_ticket(play, SECRET), now, RING)

    assert claims == {
        "session": "ses_1",
        "account": "acc_1",
        "profile": "prf_1",
        "device": "dev_1",
        "title": "ttl_1",
        "asset": "ast_1",
        "exp": int(play.expires_at.timestamp()),
    }
