"""What does the control plane of 1,000 viewed hours cost, item by item, at listed prices?

A viewed hour is one play of an hour: its start with the ClearKey licence, the place it goes on at,
its beacons, its end, and the renewals of its access token. The real handlers do all of that
against moto; their calls, the sizes of their items and their processor time are what is priced.
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
from harness import LAMBDAS, ROOT, moto_server, say, say_conditions, say_limit
from request_units import Use, median_of
from viewed_hour import (
    BEAT,
    RENEWED_BEFORE,
    VIEWERS_AT_ONCE,
    Hour,
    household,
    processes,
    records_of_a_batch,
)

PRICES = ROOT / "benchmarks" / "prices.json"
COUNTED = ROOT / ".build" / "viewed_hour.json"
"""What a real browser asked the app's API for, written by tests/e2e/test_resuming.py."""

PRICED = ("POST beacons", "POST playback/start", "GET progress/", "DELETE playback/sessions")
"""Requests of a play whose steps are measured here."""

PROVISIONED_USE = 0.7
"""Of capacity that follows the load: what automatic scaling aims at by itself."""

HOURS = 1000
MOST_USD = 0.08
"""For so many viewed hours."""
MOST_REQUESTS = 36
"""Of the app's API in one viewed hour."""

REPEATS = 5
"""Plays that are measured; the median counts."""


def times_an_hour() -> dict[str, float]:
    """How often each step is, in an hour that is one play."""
    from identity.oauth.claims import ACCESS_TOKEN_LIFE

    hour = timedelta(hours=1)
    return {
        "start": 1,
        "place read": 1,
        "first beacon": 1,
        "beacon": hour / BEAT,
        "last beacon": 1,
        "end": 1,
        "renewal": hour / (ACCESS_TOKEN_LIFE - RENEWED_BEFORE),
    }


def counted_elsewhere() -> int:
    """Requests of a play that a browser was seen to make and nothing here measures."""
    if not COUNTED.exists():
        return 0
    others: dict[str, int] = json.loads(COUNTED.read_text())["requests"]
    return sum(number for asked, number in others.items() if not asked.startswith(PRICED))


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


def levers(per_step: Mapping[str, Use], total: Use, prices: Prices) -> dict[str, float]:
    """What each change would save by itself, the largest first; docs/benchmarks.md says more."""
    beacons = reduce(add, (use for step, use in per_step.items() if "beacon" in step))
    renewals = per_step["renewal"]
    provisioned = Use.of(
        write_capacity_hour=total["write_unit"] / timedelta(hours=1).total_seconds()
        / PROVISIONED_USE
    )  # fmt: skip
    saved = {
        "beacons straight to the API": Use.of(edge_request=beacons["edge_request"]),
        "a key of a day signs": Use.of(key_request=renewals["key_request"]),
    }
    usd = {lever: sum(prices.usd(use).values()) for lever, use in saved.items()}
    on_demand, reserved = (
        sum(prices.usd(use).values())
        for use in (Use.of(write_unit=total["write_unit"]), provisioned)
    )
    usd["provisioned write capacity"] = on_demand - reserved
    return dict(sorted(usd.items(), key=lambda each: -each[1]))


def report(hour: Hour, steps: Mapping[str, Use], prices: Prices) -> None:
    """The table."""
    times = times_an_hour()
    more = counted_elsewhere()
    per_step = {step: steps[step] * number * HOURS for step, number in times.items()}
    if more:
        per_step["other requests"] = steps["place read"] * more * HOURS
    total = reduce(add, per_step.values())
    items = prices.usd(total)
    sum_usd = sum(items.values())

    say(f"Control plane of {HOURS:,} viewed hours ({prices.region}, prices of {prices.date})")
    say_conditions(f"median of {REPEATS} plays")
    requests = sum(number for step, number in times.items() if step != "renewal") + more
    say_limit("requests to the app's API an hour", requests, MOST_REQUESTS, "")
    seen = "a browser was watched" if COUNTED.exists() else "by the player's rules"
    print(f"  {'':<34} {seen}; beside them {times['renewal']:.2f} renewals of tokens, identity's")
    print(f"  {'account item while it plays':<34} {hour.account_bytes:10d} bytes")
    batch = f"{records_of_a_batch():10.2f} with {VIEWERS_AT_ONCE:,} viewers at once"
    print(f"  {'beacons that a reader takes at once':<34} {batch}")
    for name, usd in items.items():
        used = f"{name:<20} {total[name]:14.3f}"
        print(f"  {used}   USD {usd:7.4f}   {usd / sum_usd:4.0%}   {prices.unit(name)}")
    step_usd = {step: sum(prices.usd(use).values()) for step, use in per_step.items()}
    for step, usd in sorted(step_usd.items(), key=lambda each: -each[1]):
        often = f"{step:<20} {times.get(step, more) * HOURS:14.0f}"
        print(f"  {often}   USD {usd:7.4f}   {usd / sum_usd:4.0%}")
    say_limit("control plane", sum_usd, MOST_USD, "USD")
    renewals_usd = step_usd["renewal"]
    print(f"  {'of it renewals, play or no play':<34} USD {renewals_usd:.4f}")
    print(f"  {'largest item':<34} {next(iter(items))}")
    for lever, saved_usd in levers(per_step, total, prices).items():
        print(f"  {'lever: ' + lever:<44} USD -{saved_usd:.4f}")
    fixed = prices.usd(Use.of(stream_hour=1))["stream_hour"]
    print(f"  {'fixed, whoever watches':<34} USD {fixed:.3f} an hour for the stream of beacons")
    media = delivery() * HOURS
    media_usd = sum(prices.usd(media).values())
    asked = f"{media['edge_request'] / HOURS:10.0f} requests an hour"
    print(f"  {'delivery, not control plane':<34} {asked}   USD {media_usd:7.4f} without the bytes")


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
        "ISSUER": "https://auth.marquee.example",
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
