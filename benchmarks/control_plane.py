"""What does the control plane of 1,000 viewed hours cost, item by item, at listed prices?

A viewed hour is one play of an hour: its start with the ClearKey licence, the place it goes on at,
the browser's question whether it may tell, its beacons, its end, and the renewals of its access
token. The real handlers do all of that against moto; their calls, the sizes of their items and
their processor time are what is priced: as an environment is by default, and with the settings for
volume.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import reduce
from operator import add

import boto3
import play_start
from parts.harness import LAMBDAS, ROOT, moto_server, say, say_conditions, say_limit
from parts.request_units import Use, median_of
from parts.viewed_hour import (
    ISSUER,
    VIEWERS_AT_ONCE,
    Hour,
    beat,
    between_renewals,
    household,
    processes,
    records_of_a_batch,
)

PRICES = ROOT / "benchmarks" / "prices.json"
COUNTED = ROOT / ".build" / "viewed_hour.json"
"""What a real browser asked for in an hour, written by tests/e2e/test_resuming.py."""

PRICED = (
    "POST beacons",
    "OPTIONS",
    "POST playback/start",
    "GET progress/",
    "DELETE playback/sessions",
    "POST token",
)
"""Requests of a play whose steps are measured here."""

USED_OF_PROVISIONED = 0.7
"""Of capacity that follows the load: what scaling aims at (stacks/components/table.py). It holds
while the load is what it was a quarter of an hour ago; behind an evening's peak less is used."""

HOURS = 1000
MOST_USD = 0.08
"""For so many viewed hours: of the plays themselves, with the settings for volume."""
MOST_REQUESTS = 36
"""In one viewed hour, whatever for."""

REPEATS = 5
"""Plays that are measured; the median counts."""


def times_an_hour() -> dict[str, float]:
    """How often each step is, in an hour that is one play."""
    hour = timedelta(hours=1)
    return {
        "start": 1,
        "place read": 1,
        # Of where players tell and of the issuer, each good for two hours (stacks/beacons.py,
        # stacks/identity.py).
        "preflight": 2 * hour / timedelta(hours=2),
        "first beacon": 1,
        "beacon": hour / beat(),
        "last beacon": 1,
        "end": 1,
        "renewal": hour / between_renewals(),
    }


def counted() -> Mapping[str, int]:
    """What a browser was seen to ask for in an hour; nothing where none was watched."""
    if not COUNTED.exists():
        return {}
    requests: dict[str, int] = json.loads(COUNTED.read_text())["requests"]
    return requests


def delivery() -> Use:
    """What an hour's film asks of CloudFront: each rendition's segments, their inits, manifest and
    storyboard. Each passes the guard, which reads the deny list, and the function that lets
    browsers keep it."""
    from media.ladder import SEGMENT_SECONDS

    requests = 2 * 3600 / SEGMENT_SECONDS + 2 + 1 + 1
    return Use.of(edge_request=requests, edge_function=2 * requests, edge_store_read=requests)


class Prices:
    """One dated price file."""

    def __init__(self) -> None:
        told = json.loads(PRICES.read_text())
        self.date, self.region = told["date"], told["region"]
        self._prices = told["prices"]

    def usd(self, use: Use) -> dict[str, float]:
        """By what is paid for, the dearest first."""
        priced = {
            name: units * self._prices[name]["usd"] / self._prices[name]["per"]
            for name, units in use.units.items()
        }
        return dict(sorted(priced.items(), key=lambda each: -each[1]))

    def unit(self, name: str) -> str:
        """What one of them is."""
        return str(self._prices[name]["unit"])


def provisioned(use: Use) -> Use:
    """The same where the busy tables are provisioned (`capacity`): units of so many plays at once,
    for the hour that they take."""
    seconds = timedelta(hours=1).total_seconds()
    capacity = Use.of(
        write_capacity_hour=use["write_unit"] / seconds / USED_OF_PROVISIONED,
        read_capacity_hour=use["read_unit"] / seconds / USED_OF_PROVISIONED,
    )
    return use.without("write_unit", "read_unit") + capacity


def with_settings_for_volume(per_step: Mapping[str, Use]) -> dict[str, Use]:
    """`capacity`, and `wrapped_keys: signing`, by which no token is a request to KMS."""
    by_setting = {
        step: use.without("key_request") if step == "renewal" else use
        for step, use in per_step.items()
    }
    return {step: provisioned(use) for step, use in by_setting.items()}


def levers(per_step: Mapping[str, Use], prices: Prices) -> dict[str, float]:
    """What each change would save of the plays with the settings for volume, the most first;
    docs/benchmarks.md says more."""
    beacons = reduce(add, (use for step, use in per_step.items() if "beacon" in step))
    beats, end = per_step["beacon"], per_step["end"]
    saved = {
        # A place and a lease in turns, each with every second beacon.
        "a lease written with every second beacon": Use.of(write_unit=beats["write_unit"] / 4),
        "beacons half as often": beats * 0.5,
        "`leave` alone ends a play": end,
        "no lines of Lambda's own": Use.of(log_gb=beacons["log_gb"] / 2),
    }
    usd = {lever: sum(prices.usd(provisioned(use)).values()) for lever, use in saved.items()}
    return dict(sorted(usd.items(), key=lambda each: -each[1]))


