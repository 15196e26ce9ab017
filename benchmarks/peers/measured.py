"""Loads one handler as Lambda does and prints what that and its calls cost, as JSON.

Runs alone: `python -P -S -s measured.py <module.handler> <event as JSON> <calls>`.
"""

import time

_begun = time.process_time()

# Imported after the clock was read: Lambda's init pays for these too.
import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402


def main() -> None:
    path, event, calls = sys.argv[1], sys.argv[2], int(sys.argv[3])
    module, _, name = path.rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    ready = time.process_time()
    parsed = json.loads(event)
    answer = handler(parsed, None)
    first = time.process_time()
    if str(answer["statusCode"]) not in os.environ["ACCEPTED"].split(","):
        raise SystemExit(str(answer))
    for _ in range(min(calls, 20)):
        handler(parsed, None)
    warm = time.process_time()
    for _ in range(calls):
        handler(parsed, None)
    done = time.process_time()
    costs = {
        "init_ms": (ready - _begun) * 1000,
        "first_ms": (first - ready) * 1000,
        "warm_ms": (done - warm) * 1000 / calls,
    }
    print(json.dumps(costs))


main()
