"""Loads one handler as Lambda does and prints what that and its calls cost, as JSON.

Runs alone: `python -P -S -s measured.py <module.handler> <event as JSON> <calls>`. With a field's
name in FOLLOWS each call sends in its form what the answer before it gave under that name.
"""

import time

_begun = time.process_time()

# Imported after the clock was read: Lambda's init pays for these too.
import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402
from urllib.parse import parse_qsl, urlencode  # noqa: E402


def main() -> None:
    path, event, calls = sys.argv[1], sys.argv[2], int(sys.argv[3])
    module, _, name = path.rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    ready = time.process_time()
    parsed = json.loads(event)
    spent = [_seconds_of(handler, parsed) for _ in range(1 + min(calls, 20) + calls)]
    costs = {
        "init_ms": (ready - _begun) * 1000,
        "first_ms": spent[0] * 1000,
        "warm_ms": sum(spent[-calls:]) * 1000 / calls,
    }
    print(json.dumps(costs))


def _seconds_of(handler: Callable[..., Any], event: dict[str, Any]) -> float:
    begun = time.process_time()
    answer = handler(event, None)
    spent = time.process_time() - begun
    if str(answer["statusCode"]) not in os.environ["ACCEPTED"].split(","):
        raise SystemExit(str(answer))
    if field := os.environ.get("FOLLOWS"):
        form = dict(parse_qsl(event["body"]))
        event["body"] = urlencode({**form, field: json.loads(answer["body"])[field]})
    return spent


main()
