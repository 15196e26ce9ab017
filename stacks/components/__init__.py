"""Constructs of our own: what more than one stack decides the same way."""

from stacks.components.acknowledgements import acknowledge
from stacks.components.alarms import add_alarm
from stacks.components.beacon_reader import read_beacons
from stacks.components.dead_letters import dead_letter_queue
from stacks.components.function import MarqueeFunction
from stacks.components.http_api import HttpApiRef, Route, add_routes
from stacks.components.schedules import run_daily, run_every, run_seldom
from stacks.components.stack import MarqueeStack
from stacks.components.subscription import subscribe
from stacks.components.table import MarqueeTable, Outbox
from stacks.components.table_functions import TableFunctions

__all__ = [
    "HttpApiRef",
    "MarqueeFunction",
    "MarqueeStack",
    "MarqueeTable",
    "Outbox",
    "Route",
    "TableFunctions",
    "acknowledge",
    "add_alarm",
    "add_routes",
    "dead_letter_queue",
    "read_beacons",
    "run_daily",
    "run_every",
    "run_seldom",
    "subscribe",
]