def report(hour: Hour, steps: Mapping[str, Use], prices: Prices) -> None:
    """The table; SystemExit where a limit is not held."""
    times, seen = times_an_hour(), counted()
    more = sum(number for asked, number in seen.items() if not asked.startswith(PRICED))
    per_step = {step: steps[step] * number * HOURS for step, number in times.items()}
    if more:
        per_step["other requests"] = steps["place read"] * more * HOURS

    say(f"Control plane of {HOURS:,} viewed hours ({prices.region}, prices of {prices.date})")
    say_conditions(f"median of {REPEATS} plays")
    requests = max(sum(times.values()) + more, sum(seen.values()))
    say_limit("requests an hour, renewals among them", requests, MOST_REQUESTS, "")
    print(f"  {'':<34} {f'a browser made {sum(seen.values())}' if seen else 'by rule'}")
    print(f"  {'account item while it plays':<34} {hour.account_bytes:10d} bytes")
    batch = f"{records_of_a_batch():10.2f} with {VIEWERS_AT_ONCE:,} viewers at once"
    print(f"  {'beacons that a reader takes at once':<34} {batch}")

    for volume in (False, True):
        use = with_settings_for_volume(per_step) if volume else per_step
        print(f"  {'With the settings for volume' if volume else 'As deployed by default'}")
        table_of(use, times, prices)
    for lever, saved_usd in levers(per_step, prices).items():
        print(f"  {'lever: ' + lever:<48} USD -{saved_usd:.4f}")
    judged = sum(usd_of(with_settings_for_volume(per_step), prices).values())
    say_limit("control plane of the plays", judged, MOST_USD, "USD")
    fixed = prices.usd(Use.of(stream_hour=1))["stream_hour"]
    print(f"  {'fixed, whoever watches':<34} USD {fixed:.3f} an hour for the stream of beacons")
    media = delivery() * HOURS
    media_usd = sum(prices.usd(media).values())
    asked = f"{media['edge_request'] / HOURS:10.0f} requests an hour"
    print(f"  {'delivery, not control plane':<34} {asked}   USD {media_usd:7.4f} without the bytes")
    if requests > MOST_REQUESTS or judged > MOST_USD:
        raise SystemExit("A viewed hour asks or costs more than it may.")


def usd_of(per_step: Mapping[str, Use], prices: Prices) -> dict[str, float]:
    """What each step of the plays costs; renewals, which a sign-in makes anyway, are not theirs."""
    return {
        step: sum(prices.usd(use).values()) for step, use in per_step.items() if step != "renewal"
    }


def table_of(per_step: Mapping[str, Use], times: Mapping[str, float], prices: Prices) -> None:
    """By what is paid for and by step, with the renewals and without."""
    total = reduce(add, per_step.values())
    items = prices.usd(total)
    whole = sum(items.values())
    for name, usd in items.items():
        used = f"{name:<22} {total[name]:14.3f}"
        print(f"    {used}   USD {usd:7.4f}   {usd / whole:4.0%}   {prices.unit(name)}")
    renewals = sum(prices.usd(per_step["renewal"]).values())
    by_step = {**usd_of(per_step, prices), "renewal": renewals}
    for step, usd in sorted(by_step.items(), key=lambda each: -each[1]):
        often = f"{step:<22} {times.get(step, 0) * HOURS:14.0f}"
        print(f"    {often}   USD {usd:7.4f}   {usd / whole:4.0%}")
    print(f"    {'the plays':<37}   USD {whole - renewals:7.4f}")
    print(f"    {'with the renewals of their tokens':<37}   USD {whole:7.4f}")


def main() -> None:
    with moto_server() as endpoint:
        sys.path.insert(0, str(LAMBDAS))
        playback, identity = play_start.settings(), identity_settings()
        for name in ("progress", "identity"):
            table(name)
        os.environ.update(playback)
        who = household()
        with processes(endpoint, playback, identity) as functions:
            hour = Hour(who, functions)
            # The first plays open connections, and fill what an account remembers of plays.
            for _ in range(10):
                hour.play()
            plays = [hour.play() for _ in range(REPEATS)]
        steps = {step: median_of([play[step] for play in plays]) for step in plays[0]}
    report(hour, steps, Prices())


def identity_settings() -> dict[str, str]:
    """A signing key in moto; the environment of identity's functions."""
    key = boto3.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    arn = key["KeyMetadata"]["Arn"]
    return {
        "TABLE_NAME": "identity",
        "ISSUER": ISSUER,
        "PUBLIC_ORIGIN": "https://watch.marquee.example",
        "SIGNING_KEY": arn,
        "PUBLISHED_KEYS": arn,
        "MAIL_KEY": arn,
        "PARTNERS": "[]",
    }


def table(name: str) -> None:
    """An empty table."""
    boto3.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


if __name__ == "__main__":
    main()
