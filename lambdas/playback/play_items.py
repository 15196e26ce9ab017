"""An account's plays as DynamoDB holds them: small, for every beacon writes the whole item."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kernel.clock import epoch_milliseconds, moment_of
from playback.domain import UNTOLD, Allowance, Session, Viewer
from playback.leases import Account, End

Value = dict[str, Any]
"""An attribute as DynamoDB has it: `{"N": "1"}`, `{"M": {…}}`."""

KID_BYTES = 16

SIGNED_OUT = ("fam_", "dev_")
"""Attributes named by what was ended: a sign-in or a device."""


def number(value: int) -> Value:
    """A number."""
    return {"N": str(value)}


def epoch(moment: datetime) -> Value:
    """A moment in seconds."""
    return number(int(moment.timestamp()))


def play_value(play: Session) -> Value:
    """A play, in the map `plays` under its id."""
    viewer = play.viewer
    return {
        "M": {
            "profile_id": {"S": viewer.profile_id},
            "device_id": {"S": viewer.device_id},
            "family": {"S": viewer.family_id},
            "title": {"S": play.title_id},
            "asset": {"S": play.asset_id},
            "kids": {"B": base64.b64encode(b"".join(map(_kid_bytes, play.kids))).decode()},
            "drm": {"S": play.drm},
            "began": number(epoch_milliseconds(play.started_at)),
            "expires_at": epoch(play.expires_at),
            "held_until": epoch(play.held_until),
            "licences": number(play.licences),
        }
    }


def play_from(account_id: str, session_id: str, value: Value) -> Session:
    """A play as it was kept."""
    kept = value["M"]
    return Session(
        session_id=session_id,
        viewer=Viewer(
            account_id,
            kept["profile_id"]["S"],
            kept["device_id"]["S"],
            family_id=kept["family"]["S"],
            has_place=True,
        ),
        title_id=kept["title"]["S"],
        asset_id=kept["asset"]["S"],
        kids=_kids(base64.b64decode(kept["kids"]["B"])),
        started_at=moment_of(int(kept["began"]["N"])),
        expires_at=_moment(kept["expires_at"]),
        held_until=_moment(kept["held_until"]),
        licences=int(kept["licences"]["N"]),
        drm=kept["drm"]["S"],
    )


def end_value(end: End) -> Value:
    """An end, in the map `ended` under its play's id."""
    return {"M": {"at": epoch(end.at), "reason": {"S": end.reason}}}


def account_from(account_id: str, item: Mapping[str, Value]) -> Account:
    """An account from its item, which is empty as long as nothing is known of it."""
    plays = item.get("plays", {"M": {}})["M"]
    ended = item.get("ended", {"M": {}})["M"]
    everywhere = item.get("signed_out_ms")
    return Account(
        account_id=account_id,
        allowance=_allowance(item),
        is_blocked="blocked_at" in item,
        plays={key: play_from(account_id, key, value) for key, value in plays.items()},
        ended={
            key: End(_moment(value["M"]["at"]), value["M"]["reason"]["S"])
            for key, value in ended.items()
        },
        signed_out={
            name: moment_of(int(value["N"]))
            for name, value in item.items()
            if name.startswith(SIGNED_OUT)
        },
        signed_out_before=None if everywhere is None else moment_of(int(everywhere["N"])),
        is_new="plays" not in item,
    )


def _allowance(item: Mapping[str, Value]) -> Allowance:
    if "streams" not in item:
        return UNTOLD
    return Allowance(
        streams=int(item["streams"]["N"]),
        max_height=int(item["max_height"]["N"]),
        # Accounts told of before there were downloads keep none until they are told again.
        downloads=int(item.get("downloads", {"N": "0"})["N"]),
    )


def _moment(value: Value) -> datetime:
    return datetime.fromtimestamp(int(value["N"]), UTC)


def _kid_bytes(kid: str) -> bytes:
    return bytes.fromhex(kid.replace("-", ""))


def _kids(packed: bytes) -> tuple[str, ...]:
    """UUIDs in lower case."""
    each = [packed[at : at + KID_BYTES].hex() for at in range(0, len(packed), KID_BYTES)]
    return tuple(f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}" for h in each)
