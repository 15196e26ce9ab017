"""An account's devices over HTTP; whose they are is what the token says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from identity.devices.domain import Device, Household
from identity.devices.service import Caller, DeviceList
from kernel.clock import Clock
from kernel.errors import InvalidInputError
from kernel.ids import names_one
from kernel.web.payload import Event, Reply, claims, json_body, reply


def shown(household: Household, caller: Caller, now: datetime) -> dict[str, Any]:
    """An account's devices as their owner sees them, the one in use first, then the latest."""
    places = household.places
    next_at = places.next_at(now)
    devices = [_device(each, household, caller) for each in household.devices]
    devices.sort(key=lambda each: str(each["last_seen"]), reverse=True)
    devices.sort(key=lambda each: not each["is_this"])
    return {
        "devices": devices,
        "limit": places.limit,
        "registered": places.taken,
        "has_room": places.has_room(now),
        "next_place_at": None if next_at is None else next_at.isoformat(),
    }


def _device(device: Device, household: Household, caller: Caller) -> dict[str, Any]:
    sessions = sorted(household.on(device.device_id), key=lambda each: each.began)
    seen = max([device.last_seen, *(each.last_used for each in sessions)])
    return {
        "device_id": device.device_id,
        "name": device.name,
        "kind": device.kind,
        "is_registered": device.is_registered,
        "is_this": device.device_id == caller.device_id,
        "first_seen": device.first_seen.isoformat(),
        "last_seen": seen.isoformat(timespec="seconds"),
        "sessions": [
            {
                "session_id": each.session_id,
                "client_id": each.client_id,
                "is_this": each.session_id == caller.session_id,
                "began": each.began.isoformat(),
                "last_used": each.last_used.isoformat(timespec="seconds"),
            }
            for each in sessions
        ],
    }


def routes(service: DeviceList, clock: Clock) -> Callable[[Event], Reply]:
    """`/v1/devices`, one device, and signing out, for members."""

    def listed(_event: Event, caller: Caller) -> Reply:
        return reply(200, shown(service.seen(caller), caller, clock()))

    def rename(event: Event, caller: Caller) -> Reply:
        body = _body(event, "name")
        service.rename(caller, _device_id(event), body.get("name"))
        return reply(204)

    def remove(event: Event, caller: Caller) -> Reply:
        service.remove(caller, _device_id(event))
        return reply(204)

    def sign_out(event: Event, caller: Caller) -> Reply:
        service.sign_out(caller, _device_id(event))
        return reply(204)

    def sign_out_all(event: Event, caller: Caller) -> Reply:
        which = _body(event, "which").get("which")
        if which == "others":
            service.sign_out_others(caller)
        elif which == "everywhere":
            service.sign_out_everywhere(caller)
        else:
            raise InvalidInputError("which is `others` or `everywhere`.", field="which")
        return reply(204)

    known: dict[str, Callable[[Event, Caller], Reply]] = {
        "GET /v1/devices": listed,
        "PATCH /v1/devices/{device_id}": rename,
        "DELETE /v1/devices/{device_id}": remove,
        "POST /v1/devices/{device_id}/sign-out": sign_out,
        "POST /v1/sign-out": sign_out_all,
    }

    def answer(event: Event) -> Reply:
        said = claims(event, "member")
        return known[event["routeKey"]](event, caller_of(said))

    return answer


def caller_of(said: Mapping[str, str]) -> Caller:
    """Who asks, by the claims of their token."""
    return Caller(
        said["sub"],
        said["device"],
        said.get("sid", ""),
        said.get("amr", ""),
        _moment(said.get("auth_time", "")),
    )


def _moment(seconds: str) -> datetime | None:
    """A time of a token, which the gateway passes on as text; None for what is no such time."""
    try:
        # By way of a float: it may write large numbers with an exponent.
        return datetime.fromtimestamp(float(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _device_id(event: Event) -> str:
    device_id = event["pathParameters"]["device_id"]
    # What can be no id is looked up as one that nothing has.
    return device_id if names_one(device_id, "dev") else "dev_0"


def _body(event: Event, field: str) -> dict[str, Any]:
    body = json_body(event)
    for name in body:
        if name != field:
            raise InvalidInputError(f"There is no field {name}.", field=name)
    return body
