"""What does letting one segment through cost at the edge, where a function has a millisecond?"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from parts.harness import LAMBDAS, ROOT, say, say_conditions, say_limit

sys.path.insert(0, str(LAMBDAS))
sys.path.insert(0, str(ROOT))

from kernel.tokens import MacKey
from localcloud.running import pinned_node
from playback.cwt import LONGEST_TOKEN, common_access_token, edge_key
from playback.edge_access import EdgeGrant

BUDGET_MICROSECONDS = 1000.0
"""About what CloudFront lets a function compute (developer guide, "Restrictions")."""

TARGET = 0.10
"""V8 compiles what CloudFront's runtime interprets: a tenth here leaves it ten times the time."""

LIMIT_BYTES = 10 * 1024

CALLS = 5_000
ROUNDS = 7
DENIED = 2_500
"""Plays on the deny list; more do not fit into an argument of a process."""

SESSION = "ses_01m82g70pbe0w0zahf3x51yfpw"
FOLDER = "m/ast_01m82g70pbe0w0zahf3x51yfpw/01m82g70pb"
FILE = "main_1080p_000000042.cmfv"


def microseconds(function: str, uri: str, store: dict[str, str]) -> float:
    """A call's median, without the runtime's own work around it."""
    country = {"cloudfront-viewer-country": {"value": "IE"}}
    event: dict[str, Any] = {"request": {"method": "GET", "uri": uri, "headers": country}}
    given = json.dumps({"event": event, "store": store, "calls": CALLS, "rounds": ROUNDS})
    script = str(ROOT / "benchmarks" / "edge_check.cjs")
    command = [str(pinned_node()), script, str(ROOT / "edge" / f"{function}.js"), given]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["microseconds"])


def main() -> None:
    """Measure both guards against what we allow ourselves of the budget."""
    key = edge_key(MacKey(b"a token secret of enough length!!"))
    grant = EdgeGrant(SESSION, FOLDER, "IE", datetime.now(UTC) + timedelta(hours=4))
    token = common_access_token(grant, key)
    store = {"ready": "1", f"key:{key.key_id}": key.secret.decode()}
    denied = {f"ses_{number:026}": "1900000000" for number in range(DENIED)}
    by_token = microseconds("token", f"/t/{token}/{FOLDER}/{FILE}", store | denied)
    by_cookies = microseconds("session", f"/{grant.session_folder}/{FILE}", store | denied)
    say("Letting one segment through at the edge (median of a call in V8, no store's latency)")
    say_conditions(f"{ROUNDS} rounds of {CALLS} calls")
    say_limit("a token's check", by_token, TARGET * BUDGET_MICROSECONDS, "µs")
    say_limit("a session's check", by_cookies, TARGET * BUDGET_MICROSECONDS, "µs")
    for name in ("token", "session"):
        size = (ROOT / "edge" / f"{name}.js").stat().st_size
        say_limit(f"edge/{name}.js", size, LIMIT_BYTES, "bytes")
    say_limit("a token in an address", len(token), LONGEST_TOKEN, "chars")


if __name__ == "__main__":
    main()
