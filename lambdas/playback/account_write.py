"""One conditional write of an account's item: plays that begin and plays that end, as expressions.

Names stand for every id, values for every moment: DynamoDB's words are never made of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from kernel.clock import epoch_milliseconds
from kernel.ids import time_of
from playback.domain import Session
from playback.leases import Account, End, Reason
from playback.play_items import Value, end_value, epoch, number, play_value


class AccountWrite:
    """Collects what an `UpdateItem` changes, and what must be true for that."""

    def __init__(self, account_id: str, now: datetime) -> None:
        self._account_id = account_id
        self._now = now
        self._sets: list[str] = []
        self._removes: list[str] = []
        self._conditions: list[str] = []
        self._names: dict[str, str] = {}
        self._values: dict[str, Value] = {}

    def admit(self, session: Session, account: Account, giving_way: Mapping[str, Reason]) -> None:
        """Begin a play if there is room, given that others end, and its viewer may play."""
        viewer = session.viewer
        self._conditions += [
            "attribute_not_exists(blocked_at)",
            f"attribute_not_exists({self._name(viewer.family_id)})",
        ]
        began = self._value(number(epoch_milliseconds(time_of(viewer.family_id))))
        for mark in ("signed_out_ms", self._name(viewer.device_id)):
            self._conditions.append(f"(attribute_not_exists({mark}) OR {mark} < {began})")
        if account.is_new:
            self._conditions.append("attribute_not_exists(plays)")
            plays = {"M": {session.session_id: play_value(session)}}
            self._sets += [f"plays = {self._value(plays)}", f"ended = {self._value({'M': {}})}"]
            return
        play = f"plays.{self._name(session.session_id)}"
        room = self._value(number(account.allowance.streams + len(giving_way)))
        self._conditions += [
            f"attribute_not_exists({play})",
            f"attribute_not_exists(ended.{self._name(session.session_id)})",
            f"size(plays) < {room}",
        ]
        self._sets.append(f"{play} = {self._value(play_value(session))}")
        for session_id, reason in giving_way.items():
            self.end(session_id, reason)
        self.forget(account.forgettable(len(giving_way)))
        self._removes += [self._name(mark) for mark in account.outdated(self._now)]

    def end(self, session_id: str, reason: Reason) -> None:
        """End a play that has not ended; one that was silent must not have spoken since."""
        key = self._name(session_id)
        self._conditions.append(f"attribute_exists(plays.{key})")
        if reason == "lapsed":
            now = self._value(epoch(self._now))
            self._conditions.append(
                f"(plays.{key}.held_until <= {now} OR plays.{key}.expires_at <= {now})"
            )
        self._sets.append(f"ended.{key} = {self._value(end_value(End(self._now, reason)))}")
        self._removes.append(f"plays.{key}")

    def forget(self, session_ids: Iterable[str]) -> None:
        """Remember ends no more."""
        self._removes += [f"ended.{self._name(session_id)}" for session_id in session_ids]

    def parameters(self) -> dict[str, Any]:
        """Of `UpdateItem`, or of an `Update` in a transaction, but for the table."""
        key = {"pk": {"S": f"ACCOUNT#{self._account_id}"}, "sk": {"S": "ACCOUNT"}}
        update = f"SET {', '.join(self._sets)}"
        if self._removes:
            update += f" REMOVE {', '.join(self._removes)}"
        return {
            "Key": key,
            "UpdateExpression": update,
            "ConditionExpression": " AND ".join(self._conditions),
            "ExpressionAttributeNames": self._names,
            "ExpressionAttributeValues": self._values,
        }

    def _name(self, text: str) -> str:
        for name, known in self._names.items():
            if known == text:
                return name
        name = f"#n{len(self._names)}"
        self._names[name] = text
        return name

    def _value(self, value: Value) -> str:
        name = f":v{len(self._values)}"
        self._values[name] = value
        return name
