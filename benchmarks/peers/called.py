"""Calls handlers as they are asked for, one JSON line each, and answers what a call cost.

Runs alone: `python called.py`, with `{"handler": "module.name", "event": {…}}` on standard input.
"""

import contextlib
import importlib
import io
import json
import sys
import time


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        module, _, name = asked["handler"].rpartition(".")
        handler = getattr(importlib.import_module(module), name)
        logged = io.StringIO()
        with contextlib.redirect_stdout(logged):
            began = time.process_time()
            answer = handler(asked["event"], None)
            cpu_ms = (time.process_time() - began) * 1000
        told = {"answer": answer, "cpu_ms": cpu_ms, "logged": logged.getvalue()}
        print(json.dumps(told), flush=True)


main()
