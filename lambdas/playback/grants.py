"""The two tokens of a play: the licence token and the session ticket, claim by claim."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from kernel import tokens
from kernel.beacons import TICKET
from kernel.tokens import MacKey
from playback.domain import (
    LICENCE_TOKEN_LIFE,
    LicenceGrant,
    LicenceTokenError,
    LicenceTokenExpiredError,
    Session,
    Title,
    Viewer,
)

LICENCE = "licence"


def licence_token(session: Session, now: datetime, key: MacKey) -> str:
    """Lets its holder ask for the session's keys for a short while."""
    viewer = session.viewer
    claims = {
        "session": session.session_id,
        "account": viewer.account_id,
        "profile": viewer.profile_id,
        "device": viewer.device_id,
        "asset": session.asset_id,
        "drm": session.drm,
        "kids": list(session.kids),
    }
    return tokens.make(LICENCE, claims, now + LICENCE_TOKEN_LIFE, key)


def session_ticket(session: Session, key: MacKey) -> str:
    """Says whose play this is, for as long as it lives: beacons and renewals carry it."""
    about = (session.session_id, session.viewer, session.title_id, session.asset_id)
    return _ticket(*about, session.expires_at, key)


def download_ticket(
    session_id: str, viewer: Viewer, title: Title, expires_at: datetime, key: MacKey
) -> str:
    """The same for plays of a kept title: under an id that holds no screen."""
    return _ticket(session_id, viewer, title.title_id, title.asset_id, expires_at, key)


def _ticket(
    session_id: str,
    viewer: Viewer,
    title_id: str,
    asset_id: str,
    expires_at: datetime,
    key: MacKey,
) -> str:
    claims = {
        "session": session_id,
        "account": viewer.account_id,
        "profile": viewer.profile_id,
        "device": viewer.device_id,
        "title": title_id,
        "asset": asset_id,
    }
    return tokens.make(TICKET, claims, expires_at, key)


def read_licence_token(
    token: str | None, now: datetime, keys: Mapping[str, MacKey]
) -> LicenceGrant:
    """What a licence token grants.

    LicenceTokenExpiredError, LicenceTokenError; tokens.UnknownKeyError when its secret may be
    newer than ours, so that the caller can read the secrets again.
    """
    if not token:
        raise LicenceTokenError("A licence needs its token.")
    try:
        claims = tokens.read(LICENCE, token, now, keys)
    except tokens.UnknownKeyError:
        raise
    except tokens.ExpiredTokenError as error:
        raise LicenceTokenExpiredError("The licence token has expired; renew it.") from error
    except tokens.TokenError as error:
        raise LicenceTokenError("The licence token is not valid.") from error
    viewer = Viewer(_text(claims, "account"), _text(claims, "profile"), _text(claims, "device"))
    return LicenceGrant(
        session_id=_text(claims, "session"),
        viewer=viewer,
        asset_id=_text(claims, "asset"),
        drm=_text(claims, "drm"),
        kids=_kids(claims),
    )


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise LicenceTokenError(f"The licence token lacks its {name}.")
    return value


def _kids(claims: Mapping[str, object]) -> tuple[str, ...]:
    kids = claims.get("kids")
    if not isinstance(kids, list) or not kids or not all(isinstance(kid, str) for kid in kids):
        raise LicenceTokenError("The licence token lacks its kids.")
    return tuple(kids)
