"""The steering token: one play's right to be told where its film is, claim by claim."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from kernel import tokens
from kernel.tokens import MacKey
from playback.edge_access import EdgeGrant
from playback.steering.domain import SteeringEndedError, SteeringTokenError

STEERING = "steering"
"""The purpose of a steering token among our tokens."""


@dataclass(frozen=True)
class Steered:
    """A play that is steered: what it may fetch, and with which manifest it begins."""

    grant: EdgeGrant
    manifest: str
    """Relative to the grant's folder."""

    @property
    def share(self) -> float:
        """The play's place among all plays, evenly over [0, 1)."""
        digest = hashlib.sha256(self.grant.session_id.encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32


def steering_token(steered: Steered, key: MacKey) -> str:
    """Lets its holder ask for the play's manifest and the order of CDNs, as long as it lives."""
    grant = steered.grant
    claims = {
        "session": grant.session_id,
        "folder": grant.folder,
        "country": grant.country,
        "manifest": steered.manifest,
    }
    return tokens.make(STEERING, claims, grant.expires_at, key)


def read_steering_token(
    token: str, session_id: str, now: datetime, keys: Mapping[str, MacKey]
) -> Steered:
    """The play that a token was made for, which has to be the one asked about.

    SteeringEndedError, SteeringTokenError; tokens.UnknownKeyError when its secret may be newer
    than ours.
    """
    try:
        claims = tokens.read(STEERING, token, now, keys)
    except tokens.UnknownKeyError:
        raise
    except tokens.ExpiredTokenError as error:
        raise SteeringEndedError("This play has ended.") from error
    except tokens.TokenError as error:
        raise SteeringTokenError("The steering token is not valid.") from error
    named = [claims.get(name) for name in ("session", "folder", "manifest")]
    country, expires_at = claims.get("country"), claims["exp"]
    if not all(isinstance(one, str) and one for one in named) or named[0] != session_id:
        raise SteeringTokenError("The steering token is another play's.")
    if "country" not in claims or not (country is None or isinstance(country, str)):
        raise SteeringTokenError("The steering token lacks its country.")
    assert isinstance(expires_at, int)
    session, folder, manifest = map(str, named)
    grant = EdgeGrant(session, folder, country, datetime.fromtimestamp(expires_at, UTC))
    return Steered(grant, manifest)


def steering_path(session_id: str, token: str) -> str:
    """Where a play asks for its order."""
    return f"/v1/playback/sessions/{session_id}/steering/{token}"


def steered_address(grant: EdgeGrant, manifest_url: str, key: MacKey) -> str:
    """Where a steered play finds its manifest; `manifest_url` is the static one from the root."""
    manifest = manifest_url.removeprefix(f"/{grant.folder}/")
    token = steering_token(Steered(grant, manifest), key)
    return f"{steering_path(grant.session_id, token)}/{manifest.rpartition('/')[2]}"
